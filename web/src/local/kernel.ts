/** The training kernel in WebAssembly: its functions, and views of its memory. */

import encoded from "virtual:kernel";

/** What `web/kernel/index.ts` exports; addresses are bytes, seeds and keys 64-bit words. */
export interface Exports {
  memory: WebAssembly.Memory;
  setup(
    n: number,
    m: number,
    batch: number,
    blocks: number,
    tied: number,
    bias: number,
    hiddenBias: number,
  ): number;
  describe(activation: number, reluHidden: number, target: number, penalty: number): void;
  choose(
    optimiser: number,
    schedule: number,
    steps: number,
    warmup: number,
    final: number,
    rate: number,
    decay: number,
    momentum: number,
  ): void;
  readLaw(): void;
  reserve(end: number): void;
  start(quad: number, seed: bigint, number: number, sigma: number): void;
  prepare(from: number, count: number): void;
  multiplier(step: number): number;
  learn(quad: number, key: bigint): void;
  train(quad: number, seed: bigint, number: number, from: number, count: number): void;
  measure(
    quad: number,
    seed: bigint,
    number: number,
    purpose: number,
    step: number,
    count: number,
  ): void;
  draw(key: bigint, count: number): number;
  startDense(key: bigint): void;
  denseTile(key: bigint, from: number): void;
  tileAt(): number;
  keyOf(seed: bigint, number: number, purpose: number, step: number): bigint;
  sizeOfQuad(): number;
  lawAt(): number;
  recordsAt(): number;
  totalsAt(): number;
  sumsAt(): number;
  samplesAt(): number;
  featuresAt(): number;
  valuesAt(): number;
  mostSteps(): number;
}

let compiled: WebAssembly.Module | undefined;

/** One instance, with a memory of its own: for one problem. In a worker this may take its time. */
export function instantiate(): Exports {
  compiled ??= new WebAssembly.Module(
    Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)),
  );
  return new WebAssembly.Instance(compiled).exports as unknown as Exports;
}
