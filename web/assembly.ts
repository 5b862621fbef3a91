/** The training kernel of `kernel/`, compiled to WebAssembly, as a module that holds its bytes. */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import asc from "assemblyscript/asc";
import type { Plugin } from "vite";

const SOURCES = join(import.meta.dirname, "kernel");
const KEPT = join(import.meta.dirname, "node_modules/.cache/tegum-kernel");
const NAME = "virtual:kernel";
/**
 * One set for all builds: what makes code smaller takes other logarithms, and other bits. Plain
 * SIMD, as the relaxed one rounds as each machine likes.
 */
const FLAGS = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--use", "abort="];

/** The module's bytes: kept from an earlier build where neither sources nor compiler have changed. */
export async function compileKernel(): Promise<Buffer> {
  const files = readdirSync(SOURCES).sort();
  const texts = files.map((file) => readFileSync(join(SOURCES, file), "utf8"));
  const digest = createHash("sha256").update(JSON.stringify([asc.version, FLAGS, files, texts]));
  const kept = join(KEPT, `${digest.digest("hex").slice(0, 16)}.wasm`);
  if (existsSync(kept)) return readFileSync(kept);
  mkdirSync(KEPT, { recursive: true });
  const { error, stderr } = await asc.main(["index.ts", "--outFile", "kernel.wasm", ...FLAGS], {
    readFile: (name: string) => texts[files.indexOf(name)] ?? null,
    writeFile: (_: string, contents: Uint8Array | string) => writeFileSync(kept, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`the kernel does not compile: ${error.message}\n${stderr.toString()}`);
  return readFileSync(kept);
}

export function kernel(): Plugin {
  return {
    name: "kernel",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    async load(id) {
      if (id !== `\0${NAME}`) return null;
      for (const file of readdirSync(SOURCES)) this.addWatchFile(join(SOURCES, file));
      return `export default "${(await compileKernel()).toString("base64")}";`;
    },
  };
}
