/** x' = ReLU(WᵀWx + b) with up to five hidden dimensions, which stay in registers. */

import { RECORD, features, hasBias, n, records, samples, size, sums, values } from "./memory";

/** From more hidden dimensions on it is worth asking whether an output is on in any of the four models. */
const SKIPPED: i32 = 2;

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
function into(at: usize, a: v128, b: v128): void {
  v128.store(at, add(a, b, v128.load(at)));
}

/** `sums` <- the gradient without the factor 2; M is m, a constant where this is called. */
// @ts-ignore: decorator
@inline
function over(q: usize, count: i32, batch: i32, M: i32): void {
  const row: usize = <usize>(M + 1) << 4;
  const bias: usize = <usize>M << 4;
  const zero = f32x4.splat(0);
  const last = records + RECORD * n;
  memory.fill(sums, 0, size);
  let used = 0;
  for (let t = 0; t < count; used++) {
    const sample = load<i32>(samples + (t << 2));
    const from = t;
    let h0 = zero, h1 = zero, h2 = zero, h3 = zero, h4 = zero;
    let d0 = zero, d1 = zero, d2 = zero, d3 = zero, d4 = zero;
    do {
      const i = load<i32>(features + (t << 2));
      const x = v128.load32_splat(values + (t << 2));
      v128.store(records + RECORD * i, x);
      const w = q + row * i;
      h0 = add(v128.load(w), x, h0);
      if (M > 1) h1 = add(v128.load(w, 16), x, h1);
      if (M > 2) h2 = add(v128.load(w, 32), x, h2);
      if (M > 3) h3 = add(v128.load(w, 48), x, h3);
      if (M > 4) h4 = add(v128.load(w, 64), x, h4);
      t++;
    } while (load<i32>(samples + (t << 2)) == sample);
    for (let r = records, w = q, a = sums; r < last; r += RECORD, w += row, a += row) {
      let z = add(v128.load(w), h0, v128.load(w + bias));
      if (M > 1) z = add(v128.load(w, 16), h1, z);
      if (M > 2) z = add(v128.load(w, 32), h2, z);
      if (M > 3) z = add(v128.load(w, 48), h3, z);
      if (M > 4) z = add(v128.load(w, 64), h4, z);
      const on = f32x4.gt(z, zero);
      if (M > SKIPPED && !v128.any_true(on)) continue; // what follows would add zeros
      const d = v128.and(on, f32x4.mul(v128.load(r, 32), f32x4.sub(z, v128.load(r))));
      v128.store(a + bias, f32x4.add(v128.load(a + bias), d));
      into(a, d, h0);
      d0 = add(v128.load(w), d, d0);
      if (M > 1) { into(a + 16, d, h1); d1 = add(v128.load(w, 16), d, d1); }
      if (M > 2) { into(a + 32, d, h2); d2 = add(v128.load(w, 32), d, d2); }
      if (M > 3) { into(a + 48, d, h3); d3 = add(v128.load(w, 48), d, d3); }
      if (M > 4) { into(a + 64, d, h4); d4 = add(v128.load(w, 64), d, d4); }
    }
    for (let u = from; u < t; u++) {
      const i = load<i32>(features + (u << 2));
      const x = v128.load32_splat(values + (u << 2));
      v128.store(records + RECORD * i, zero);
      const a = sums + row * i;
      into(a, d0, x);
      if (M > 1) into(a + 16, d1, x);
      if (M > 2) into(a + 32, d2, x);
      if (M > 3) into(a + 48, d3, x);
      if (M > 4) into(a + 64, d4, x);
    }
  }
  const empty = f32x4.splat(<f32>(batch - used));
  for (let i = 0; i < n; i++) {
    const a = sums + row * i + bias;
    const d = f32x4.mul(v128.load(records + RECORD * i, 32), f32x4.pmax(zero, v128.load(q + row * i + bias)));
    v128.store(a, hasBias ? add(d, empty, v128.load(a)) : zero);
  }
}

function of1(q: usize, count: i32, batch: i32): void { over(q, count, batch, 1); }
function of2(q: usize, count: i32, batch: i32): void { over(q, count, batch, 2); }
function of3(q: usize, count: i32, batch: i32): void { over(q, count, batch, 3); }
function of4(q: usize, count: i32, batch: i32): void { over(q, count, batch, 4); }
function of5(q: usize, count: i32, batch: i32): void { over(q, count, batch, 5); }

/** The same for all m that there are loops for; whether m is one of them. */
export function smallGradient(q: usize, count: i32, batch: i32, m: i32): bool {
  if (m == 1) of1(q, count, batch);
  else if (m == 2) of2(q, count, batch);
  else if (m == 3) of3(q, count, batch);
  else if (m == 4) of4(q, count, batch);
  else if (m == 5) of5(q, count, batch);
  else return false;
  return true;
}
