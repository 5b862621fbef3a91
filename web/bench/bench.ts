/** Kernel and loop in turns, on one thread: model-steps per second of both, size by size. */

import { Models } from "../src/local/models";
import type { Plan } from "../src/local/plan";
import { Loop } from "./loop";

const SIZES = [
  [5, 2, 0.05],
  [5, 2, 1],
  [20, 5, 0.05],
  [2, 1, 0.05],
] as const;
const [BATCH, RATE, TURNS] = [1024, 1e-3, 120];
/** Milliseconds of a slice, and the part of slices, the fastest, whose slowest counts: the others were interrupted. */
const [SLICE, FASTEST, WARM] = [3, 0.1, 400];

const plan = (n: number, m: number, p: number): Plan => ({
  ...{ n, m, tied: true, bias: true, hiddenBias: false, reluHidden: false },
  ...{ activation: 0, target: 0, optimiser: 0, schedule: 0, l1: 0 },
  blocks: Array.from({ length: n }, (_, start) => ({
    ...{ kind: "independent", start, size: 1, magnitude: 0, p },
  })),
  importance: new Array<number>(n).fill(1),
  ...{ batch: BATCH, heldOut: BATCH, steps: 1e6, warmup: 0, final: 0 },
  ...{ rate: RATE, decay: 0, momentum: 0.9, sigma: Math.sqrt(2 / (n + m)) },
});

type Run = (steps: number) => void;

/** Steps that fill a slice, once the code is warm. */
function paced(run: Run): number {
  let steps = 1;
  for (const start = performance.now(); performance.now() - start < WARM;) {
    const since = performance.now();
    run(steps);
    if (performance.now() - since < SLICE / 2) steps *= 2;
  }
  return steps;
}

/** Rates of both, and their ratio, of each size. */
export function bench(): { n: number; m: number; p: number; kernel: number; loop: number }[] {
  return SIZES.map(([n, m, p]) => {
    const models = new Models(plan(n, m, p), 4, 1);
    const loop = new Loop(n, m, p, BATCH);
    let done = 0;
    const runs: [Run, number][] = [
      [(steps) => (models.advance(done, steps), void (done += steps)), 4],
      [(steps) => loop.train(steps, RATE), 1],
    ];
    const steps = runs.map(([run]) => paced(run));
    const times: number[][] = [[], []];
    for (let turn = 0; turn < TURNS; turn++) {
      for (const which of turn % 2 ? [0, 1] : [1, 0]) {
        const start = performance.now();
        runs[which]![0](steps[which]!);
        times[which]!.push(performance.now() - start);
      }
    }
    const rate = (which: number): number => {
      const sorted = times[which]!.sort((a, b) => a - b);
      const [took, count] = [sorted[Math.floor(FASTEST * TURNS)]!, runs[which]![1]];
      return (1000 * count * steps[which]!) / took;
    };
    return { n, m, p, kernel: rate(0), loop: rate(1) };
  });
}

Object.assign(globalThis, { bench });
