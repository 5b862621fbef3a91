/** One step of Adam, AdamW or SGD with momentum, as `engines/sampled/optimiser.py` makes it. */

import { MOST_STEPS, TIME, size, sums, times } from "./memory";

const ADAMW: i32 = 1;
const SGD: i32 = 2;
const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;

let optimiser: i32 = 0;
let schedule: i32 = 0;
let horizon: f64 = 0;
let warmup: f64 = 0;
let final: f64 = 0;
let rate: f64 = 0;
let decay: f64 = 0;
let momentum: f32 = 0;

export function choose(
  optimiser_: i32, schedule_: i32, steps: f64, warmup_: f64, final_: f64, rate_: f64, decay_: f64, momentum_: f32,
): void {
  optimiser = optimiser_; schedule = schedule_; horizon = steps; warmup = warmup_;
  final = final_; rate = rate_; decay = decay_; momentum = momentum_;
}

/** What multiplies the learning rate: as `Training.learning_rates`. */
export function multiplier(step: f64): f64 {
  const progress = min(max((step - warmup) / max(horizon - 1 - warmup, 1), 0), 1);
  let fall: f64 = schedule == 0 ? 0 : progress;
  if (schedule == 2) fall = halfCosine(progress);
  return min((step + 1) / max(warmup, 1), 1) * (1 - (1 - final) * fall);
}

/** (1 - cos(πx)) / 2 for x in [0, 1]: the square of a sine, by its series. */
function halfCosine(x: f64): f64 {
  const y = x * 1.5707963267948966;
  let term = y;
  let sine = y;
  for (let k = 2; k < 24; k += 2) {
    term *= (-y * y) / <f64>(k * (k + 1));
    sine += term;
  }
  return sine * sine;
}

/** base to a whole power, by squares. */
function power(base: f64, exponent: i32): f64 {
  let found: f64 = 1;
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if (rest & 1) found *= base;
    base *= base;
  }
  return found;
}

/** The numbers of steps `from` … `from` + count - 1: from the step alone, however steps are cut. */
export function prepare(from: i32, count: i32): void {
  for (let s = 0; s < min(count, MOST_STEPS); s++) {
    const t = from + s + 1;
    const at = times + TIME * s;
    store<f64>(at, rate * multiplier(<f64>(from + s)));
    store<f64>(at, 1 / (1 - power(BETA1, t)), 8);
    store<f64>(at, 1 / (1 - power(BETA2, t)), 16);
  }
}

/** Move a quad by `sums`, of a batch of so many samples; weight decay is coupled but for AdamW. */
export function move(q: usize, s: i32, batch: i32): void {
  const scale = f32x4.splat(<f32>(2 / <f64>batch));
  const lr = load<f64>(times + TIME * s);
  const coupled = f32x4.splat(optimiser == ADAMW ? 0 : <f32>decay);
  if (optimiser == SGD) {
    descend(q, scale, coupled, f32x4.splat(<f32>lr));
    return;
  }
  const a = f32x4.splat(<f32>(lr * load<f64>(times + TIME * s, 8)));
  const c = f32x4.splat(<f32>load<f64>(times + TIME * s, 16));
  const keep = f32x4.splat(optimiser == ADAMW ? <f32>(1 - lr * decay) : 1);
  const b1 = f32x4.splat(<f32>BETA1);
  const b2 = f32x4.splat(<f32>BETA2);
  const r1 = f32x4.splat(<f32>(1 - BETA1));
  const r2 = f32x4.splat(<f32>(1 - BETA2));
  const moment = q + size;
  const square = moment + size;
  for (let k: usize = 0; k < size; k += 16) {
    const w = v128.load(q + k);
    const g = f32x4.add(f32x4.mul(v128.load(sums + k), scale), f32x4.mul(coupled, w));
    const mo = f32x4.add(f32x4.mul(b1, v128.load(moment + k)), f32x4.mul(r1, g));
    const sq = f32x4.add(f32x4.mul(b2, v128.load(square + k)), f32x4.mul(r2, f32x4.mul(g, g)));
    v128.store(moment + k, mo);
    v128.store(square + k, sq);
    const by = f32x4.add(f32x4.sqrt(f32x4.mul(sq, c)), f32x4.splat(1e-8));
    v128.store(q + k, f32x4.sub(f32x4.mul(keep, w), f32x4.div(f32x4.mul(a, mo), by)));
  }
}

function descend(q: usize, scale: v128, coupled: v128, lr: v128): void {
  const mu = f32x4.splat(momentum);
  for (let k: usize = 0; k < size; k += 16) {
    const w = v128.load(q + k);
    const g = f32x4.add(f32x4.mul(v128.load(sums + k), scale), f32x4.mul(coupled, w));
    const mo = f32x4.add(f32x4.mul(mu, v128.load(q + size + k)), g);
    v128.store(q + size + k, mo);
    v128.store(q + k, f32x4.sub(w, f32x4.mul(lr, mo)));
  }
}
