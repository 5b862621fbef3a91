/**
 * How features share the hidden space, as in tegum.analysis.geometry.
 *
 * A matrix is row-major: W[k * n + i] is entry (hidden k, feature i); a column is a feature.
 */

export type Matrix = Float32Array | Float64Array | number[];

/** A feature is drawn as represented when the length of its direction exceeds this. */
export const REPRESENTED = 0.5;

/** ‖W_i‖ of each of the n columns of an (m, n) matrix. */
export function norms(W: Matrix, m: number, n: number): Float64Array {
  const out = new Float64Array(n);
  for (let k = 0; k < m; k++) {
    for (let i = 0; i < n; i++) out[i]! += W[k * n + i]! ** 2;
  }
  return out.map(Math.sqrt);
}

/** G = WᵀW, (n, n). */
export function gram(W: Matrix, m: number, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += W[k * n + i]! * W[k * n + j]!;
      out[i * n + j] = sum;
      out[j * n + i] = sum;
    }
  }
  return out;
}

/** AᵀB for two (m, n) matrices, (n, n): what output i receives of feature j. */
export function product(A: Matrix, B: Matrix, m: number, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += A[k * n + i]! * B[k * n + j]!;
      out[i * n + j] = sum;
    }
  }
  return out;
}

/** D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)² in [0, 1], from G; 0 for a zero column. */
export function dimensionality(G: Matrix, n: number): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const own = G[i * n + i]!;
    if (own === 0) continue;
    let total = 0;
    for (let j = 0; j < n; j++) total += G[i * n + j]! ** 2;
    out[i] = Math.min((own * own) / total, 1);
  }
  return out;
}

/** sup_i = Σ_{j≠i} (Ŵ_i·W_j)², from G; 0 for a zero column. */
export function superposition(G: Matrix, n: number): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const own = G[i * n + i]!;
    if (own === 0) continue;
    for (let j = 0; j < n; j++) if (j !== i) out[i]! += G[i * n + j]! ** 2 / own;
  }
  return out;
}

/** How many features have ‖W_i‖ over one half. */
export function countRepresented(lengths: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < lengths.length; i++) if (lengths[i]! > REPRESENTED) count++;
  return count;
}

/** A pair of features that are not orthogonal: positions i < j and their inner product. */
export interface Edge {
  i: number;
  j: number;
  value: number;
}

/** The pairs with |W_i·W_j| above `least`, strongest first, at most `limit` of them. */
export function edges(G: Matrix, n: number, least = 0.1, limit = 600): Edge[] {
  const found: Edge[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const value = G[i * n + j]!;
      if (Math.abs(value) > least) found.push({ i, j, value });
    }
  }
  found.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  return found.slice(0, limit);
}
