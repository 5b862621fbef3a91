import { defineConfig } from "vite";

import { kernel } from "./assembly.ts";
import { licences } from "./licences.ts";

/** The page: one HTML file, one style sheet, scripts; all of it relative, so any path serves it. */
export default defineConfig({
  base: "./",
  plugins: [kernel(), licences()],
  worker: { plugins: () => [kernel()] },
  build: {
    outDir: "../src/tegum/explorer/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    chunkSizeWarningLimit: 900,
  },
});
