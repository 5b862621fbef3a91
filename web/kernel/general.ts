/** Models of any of the kinds, one sample at a time; the oracle is a loop of the tests. */

import {
  RECORD, features, hasBias, hasHiddenBias, hidden, back, m, n, out, records, row, samples, size, sums,
  tied, totals, values,
} from "./memory";

const IDENTITY: i32 = 1;
const LEAKY: i32 = 2;
const QUADRATIC: i32 = 3;
const SLOPE: f32 = 0.01;

let activation: i32 = 0;
let reluHidden: bool = false;
let target: i32 = 0;
let penalty: f32 = 0;

/** Codes of the output activation, of the hidden one, of the target; λ/2 of the penalty. */
export function describe(activation_: i32, reluHidden_: bool, target_: i32, penalty_: f32): void {
  activation = activation_; reluHidden = reluHidden_; target = target_; penalty = penalty_;
}

/** Whether the loops for small models and dense batches are those of this problem. */
export function isPlain(): bool {
  return tied && !hasHiddenBias && !reluHidden && activation == 0 && target == 0 && penalty == 0;
}

// @ts-ignore: decorator
@inline
function one(): v128 {
  return f32x4.splat(1);
}

function wanted(x: v128): v128 {
  const zero = f32x4.splat(0);
  if (target == 1) return f32x4.abs(x);
  if (target == 2) return f32x4.pmax(zero, x);
  if (target == 3) return f32x4.mul(x, x);
  if (target == 4) return f32x4.mul(f32x4.mul(x, x), x);
  const above = v128.and(f32x4.gt(x, zero), one());
  if (target == 5) return f32x4.sub(above, v128.and(f32x4.lt(x, zero), one()));
  return target == 6 ? above : x;
}

function activated(z: v128): v128 {
  const zero = f32x4.splat(0);
  if (activation == IDENTITY) return z;
  if (activation == LEAKY) return v128.bitselect(z, f32x4.mul(z, f32x4.splat(SLOPE)), f32x4.gt(z, zero));
  return activation == QUADRATIC ? f32x4.mul(z, z) : f32x4.pmax(zero, z);
}

function slope(z: v128): v128 {
  const positive = f32x4.gt(z, f32x4.splat(0));
  if (activation == IDENTITY) return one();
  if (activation == LEAKY) return v128.bitselect(one(), f32x4.splat(SLOPE), positive);
  return activation == QUADRATIC ? f32x4.add(z, z) : v128.and(positive, one());
}

/** h of the sample with the active features `from` … `to` - 1. */
function forward(q: usize, from: i32, to: i32): void {
  for (let k: usize = 0, end: usize = <usize>m << 4; k < end; k += 16) {
    v128.store(hidden + k, hasHiddenBias ? v128.load(q + row * n + k) : f32x4.splat(0));
  }
  for (let t = from; t < to; t++) {
    const i = load<i32>(features + (t << 2));
    const x = v128.load32_splat(values + (t << 2));
    v128.store(records + RECORD * i, x);
    v128.store(records + RECORD * i, wanted(x), 16);
    const w = q + row * i;
    for (let k: usize = 0, end: usize = <usize>m << 4; k < end; k += 16) {
      v128.store(hidden + k, f32x4.add(v128.load(hidden + k), f32x4.mul(v128.load(w + k), x)));
    }
  }
  if (reluHidden) {
    for (let k: usize = 0, end: usize = <usize>m << 4; k < end; k += 16) {
      v128.store(hidden + k, f32x4.pmax(f32x4.splat(0), v128.load(hidden + k)));
    }
  }
}

/** z_i, the sum before the output activation. */
// @ts-ignore: decorator
@inline
function output(w: usize): v128 {
  let z = v128.load(w + row - 16);
  for (let k: usize = 0, end: usize = <usize>m << 4; k < end; k += 16) {
    z = f32x4.add(z, f32x4.mul(v128.load(w + out + k), v128.load(hidden + k)));
  }
  return z;
}

/** The sample is forgotten. */
function forget(from: i32, to: i32): void {
  for (let t = from; t < to; t++) {
    const i = load<i32>(features + (t << 2));
    v128.store(records + RECORD * i, f32x4.splat(0));
    v128.store(records + RECORD * i, f32x4.splat(0), 16);
  }
}

