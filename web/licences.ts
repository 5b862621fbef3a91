/** The licences of what is bundled, in a file beside it, as these licences ask. */

import { readFileSync } from "node:fs";

import type { Plugin } from "vite";

const BUNDLED = ["three", "uplot", "preact", "@preact/signals", "@preact/signals-core"];

export function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const texts = BUNDLED.map((name) => {
        const text = readFileSync(new URL(`node_modules/${name}/LICENSE`, import.meta.url), "utf8");
        return `${name}\n${"=".repeat(name.length)}\n\n${text.trim()}\n`;
      });
      this.emitFile({
        type: "asset",
        fileName: "third-party-licences.txt",
        source: texts.join("\n\n"),
      });
    },
  };
}
