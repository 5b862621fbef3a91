/** The licences of what is bundled, in a file beside it, as these licences ask. */

import { readFileSync } from "node:fs";

import type { Plugin } from "vite";

const BUNDLED = [
  "three",
  "uplot",
  "preact",
  "@preact/signals",
  "@preact/signals-core",
  "mediabunny",
  "assemblyscript",
];

const read = (name: string, file: string): string =>
  readFileSync(new URL(`node_modules/${name}/${file}`, import.meta.url), "utf8");

export function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const texts = BUNDLED.map((name) => {
        const text = read(name, "LICENSE");
        const { version } = JSON.parse(read(name, "package.json")) as { version: string };
        const source = `Its source: npm pack ${name}@${version}`;
        return `${name}\n${"=".repeat(name.length)}\n\n${text.trim()}\n\n${source}\n`;
      });
      this.emitFile({
        type: "asset",
        fileName: "third-party-licences.txt",
        source: texts.join("\n\n"),
      });
    },
  };
}
