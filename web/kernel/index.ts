/** What a page calls: quads of models to train, to measure, and to start. */

import { denseTile, draw, isDense, readLaw, startDense } from "./batch";
import { denseGradient, fitsDense } from "./dense";
import { gradient, isPlain, losses } from "./general";
import {
  BLOCK, CHUNK, MOST_STEPS, RECORD, batch, features, hasHiddenBias, law, m, n, records, reserve, row, samples,
  setup, size, sums, tied, tile, totals, values,
} from "./memory";
import { move, multiplier, prepare } from "./optimiser";
import { keyOf, normal } from "./random";
import { smallGradient } from "./small";

export { describe } from "./general";
export { choose } from "./optimiser";
export { denseTile, draw, keyOf, multiplier, prepare, readLaw, reserve, setup, startDense };

const TRAIN: i32 = 1;
const INIT: i32 = 4;

/** Addresses and sizes that the page reads and writes. */
export function sizeOfQuad(): usize { return 3 * size; }
export function lawAt(): usize { return law; }
export function recordsAt(): usize { return records; }
export function totalsAt(): usize { return totals; }
export function sumsAt(): usize { return sums; }
export function samplesAt(): usize { return samples; }
export function featuresAt(): usize { return features; }
export function valuesAt(): usize { return values; }
export function tileAt(): usize { return tile; }
export function mostSteps(): i32 { return MOST_STEPS; }

/** Weights of N(0, σ²) in all lanes of a quad, everything else 0. */
export function start(q: usize, seed: u64, quad: i32, sigma: f64): void {
  memory.fill(q, 0, 3 * size);
  const key = keyOf(seed, quad, INIT, 0);
  const weights = tied ? m : 2 * m;
  for (let lane = 0; lane < 4; lane++) {
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < weights; k++) {
        const z = normal(key + (<u64>lane << 32), i * weights + k);
        store<f32>(q + row * i + (k << 4) + (lane << 2), <f32>(z * sigma));
      }
    }
  }
}

/** The gradient of a quad over the batch of a key is left in `sums`. */
export function learn(q: usize, key: u64): void {
  if (isPlain() && isDense() && fitsDense(m, batch)) {
    denseGradient(q, key, batch, m);
    return;
  }
  const count = draw(key, batch);
  if (isPlain() && smallGradient(q, count, batch, m)) return;
  gradient(q, count, batch);
}

/** Steps `from` … `from` + count - 1 of a quad; `prepare` was called for them. */
export function train(q: usize, seed: u64, quad: i32, from: i32, count: i32): void {
  for (let s = 0; s < count; s++) {
    learn(q, keyOf(seed, quad, TRAIN, from + s));
    move(q, s, batch);
  }
}

/** Σ and Σ² of the losses on `count` samples of a purpose, by lane, in `totals`. */
export function measure(q: usize, seed: u64, quad: i32, purpose: i32, step: i32, count: i32): void {
  memory.fill(totals, 0, 64);
  for (let done = 0, chunk = 0; done < count; done += CHUNK, chunk++) {
    const here = min(CHUNK, count - done);
    losses(q, draw(keyOf(seed ^ (<u64>chunk << 48), quad, purpose, step), here), here);
  }
}
