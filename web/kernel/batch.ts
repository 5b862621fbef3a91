/** The active features of a batch that all four models of a quad see, sample by sample. */

import {
  BLOCK, blocks, features, law, n, positions, samples, tile, uniforms, values,
} from "./memory";
import { fourOn, fourUp, highWords, log2, lowWords, mix, single, streamOf, unit } from "./random";

const INDEPENDENT: i32 = 0;
const CORRELATED: i32 = 1;
/** Streams of a key beside those of members, which are numbered from MEMBERS on. */
const GAPS: i32 = 1;
const VALUES: i32 = 2;
const KEPT: i32 = 3;
const MEMBER: i32 = 4;
const MEMBERS: i32 = 16;
const UNIFORM: i32 = 0;
const SIGNED: i32 = 1;
const EXPONENTIAL: i32 = 2;
const LONGEST: f32 = 1073741824;

/** The highest probability of a block; whether all are features of one probability and magnitude. */
let highest: f64 = 0;
let even: bool = true;
let odds: f32 = 0;
let dense: bool = false;

// @ts-ignore: decorator
@inline
function chance(g: i32): f32 {
  return load<f32>(law + BLOCK * g, 16);
}

// @ts-ignore: decorator
@inline
function magnitudeOf(g: i32): i32 {
  return load<i32>(law + BLOCK * g, 12);
}

/** From this mean probability on, features are drawn one by one. */
const DENSE: f32 = 0.3;

/** Whether a batch is better drawn as vectors: the features are alone, and often active. */
export function isDense(): bool {
  return dense;
}

/** To be called after the law was written. */
export function readLaw(): void {
  highest = 0;
  even = true;
  let sum: f32 = 0;
  let alone = true;
  for (let g = 0; g < blocks; g++) {
    highest = max(highest, <f64>chance(g));
    sum += chance(g);
    if (load<i32>(law + BLOCK * g, 8) != INDEPENDENT) alone = false;
    const same = chance(g) == chance(0) && magnitudeOf(g) == magnitudeOf(0);
    if (!same) even = false;
  }
  even = even && alone;
  dense = alone && sum >= DENSE * <f32>blocks;
  odds = <f32>(NativeMath.log(2) / NativeMath.log1p(-highest));
}

/** Draw `count` samples; how many of their features are active. */
export function draw(key: u64, count: i32): i32 {
  const cells = count * blocks;
  const found = highest > 0 ? switchOn(key, cells) : 0;
  const listed = even ? spread(found) : thin(key, found);
  store<i32>(samples + (listed << 2), -1);
  return listed;
}

/** The cells (sample, block) that are on with the highest probability, by geometric gaps. */
function switchOn(key: u64, cells: i32): i32 {
  const high = <i32>(key >> 32);
  let a = lowWords(streamOf(key, GAPS), 0);
  let v = lowWords(streamOf(key, VALUES), 0);
  let b = highWords(high, 0);
  const k = f32x4.splat(odds);
  let at = -1;
  let count = 0;
  while (at < cells) {
    const far = f32x4.min(f32x4.mul(log2(unit(mix(a, b))), k), f32x4.splat(LONGEST));
    const gap = i32x4.add(i32x4.trunc_sat_f32x4_s(far), i32x4.splat(1));
    v128.store(uniforms + (count << 2), unit(mix(v, b)));
    const place = positions + (count << 2);
    at = min(at + i32x4.extract_lane(gap, 0), cells);
    store<i32>(place, at);
    at = min(at + i32x4.extract_lane(gap, 1), cells);
    store<i32>(place, at, 4);
    at = min(at + i32x4.extract_lane(gap, 2), cells);
    store<i32>(place, at, 8);
    at = min(at + i32x4.extract_lane(gap, 3), cells);
    store<i32>(place, at, 12);
    count += 4;
    a = fourOn(a);
    v = fourOn(v);
    b = fourUp(b);
  }
  while (count > 0 && load<i32>(positions + ((count - 1) << 2)) >= cells) count--;
  return count;
}

