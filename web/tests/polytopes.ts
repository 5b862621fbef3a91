/** Polytopes by hand, and models whose features are their vertices. */

import type { Weights } from "../src/local/factors";
import type { Polytope } from "../src/local/matching";

/** Numbers that look random, the same ones every time. */
export function numbers(count: number, seed = 1): number[] {
  let now = seed;
  return Array.from({ length: count }, () => {
    now = (now * 48_271) % 2_147_483_647;
    return now / 2_147_483_647 - 0.5;
  });
}

export const angle = (k: number, of: number): [number, number] => [
  Math.cos((2 * Math.PI * k) / of),
  Math.sin((2 * Math.PI * k) / of),
];
/** Vectors (features, hidden) as a polytope, and as the columns of W. */
export const polytope = (name: string, rank: number, vectors: number[][]): Polytope => ({
  name,
  rank,
  gram: vectors.map((a) =>
    Float64Array.from(vectors, (b) => a.reduce((sum, x, k) => sum + x * b[k]!, 0)),
  ),
});
export const weights = (vectors: number[][]): Weights => {
  const [n, m] = [vectors.length, vectors[0]!.length];
  const data = Array.from({ length: m * n }, (_, at) => vectors[at % n]![Math.floor(at / n)]!);
  return { data, m, n };
};
export const ring = (size: number): number[][] =>
  Array.from({ length: size }, (_, k) => angle(k, size));
export const CUBE = [0, 1, 2, 3, 4, 5, 6, 7].map((k) =>
  [k & 1, k & 2, k & 4].map((bit) => (bit ? 1 : -1) / Math.sqrt(3)),
);
export const CATALOGUE = [
  polytope("dedicated", 1, [[1]]),
  polytope("digon", 1, [[1], [-1]]),
  polytope("pentagon", 2, ring(5)),
  polytope("hexagon", 2, ring(6)),
  polytope("cube", 3, CUBE),
];
