import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");

/** What a folder may import from, besides itself and libraries. */
const BELOW: Record<string, readonly string[]> = {
  math: [],
  wire: [],
  colour: ["math"],
  views: ["colour", "math", "wire"],
  local: ["math", "wire"],
  state: ["colour", "local", "views", "wire"],
  widget: ["colour", "math", "views", "wire"],
};

const files = (folder: string): string[] =>
  readdirSync(join(SOURCE, folder)).map((name) => `${folder}/${name}`);

/** The folders that the files of a folder import from. */
const imported = (folder: string): string[] =>
  files(folder).flatMap((file) =>
    [...readFileSync(join(SOURCE, file), "utf-8").matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)].map(
      ([, path]) => normalize(join(dirname(file), path!)).split("/")[0]!,
    ),
  );

describe("imports point down", () => {
  it.each(Object.entries(BELOW))("in %s", (folder, below) => {
    const found = new Set(imported(folder));
    expect(found.size).toBeGreaterThanOrEqual(below.length > 0 ? 1 : 0);
    expect([...found].filter((name) => name !== folder && !below.includes(name))).toEqual([]);
  });

  it("keeps nothing of what was drawn outside of the object that drew it", () => {
    const loose = files("views").filter((file) =>
      /^(export )?let /m.test(readFileSync(join(SOURCE, file), "utf-8")),
    );
    expect(loose).toEqual([]);
  });
});
