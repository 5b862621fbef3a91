/**
 * x' = ReLU(WᵀWx + b) with up to three hidden dimensions where most samples have active features:
 * eight samples at a time in two vectors, model by model.
 */

import { denseTile, startDense } from "./batch";
import { RECORD, WIDTH, hasBias, lanes, n, records, size, sums, tile } from "./memory";

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Add up d h of both vectors. */
// @ts-ignore: decorator
@inline
function into(at: usize, d: v128, h: v128, e: v128, k: v128): void {
  v128.store(at, add(d, h, add(e, k, v128.load(at))));
}

/** One model's part of a tile; q and a are of its lane. M is m, a constant where this is called. */
// @ts-ignore: decorator
@inline
function over(q: usize, a: usize, M: i32): void {
  const row: usize = <usize>(M + 1) << 4;
  const bias: usize = <usize>M << 4;
  const zero = f32x4.splat(0);
  const last = tile + (<usize>n << 5);
  let h0 = zero, h1 = zero, h2 = zero, g0 = zero, g1 = zero, g2 = zero;
  for (let x = tile, w = q; x < last; x += 32, w += row) {
    const p = v128.load(x), r = v128.load(x, 16);
    let c = v128.load32_splat(w);
    h0 = add(c, p, h0); g0 = add(c, r, g0);
    if (M > 1) { c = v128.load32_splat(w, 16); h1 = add(c, p, h1); g1 = add(c, r, g1); }
    if (M > 2) { c = v128.load32_splat(w, 32); h2 = add(c, p, h2); g2 = add(c, r, g2); }
  }
  let d0 = zero, d1 = zero, d2 = zero, e0 = zero, e1 = zero, e2 = zero;
  for (let x = tile, w = q, s = a, r = records; x < last; x += 32, w += row, s += row, r += RECORD) {
    let z = v128.load32_splat(w + bias), y = z;
    let c = v128.load32_splat(w);
    z = add(c, h0, z); y = add(c, g0, y);
    if (M > 1) { c = v128.load32_splat(w, 16); z = add(c, h1, z); y = add(c, g1, y); }
    if (M > 2) { c = v128.load32_splat(w, 32); z = add(c, h2, z); y = add(c, g2, y); }
    const weight = v128.load(r, 32);
    z = v128.and(f32x4.gt(z, zero), f32x4.mul(weight, f32x4.sub(z, v128.load(x))));
    y = v128.and(f32x4.gt(y, zero), f32x4.mul(weight, f32x4.sub(y, v128.load(x, 16))));
    v128.store(s + bias, f32x4.add(v128.load(s + bias), f32x4.add(z, y)));
    into(s, z, h0, y, g0);
    c = v128.load32_splat(w); d0 = add(c, z, d0); e0 = add(c, y, e0);
    if (M > 1) { into(s + 16, z, h1, y, g1); c = v128.load32_splat(w, 16); d1 = add(c, z, d1); e1 = add(c, y, e1); }
    if (M > 2) { into(s + 32, z, h2, y, g2); c = v128.load32_splat(w, 32); d2 = add(c, z, d2); e2 = add(c, y, e2); }
  }
  for (let x = tile, s = a; x < last; x += 32, s += row) {
    const p = v128.load(x), r = v128.load(x, 16);
    into(s, d0, p, e0, r);
    if (M > 1) into(s + 16, d1, p, e1, r);
    if (M > 2) into(s + 32, d2, p, e2, r);
  }
}

function of1(q: usize, a: usize): void { over(q, a, 1); }
function of2(q: usize, a: usize): void { over(q, a, 2); }
function of3(q: usize, a: usize): void { over(q, a, 3); }

/** Whether there is a loop for m, and for batches of so many samples. */
export function fitsDense(m: i32, batch: i32): bool {
  return m < 4 && batch % WIDTH == 0;
}

/** `sums` <- the gradient over the batch of a key, without the factor 2. */
export function denseGradient(q: usize, key: u64, batch: i32, m: i32): void {
  memory.fill(lanes, 0, size << 2);
  startDense(key);
  for (let from = 0; from < batch; from += WIDTH) {
    denseTile(key, from);
    for (let lane: usize = 0; lane < 4; lane++) {
      const own = q + (lane << 2), into = lanes + lane * size;
      if (m == 1) of1(own, into);
      else if (m == 2) of2(own, into);
      else of3(own, into);
    }
  }
  const row: usize = <usize>(m + 1) << 4;
  for (let lane: usize = 0; lane < 4; lane++) {
    for (let k: usize = 0; k < size; k += 16) {
      const v = v128.load(lanes + lane * size + k);
      const w = f32x4.add(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
      store<f32>(sums + k + (lane << 2), f32x4.extract_lane(w, 0) + f32x4.extract_lane(w, 1));
    }
  }
  if (hasBias) return;
  for (let k = row - 16; k < size; k += row) v128.store(sums + k, f32x4.splat(0));
}
