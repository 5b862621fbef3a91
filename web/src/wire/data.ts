/** What a page reads once: from its server, from the files of a site, or from within itself. */

/** Whether the page was written as a site: nobody answers, and it trains by itself. */
export const isSite = (): boolean => document.documentElement.dataset.backend === "browser";

const held = (): string | undefined => document.getElementById("tegum-data")?.textContent;

/** Whether the page is a single file, which holds all of its data. */
export const isAlone = (): boolean => held() !== undefined;

/** The data of this name. */
export async function read<T>(name: string): Promise<T> {
  const all = held();
  if (all !== undefined) return (JSON.parse(all) as Record<string, T>)[name]!;
  const answer = await fetch(`api/${name}`);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return (await answer.json()) as T;
}
