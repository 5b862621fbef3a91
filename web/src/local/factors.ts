/** Tegum factors of a model: groups of features in orthogonal subspaces, and the polytope of each. */

import type { Factor } from "../wire/messages";
import { type Matrix, eigen, zeros } from "./linear";
import { type Polytope, distance, leastDistance } from "./matching";

/** The numbers are those of `tegum.analysis.tegum_factors`, which says what they are for. */
const [THRESHOLD, TOLERANCE, RANK, TIGHT, REPRESENTED] = [0.15, 0.05, 0.2, 0.01, 0.5];

/** W (m, n) of one model, in C order. */
export interface Weights {
  data: ArrayLike<number>;
  m: number;
  n: number;
}

export interface Found extends Factor {
  low: number;
  high: number;
}

const at = ({ data, n }: Weights, k: number, i: number): number => data[k * n + i]!;

/** ‖W_i‖. */
export function norms(W: Weights): number[] {
  return Array.from({ length: W.n }, (_, i) => {
    let square = 0;
    for (let k = 0; k < W.m; k++) square += at(W, k, i) ** 2;
    return Math.sqrt(square);
  });
}

export const isFinite = ({ data }: Weights): boolean => Array.from(data).every(Number.isFinite);

/** Σ over features of W_i W_iᵀ, of these features and scales. */
export function frameOf(
  W: Weights,
  features: readonly number[],
  scale: (i: number) => number,
): Matrix {
  const found = zeros(W.m, W.m);
  for (const i of features) {
    const s = scale(i) ** 2;
    for (let k = 0; k < W.m; k++)
      for (let l = 0; l < W.m; l++) found[k]![l]! += s * at(W, k, i) * at(W, l, i);
  }
  return found;
}

/** D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)² of some features, with only these in the model. */
export function dimensionality(W: Weights, features: readonly number[]): number[] {
  const frame = frameOf(W, features, () => 1);
  return features.map((i) => {
    let [square, total] = [0, 0];
    for (let k = 0; k < W.m; k++) {
      square += at(W, k, i) ** 2;
      for (let l = 0; l < W.m; l++) total += at(W, k, i) * frame[k]![l]! * at(W, l, i);
    }
    return total > 0 ? Math.min((square * square) / total, 1) : square === 0 ? 0 : Number.NaN;
  });
}

function cosines(W: Weights, features: readonly number[]): Matrix {
  const length = norms(W);
  const found = zeros(features.length, features.length);
  features.forEach((i, a) =>
    features.forEach((j, b) => {
      let product = 0;
      for (let k = 0; k < W.m; k++) product += at(W, k, i) * at(W, k, j);
      found[a]![b] = Math.min(Math.max(product / (length[i]! * length[j]!), -1), 1);
    }),
  );
  return found;
}

interface Part {
  places: number[];
  low: number;
  high: number;
}

/**
 * Components of the graph of |cos| > THRESHOLD, and the thresholds between which they are the same:
 * links join in falling order, those above the threshold within a component, the others between them.
 */
function split(cos: Matrix): Part[] {
  const size = cos.length;
  const links: [number, number, number][] = [];
  for (let a = 0; a < size; a++)
    for (let b = 0; b < a; b++) links.push([Math.abs(cos[a]![b]!), a, b]);
  links.sort((x, y) => y[0] - x[0]);
  const root = Array.from({ length: size }, (_, a) => a);
  const label = [...root];
  const find = (a: number): number => (root[a] === a ? a : (root[a] = find(root[a]!)));
  const [low, high] = [new Map<number, number>(), new Map<number, number>()];
  let joined = false;
  for (const [strength, a, b] of links) {
    if (strength <= THRESHOLD && !joined) {
      joined = true;
      label.forEach((_, c) => (label[c] = find(c)));
    }
    const [one, other] = [find(a), find(b)];
    if (one === other) continue;
    root[Math.max(one, other)] = Math.min(one, other);
    if (!joined) {
      const weakest = Math.min(strength, high.get(one) ?? 1, high.get(other) ?? 1);
      high.set(Math.min(one, other), weakest);
    } else for (const end of [label[a]!, label[b]!]) if (!low.has(end)) low.set(end, strength);
  }
  if (!joined) label.forEach((_, c) => (label[c] = find(c)));
  return [...new Set(label)].map((own) => ({
    places: label.flatMap((other, place) => (other === own ? [place] : [])),
    low: low.get(own) ?? 0,
    high: high.get(own) ?? 1,
  }));
}

/** The nearest polytope of the same rank and size. */
function nearest(
  cos: Matrix,
  rank: number,
  catalogue: readonly Polytope[],
): [string | null, number] {
  const bounds = catalogue
    .filter((entry) => entry.rank === rank && entry.gram.length === cos.length)
    .map((entry) => ({ entry, bound: leastDistance(cos, entry.gram) }))
    .sort((a, b) => a.bound - b.bound);
  let best: [string | null, number] = [null, Infinity];
  for (const { entry, bound } of bounds) {
    if (bound >= best[1]) break;
    const found = distance(cos, entry, TOLERANCE);
    if (found < best[1]) best = [entry.name, found];
  }
  return best;
}

/** The factors of a model, in the order of their first features; none where it is not finite. */
export function factors(W: Weights, catalogue: readonly Polytope[]): Found[] {
  if (!isFinite(W)) return [];
  const length = norms(W);
  const shown = [...length.keys()].filter((i) => length[i]! > REPRESENTED);
  const cos = cosines(W, shown);
  return split(cos).map(({ places, low, high }) => {
    const features = places.map((place) => shown[place]!);
    const own = places.map((a) => Float64Array.from(places, (b) => cos[a]![b]!));
    const small = features.length <= W.m;
    const spectrum = eigen(small ? own : frameOf(W, features, (i) => 1 / length[i]!)).values;
    const rank = spectrum.filter((value) => value > RANK ** 2 * spectrum[0]!).length;
    const [closest, found] = nearest(own, rank, catalogue);
    const share = dimensionality(W, features).reduce((sum, D) => sum + D, 0);
    return {
      features,
      name: closest !== null && found <= TOLERANCE ? closest : "unnamed",
      rank,
      tight: rank - share <= TIGHT * rank,
      closest,
      distance: closest === null ? null : found,
      low,
      high,
    };
  });
}

/** The polytopes of a model in a line, e.g. "2 x digon + pentagon". */
export function shapeName(W: Weights, catalogue: readonly Polytope[]): string {
  if (!isFinite(W)) return "diverged";
  return named(factors(W, catalogue));
}

export function named(found: readonly Found[]): string {
  const counts = new Map<string, number>();
  for (const { name } of found) counts.set(name, (counts.get(name) ?? 0) + 1);
  const parts = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return parts.map(([name, k]) => (k === 1 ? name : `${k} x ${name}`)).join(" + ") || "nothing";
}
