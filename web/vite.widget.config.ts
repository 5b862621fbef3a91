import { defineConfig } from "vite";

/** The notebook widget: one ECMAScript module and its style sheet, nothing loaded beside them. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "../src/tegum/explorer/static",
    emptyOutDir: false,
    target: "es2022",
    cssCodeSplit: false,
    chunkSizeWarningLimit: 900,
    rolldownOptions: { output: { codeSplitting: false } },
    lib: {
      entry: "src/widget.tsx",
      formats: ["es"],
      fileName: () => "widget.js",
      cssFileName: "widget",
    },
  },
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
});