// @ts-ignore: decorator
@inline
function scaled(u: v128, kind: i32): v128 {
  if (kind == UNIFORM) return u;
  if (kind == SIGNED) return f32x4.sub(f32x4.add(u, u), f32x4.splat(1));
  if (kind == EXPONENTIAL) return f32x4.mul(log2(u), f32x4.splat(-0.6931471805599453));
  return f32x4.splat(1);
}

/** Cells of features that are all alike: sample and feature are quotient and rest. */
function spread(count: i32): i32 {
  const kind = magnitudeOf(0);
  const width = i32x4.splat(n);
  const reciprocal = f32x4.splat(1 / <f32>n);
  for (let t = 0; t < count; t += 4) {
    const at: usize = t << 2;
    const p = v128.load(positions + at);
    let q = i32x4.trunc_sat_f32x4_s(f32x4.mul(f32x4.convert_i32x4_s(p), reciprocal));
    let r = i32x4.sub(p, i32x4.mul(q, width));
    const low = i32x4.shr_s(r, 31); // a quotient may be one too many …
    q = i32x4.add(q, low);
    r = i32x4.add(r, v128.and(low, width));
    const over = i32x4.ge_s(r, width); // … or too few
    q = i32x4.sub(q, over);
    r = i32x4.sub(r, v128.and(over, width));
    v128.store(samples + at, q);
    v128.store(features + at, r);
    v128.store(values + at, scaled(v128.load(uniforms + at), kind));
  }
  return count;
}

/** Thin cells to each block's own probability, and fill in the members of sets. */
function thin(key: u64, count: i32): i32 {
  const high = <i32>(key >> 32);
  const kept = streamOf(key, KEPT);
  const chooser = streamOf(key, MEMBER);
  let listed = 0;
  for (let t = 0; t < count; t++) {
    const p = load<i32>(positions + (t << 2));
    const sample = p / blocks;
    const g = p - sample * blocks;
    if (single(kept, high, t) * <f32>highest > chance(g)) continue;
    const first = load<i32>(law + BLOCK * g);
    const size = load<i32>(law + BLOCK * g, 4);
    const kind = load<i32>(law + BLOCK * g, 8);
    let from = 0;
    let to = size;
    if (kind > CORRELATED) {
      from = min(<i32>(single(chooser, high, t) * <f32>size), size - 1);
      to = from + 1;
    }
    for (let j = from; j < to; j++) {
      const alone = kind != CORRELATED;
      const u = alone ? load<f32>(uniforms + (t << 2)) : single(streamOf(key, MEMBERS + j), high, t);
      const x = f32x4.extract_lane(scaled(f32x4.splat(u), magnitudeOf(g)), 0);
      store<i32>(samples + (listed << 2), sample);
      store<i32>(features + (listed << 2), first + j);
      store<f32>(values + (listed << 2), x);
      listed++;
    }
  }
  return listed;
}

/** Before the first tile of a batch: the stream of each feature. */
export function startDense(key: u64): void {
  for (let i = 0; i < n; i++) store<i32>(positions + (i << 2), streamOf(key, MEMBERS + i));
}

/** Eight samples, `from` on, as two vectors for each feature. */
export function denseTile(key: u64, from: i32): void {
  const high = <i32>(key >> 32);
  const b = highWords(high, from);
  for (let i = 0; i < n; i++) {
    const a = lowWords(load<i32>(positions + (i << 2)), from);
    const p = f32x4.splat(chance(i));
    const kind = magnitudeOf(i);
    const x = tile + (<usize>i << 5);
    v128.store(x, switched(unit(mix(a, b)), p, kind));
    v128.store(x, switched(unit(mix(fourOn(a), fourUp(b))), p, kind), 16);
  }
}

/** The value of a feature that is on where u <= p, u/p being uniform again. */
// @ts-ignore: decorator
@inline
function switched(u: v128, p: v128, kind: i32): v128 {
  const again = f32x4.min(f32x4.div(u, p), f32x4.splat(1));
  return v128.and(f32x4.le(u, p), scaled(again, kind));
}
