/** Orthonormal bases of the subspaces that the views look at: principal planes and factors. */

import type { Matrix } from "./geometry";

/** `rank` orthonormal vectors of length m, row-major; rows of zeros where the rank is smaller. */
export interface Basis {
  rank: number;
  m: number;
  rows: Float64Array;
}

/** Eigenvalues, descending, and eigenvectors (rows) of a symmetric (m, m) matrix, by Jacobi. */
export function eigen(S: Float64Array, m: number): { values: number[]; vectors: Float64Array } {
  const A = Float64Array.from(S);
  const V = new Float64Array(m * m);
  for (let k = 0; k < m; k++) V[k * m + k] = 1;
  for (let sweep = 0; sweep < 40; sweep++) {
    let off = 0;
    for (let p = 0; p < m; p++) for (let q = p + 1; q < m; q++) off += A[p * m + q]! ** 2;
    if (off < 1e-20) break;
    for (let p = 0; p < m; p++) for (let q = p + 1; q < m; q++) rotate(A, V, m, p, q);
  }
  const order = Array.from({ length: m }, (_, k) => k);
  order.sort((a, b) => A[b * m + b]! - A[a * m + a]!);
  const vectors = new Float64Array(m * m);
  order.forEach((from, to) => vectors.set(V.subarray(from * m, from * m + m), to * m));
  return { values: order.map((k) => A[k * m + k]!), vectors };
}

/** One Jacobi rotation, which makes A[p, q] zero; the rows of V follow. */
function rotate(A: Float64Array, V: Float64Array, m: number, p: number, q: number): void {
  const apq = A[p * m + q]!;
  if (Math.abs(apq) < 1e-300) return;
  const theta = (A[q * m + q]! - A[p * m + p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < m; k++) {
    const akp = A[k * m + p]!;
    const akq = A[k * m + q]!;
    A[k * m + p] = c * akp - s * akq;
    A[k * m + q] = s * akp + c * akq;
  }
  for (let k = 0; k < m; k++) {
    const apk = A[p * m + k]!;
    const aqk = A[q * m + k]!;
    A[p * m + k] = c * apk - s * aqk;
    A[q * m + k] = s * apk + c * aqk;
    const vpk = V[p * m + k]!;
    const vqk = V[q * m + k]!;
    V[p * m + k] = c * vpk - s * vqk;
    V[q * m + k] = s * vpk + c * vqk;
  }
}

/** The first `rank` principal directions of the given columns of an (m, n) matrix. */
export function principal(
  W: Matrix,
  m: number,
  n: number,
  rank: number,
  columns?: readonly number[],
): Basis {
  const chosen = columns ?? Array.from({ length: n }, (_, i) => i);
  const S = new Float64Array(m * m);
  for (const i of chosen) {
    for (let k = 0; k < m; k++) {
      for (let l = 0; l < m; l++) S[k * m + l]! += W[k * n + i]! * W[l * n + i]!;
    }
  }
  const { vectors } = eigen(S, m);
  const rows = new Float64Array(rank * m);
  rows.set(vectors.subarray(0, Math.min(rank, m) * m));
  return { rank, m, rows };
}

/** The hidden axes themselves: rows `axes` of the identity. */
export function axesBasis(m: number, rank: number, axes?: readonly number[]): Basis {
  const rows = new Float64Array(rank * m);
  for (let r = 0; r < Math.min(rank, m); r++) rows[r * m + (axes?.[r] ?? r)] = 1;
  return { rank, m, rows };
}

/** The columns of W in the coordinates of a basis: (n, rank), row-major by feature. */
export function project(W: Matrix, m: number, n: number, basis: Basis): Float64Array {
  const out = new Float64Array(n * basis.rank);
  for (let r = 0; r < basis.rank; r++) {
    for (let k = 0; k < m; k++) {
      const weight = basis.rows[r * m + k]!;
      if (weight === 0) continue;
      for (let i = 0; i < n; i++) out[i * basis.rank + r]! += weight * W[k * n + i]!;
    }
  }
  return out;
}

/**
 * Turn `basis` within its own span so that it is as close as can be to `previous`.
 *
 * Principal directions flip sign and swap places from frame to frame; the picture must not.
 * Gram–Schmidt on the previous rows, projected into the new span, keeps the picture still.
 */
export function steady(basis: Basis, previous: Basis | undefined): Basis {
  if (!previous || previous.m !== basis.m || previous.rank !== basis.rank) return basis;
  const { rank, m } = basis;
  const rows = new Float64Array(rank * m);
  for (let r = 0; r < rank; r++) {
    const row = rows.subarray(r * m, r * m + m);
    for (let s = 0; s < rank; s++) {
      const own = basis.rows.subarray(s * m, s * m + m);
      addScaled(row, own, dot(previous.rows.subarray(r * m, r * m + m), own));
    }
    for (let s = 0; s < r; s++) {
      const earlier = rows.subarray(s * m, s * m + m);
      addScaled(row, earlier, -dot(row, earlier));
    }
    const length = Math.sqrt(dot(row, row));
    if (length < 1e-6) return basis;
    for (let k = 0; k < m; k++) row[k]! /= length;
  }
  return { rank, m, rows };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

function addScaled(a: Float64Array, b: Float64Array, scale: number): void {
  for (let k = 0; k < a.length; k++) a[k]! += scale * b[k]!;
}
