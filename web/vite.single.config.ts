import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type Plugin, defineConfig } from "vite";

import { kernel } from "./assembly.ts";

const OUT = "../src/tegum/explorer/static";

/** Scripts and style sheets into the page itself: what is opened from a disk may load nothing. */
function inlined(): Plugin {
  return {
    name: "inlined",
    enforce: "post",
    generateBundle(_, bundle) {
      const text = (ending: string): string =>
        Object.values(bundle)
          .filter(({ fileName }) => fileName.endsWith(ending))
          .map((file) => (file.type === "chunk" ? file.code : String(file.source)))
          .join("\n");
      const icon = readFileSync(join(import.meta.dirname, "public/icon.svg")).toString("base64");
      const drawn = `data:image/svg+xml;base64,${icon}`;
      const script = text(".js")
        .replaceAll("</script", "<\\/script")
        .replaceAll("./icon.svg", drawn);
      const source = readFileSync(join(import.meta.dirname, "index.html"), "utf8")
        .replaceAll("./icon.svg", drawn)
        .replace(/ *<script type="module".*\n/, () => `    <style>${text(".css")}</style>\n`)
        .replace("</body>", () => `  <script>${script}</script>\n  </body>`);
      for (const name of Object.keys(bundle)) delete bundle[name];
      this.emitFile({ type: "asset", fileName: "single.html", source });
    },
  };
}

/** The page as one file, which waits for the data that `tegum site` puts into it. */
export default defineConfig({
  publicDir: false,
  plugins: [inlined()],
  worker: { plugins: () => [kernel()] },
  build: {
    outDir: OUT,
    emptyOutDir: false,
    target: "es2022",
    cssCodeSplit: false,
    modulePreload: false,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      transform: { define: { "import.meta": "{}" } },
      input: "src/main.tsx",
      output: { format: "iife", codeSplitting: false },
    },
  },
});
