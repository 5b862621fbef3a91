import { defineConfig } from "vite";

import { kernel } from "./assembly.ts";

/** The kernel beside the loop that it is measured against, as one script: benchmarks/browser.py. */
export default defineConfig({
  publicDir: false,
  plugins: [kernel()],
  build: {
    outDir: "../build/bench",
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: "bench/bench.ts", formats: ["iife"], name: "tegum", fileName: () => "bench.js" },
  },
});
