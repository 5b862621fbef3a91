/**
 * Addressed randomness: any draw of any step, from its address alone. The hash is that of the
 * sampled engine (`engines/sampled/random.py`); addresses are not, as four models share a batch.
 */

const GOLDEN: u64 = 0x9e3779b97f4a7c15;
const STEP_LOW: i32 = 0x9e3779b9;
const STEP_HIGH: i32 = 0x85ebca6b;

/** The output function of splitmix64. */
export function splitmix(value: u64): u64 {
  let z = value + GOLDEN;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/** The key of one step of one purpose, of the quad with this number. */
export function keyOf(seed: u64, quad: i32, purpose: i32, step: i32): u64 {
  return splitmix(splitmix(splitmix(splitmix(seed) + quad) ^ splitmix(purpose)) + step);
}

/** The low word of stream `number` of a key. */
export function streamOf(key: u64, number: i32): i32 {
  return <i32>splitmix(key + splitmix(number));
}

// @ts-ignore: decorator
@inline
export function mix(a: v128, b: v128): v128 {
  a = v128.xor(a, i32x4.shr_u(a, 16));
  a = i32x4.mul(a, i32x4.splat(0x21f0aaad));
  a = v128.xor(a, i32x4.shr_u(a, 15));
  a = i32x4.mul(i32x4.add(a, b), i32x4.splat(0xd35a2d97));
  return v128.xor(a, i32x4.shr_u(a, 15));
}

/** The words of samples `from` … `from` + 3 of a stream, to be hashed. */
// @ts-ignore: decorator
@inline
export function lowWords(low: i32, from: i32): v128 {
  return i32x4.add(i32x4.splat(low + from * STEP_LOW), i32x4(0, STEP_LOW, 2 * STEP_LOW, 3 * STEP_LOW));
}

// @ts-ignore: decorator
@inline
export function highWords(high: i32, from: i32): v128 {
  return i32x4.add(i32x4.splat(high + from * STEP_HIGH), i32x4(0, STEP_HIGH, 2 * STEP_HIGH, 3 * STEP_HIGH));
}

// @ts-ignore: decorator
@inline
export function fourOn(low: v128): v128 {
  return i32x4.add(low, i32x4.splat(4 * STEP_LOW));
}

// @ts-ignore: decorator
@inline
export function fourUp(high: v128): v128 {
  return i32x4.add(high, i32x4.splat(4 * STEP_HIGH));
}

/** Hashes as float32 in (0, 1], from their upper 31 bits. */
// @ts-ignore: decorator
@inline
export function unit(bits: v128): v128 {
  const whole = f32x4.convert_i32x4_s(i32x4.shr_u(bits, 1));
  return f32x4.mul(f32x4.add(whole, f32x4.splat(0.5)), f32x4.splat(4.656612873077393e-10));
}

/** One draw, as `unit` of its place in a stream. */
export function single(low: i32, high: i32, at: i32): f32 {
  return f32x4.extract_lane(unit(mix(lowWords(low, at), highWords(high, at))), 0);
}

/** log2 of positive float32, within 3e-7: an atanh series around 1. */
// @ts-ignore: decorator
@inline
export function log2(x: v128): v128 {
  const exponent = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f2aaaab)), 23);
  const part = f32x4.sub(i32x4.sub(x, i32x4.shl(exponent, 23)), f32x4.splat(1));
  const s = f32x4.div(part, f32x4.add(f32x4.splat(2), part));
  const z = f32x4.mul(s, s);
  let p = f32x4.add(f32x4.mul(f32x4.splat(0.4124695), z), f32x4.splat(0.577078));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.9617967));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.88539));
  return f32x4.add(f32x4.convert_i32x4_s(exponent), f32x4.mul(p, s));
}

/** Standard normal number `at` of a key, by Marsaglia's polar method: addressed draws until one is in the disc. */
export function normal(key: u64, at: i32): f64 {
  const own = splitmix(key + at);
  let u: f64 = 0;
  let s: f64 = 0;
  for (let k = 0; s >= 1 || s == 0; k += 2) {
    u = 2 * uniform(own + k) - 1;
    const v = 2 * uniform(own + k + 1) - 1;
    s = u * u + v * v;
  }
  return u * sqrt<f64>((-2 * NativeMath.log(s)) / s);
}

function uniform(address: u64): f64 {
  return (<f64>(splitmix(address) >> 11) + 0.5) * 1.1102230246251565e-16;
}
