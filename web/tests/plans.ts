/** Plans for the kernel, and the samples that it draws for them. */

import type { Exports } from "../src/local/kernel";
import type { Models } from "../src/local/models";
import type { Block, Plan } from "../src/local/plan";

export const alone = (n: number, p: number, magnitude = 0): Block[] =>
  Array.from({ length: n }, (_, start) => ({ kind: "independent", start, size: 1, magnitude, p }));

export const sets = (kind: string, count: number, size: number, p: number): Block[] =>
  Array.from({ length: count }, (_, g) => ({ kind, start: g * size, size, magnitude: 0, p }));

export const plan = (n: number, m: number, changes: Partial<Plan> = {}): Plan => ({
  ...{ n, m, tied: true, bias: true, hiddenBias: false, reluHidden: false },
  ...{ activation: 0, target: 0, optimiser: 0, schedule: 0, l1: 0 },
  blocks: alone(n, 0.2),
  importance: Array.from({ length: n }, (_, i) => Math.fround(0.9 ** i)),
  ...{ batch: 64, heldOut: 2048, steps: 100, warmup: 0, final: 0 },
  ...{ rate: 0.01, decay: 0, momentum: 0.9, sigma: 0.7 },
  ...changes,
});

/** What tests read of the kernel of some models. */
export const inner = (models: Models) => (models as unknown as { kernel: Exports }).kernel;

export const SEED = 11;
/** The samples (batch, n) of a step of quad 0, as the kernel draws them. */
export function batchOf(models: Models, p: Plan, step: number): number[][] {
  const { n, m, batch, blocks } = p;
  const kernel = inner(models);
  const key = kernel.keyOf(BigInt(SEED), 0, 1, step);
  const x = Array.from({ length: batch }, () => new Array<number>(n).fill(0));
  const mean = blocks.reduce((sum, { p }) => sum + p, 0) / blocks.length;
  const plain = p.tied && !p.reluHidden && p.activation + p.target === 0;
  const dense = plain && m <= 3 && mean >= 0.3 && blocks.every(({ size }) => size === 1);
  if (dense) {
    kernel.startDense(key);
    for (let from = 0; from < batch; from += 8) {
      kernel.denseTile(key, from);
      const tile = new Float32Array(kernel.memory.buffer, kernel.tileAt(), 8 * n);
      for (let s = 0; s < 8; s++) for (let i = 0; i < n; i++) x[from + s]![i] = tile[8 * i + s]!;
    }
    return x;
  }
  const count = kernel.draw(key, batch);
  const read = <T>(Kind: new (b: ArrayBufferLike, at: number, size: number) => T, at: number): T =>
    new Kind(kernel.memory.buffer, at, count);
  const samples = read(Int32Array, kernel.samplesAt());
  const features = read(Int32Array, kernel.featuresAt());
  const values = read(Float32Array, kernel.valuesAt());
  samples.forEach((s, t) => (x[s]![features[t]!] = values[t]!));
  return x;
}
