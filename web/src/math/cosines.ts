/** How near the atoms of a dictionary come to the true directions. */

import type { Matrix } from "./geometry";

/** From this cosine on an atom has found a feature. */
export const FOUND = 0.9;

/** Of each column of W (m, n) and each row of atoms (L, m), (n, L); 0 for one of length 0. */
export function cosines(W: Matrix, atoms: Matrix, m: number, n: number): Float64Array {
  const latents = m > 0 ? atoms.length / m : 0;
  const out = new Float64Array(n * latents);
  for (let k = 0; k < latents; k++) {
    let size = 0;
    for (let d = 0; d < m; d++) size += atoms[k * m + d]! ** 2;
    for (let i = 0; i < n; i++) {
      let [product, length] = [0, 0];
      for (let d = 0; d < m; d++) {
        product += W[d * n + i]! * atoms[k * m + d]!;
        length += W[d * n + i]! ** 2;
      }
      const scale = Math.sqrt(size * length);
      out[i * latents + k] = scale > 0 ? product / scale : 0;
    }
  }
  return out;
}

/** For each atom the feature that it lies along; null where none is so near. */
export function standsFor(found: Float64Array, n: number): (number | null)[] {
  const latents = n > 0 ? found.length / n : 0;
  return Array.from({ length: latents }, (_, k) => {
    let [best, most] = [null as number | null, FOUND];
    for (let i = 0; i < n; i++) {
      if (found[i * latents + k]! > most) [best, most] = [i, found[i * latents + k]!];
    }
    return best;
  });
}