/** Add a sample's part of the gradient, `weight` times, without the factor 2. */
function learn(q: usize, from: i32, to: i32, weight: f32): void {
  forward(q, from, to);
  const times = f32x4.splat(weight);
  const end: usize = <usize>m << 4;
  for (let k: usize = 0; k < end; k += 16) {
    const h = v128.load(hidden + k);
    const cost = f32x4.splat(penalty * weight);
    const zero = f32x4.splat(0);
    const pull = f32x4.sub(v128.and(f32x4.gt(h, zero), cost), v128.and(f32x4.lt(h, zero), cost));
    v128.store(back + k, pull);
  }
  for (let i = 0; i < n; i++) {
    const w = q + row * i;
    const a = sums + row * i;
    const z = output(w);
    const error = f32x4.sub(activated(z), v128.load(records + RECORD * i, 16));
    const d = f32x4.mul(f32x4.mul(f32x4.mul(v128.load(records + RECORD * i, 32), error), slope(z)), times);
    if (!v128.any_true(f32x4.ne(d, f32x4.splat(0)))) continue; // what follows would add zeros
    if (hasBias) v128.store(a + row - 16, f32x4.add(v128.load(a + row - 16), d));
    for (let k: usize = 0; k < end; k += 16) {
      v128.store(a + out + k, f32x4.add(v128.load(a + out + k), f32x4.mul(d, v128.load(hidden + k))));
      v128.store(back + k, f32x4.add(v128.load(back + k), f32x4.mul(d, v128.load(w + out + k))));
    }
  }
  for (let k: usize = 0; k < end; k += 16) {
    const on = f32x4.gt(v128.load(hidden + k), f32x4.splat(0));
    if (reluHidden) v128.store(back + k, v128.and(on, v128.load(back + k)));
    if (hasHiddenBias) {
      const a = sums + row * n + k;
      v128.store(a, f32x4.add(v128.load(a), v128.load(back + k)));
    }
  }
  for (let t = from; t < to; t++) {
    const i = load<i32>(features + (t << 2));
    const x = v128.load32_splat(values + (t << 2));
    const a = sums + row * i;
    for (let k: usize = 0; k < end; k += 16) {
      v128.store(a + k, f32x4.add(v128.load(a + k), f32x4.mul(v128.load(back + k), x)));
    }
  }
  forget(from, to);
}

/** The active features of one sample end here. */
// @ts-ignore: decorator
@inline
function endOf(t: i32): i32 {
  const sample = load<i32>(samples + (t << 2));
  do t++;
  while (load<i32>(samples + (t << 2)) == sample);
  return t;
}

/** `sums` <- the gradient over a batch of which `count` features are active. */
export function gradient(q: usize, count: i32, batch: i32): void {
  memory.fill(sums, 0, size);
  let used = 0;
  for (let t = 0; t < count; used++) {
    const end = endOf(t);
    learn(q, t, end, 1);
    t = end;
  }
  learn(q, 0, 0, <f32>(batch - used));
}

/** Σ I (x' - t)² of one sample, by lane. */
function lossOf(q: usize, from: i32, to: i32): v128 {
  forward(q, from, to);
  let loss = f32x4.splat(0);
  for (let i = 0; i < n; i++) {
    const error = f32x4.sub(activated(output(q + row * i)), v128.load(records + RECORD * i, 16));
    loss = f32x4.add(loss, f32x4.mul(f32x4.mul(v128.load(records + RECORD * i, 32), error), error));
  }
  forget(from, to);
  return loss;
}

function add(loss: v128, count: f64): void {
  const low = f64x2.promote_low_f32x4(loss);
  const high = f64x2.promote_low_f32x4(i32x4.shuffle(loss, loss, 2, 3, 0, 1));
  const c = f64x2.splat(count);
  v128.store(totals, f64x2.add(v128.load(totals), f64x2.mul(low, c)));
  v128.store(totals, f64x2.add(v128.load(totals, 16), f64x2.mul(high, c)), 16);
  v128.store(totals, f64x2.add(v128.load(totals, 32), f64x2.mul(f64x2.mul(low, low), c)), 32);
  v128.store(totals, f64x2.add(v128.load(totals, 48), f64x2.mul(f64x2.mul(high, high), c)), 48);
}

/** Add up the losses, and their squares, of a batch of which `count` features are active. */
export function losses(q: usize, count: i32, batch: i32): void {
  let used = 0;
  for (let t = 0; t < count; used++) {
    const end = endOf(t);
    add(lossOf(q, t, end), 1);
    t = end;
  }
  if (batch > used) add(lossOf(q, 0, 0), <f64>(batch - used));
}
