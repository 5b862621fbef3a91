/** What is not to be had, as an error message of the protocol: a code, and a line to be shown. */

export type Code =
  "invalid" | "message" | "limit" | "state" | "engine" | "failed" | "phase" | "dictionary";

export class Refusal extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}

/** A value as an error shows it. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
};

/** A rule that a value breaks. */
export const broken = (name: string, rule: string, value: unknown): Refusal =>
  new Refusal("invalid", `${name} ${rule}; got ${shown(value)}`);

/** What an explorer with Python behind it can do, and a page alone cannot. */
export const elsewhere = (what: string): Refusal =>
  new Refusal("engine", `${what}: that needs \`tegum explore\`, this page trains in the browser`);
