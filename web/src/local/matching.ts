/**
 * Which polytope the cosines of a group of features are those of, up to the order of its vertices:
 * as `tegum.analysis` finds it. A shape of rank d is fixed by where d independent vertices go; a
 * beam search places these, an assignment the others, and further assignments polish the order.
 */

import { type Matrix, assign, zeros } from "./linear";

const BEAM = 96;
const STARTS = 8;
const ROUNDS = 12;

/** A named set of unit vectors: its rank, and the cosines between them. */
export interface Polytope {
  name: string;
  rank: number;
  gram: Matrix;
}

/** Root mean square difference over pairs of different vertices; `order` is applied to `gram`. */
function rms(gram: Matrix, reference: Matrix, order: readonly number[]): number {
  const size = reference.length;
  let sum = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) sum += (gram[order[i]!]![order[j]!]! - reference[i]![j]!) ** 2;
  return size < 2 ? 0 : Math.sqrt(sum / (size * (size - 1)));
}

const apart = (gram: Matrix): number[] =>
  gram.flatMap((row, i) => Array.from(row.subarray(i + 1))).sort((a, b) => a - b);

/** What no order can better: the difference of the cosines sorted by size. */
export function leastDistance(gram: Matrix, reference: Matrix): number {
  const [one, other] = [apart(gram), apart(reference)];
  if (one.length === 0) return 0;
  const sum = one.reduce((total, x, k) => total + (x - other[k]!) ** 2, 0);
  return Math.sqrt(sum / one.length);
}

/** The least distance found; the search ends at one of at most `enough`. */
export function distance(
  gram: Matrix,
  { gram: reference, rank }: Polytope,
  enough: number,
): number {
  const cosines = apart(reference);
  const alike = cosines.length === 0 || cosines.at(-1)! - cosines[0]! <= 1e-9;
  if (alike) return rms(gram, reference, [...gram.keys()]);
  let best = Infinity;
  for (const start of starts(gram, reference, rank)) {
    best = Math.min(best, polish(gram, reference, start));
    if (best <= enough) break;
  }
  return best;
}

/** Independent vertices, close to one another: few placements have the same cosines. */
function anchors(gram: Matrix, rank: number): number[] {
  const left = gram.map((row) => Float64Array.from(row));
  const near = new Float64Array(gram.length);
  const chosen: number[] = [];
  while (chosen.length < Math.min(rank, gram.length)) {
    const highest = Math.max(...left.map((row, i) => row[i]!));
    if (highest <= 1e-9) break;
    let pivot = -1;
    left.forEach((row, i) => {
      const far = row[i]! >= 0.5 * highest;
      const nearer = pivot < 0 || near[i]! > near[pivot]! + 1e-9;
      if (far && nearer) pivot = i;
    });
    chosen.push(pivot);
    const own = Float64Array.from(left[pivot]!);
    gram[pivot]!.forEach((x, j) => (near[j]! += Math.abs(x)));
    left.forEach((row, i) => own.forEach((x, j) => (row[j]! -= (own[i]! * x) / own[pivot]!)));
  }
  return chosen;
}

const sorted = (row: Float64Array): Float64Array => Float64Array.from(row).sort();

/** Where the anchors may go, the best placements first. */
function place(gram: Matrix, reference: Matrix, chosen: readonly number[]): number[][] {
  const size = gram.length;
  const rows = gram.map(sorted);
  let kept: { placed: number[]; cost: number }[] = [{ placed: [], cost: 0 }];
  chosen.forEach((anchor, level) => {
    const wanted = sorted(reference[anchor]!);
    const unlike = rows.map(
      (row) => row.reduce((sum, x, k) => sum + (x - wanted[k]!) ** 2, 0) / size,
    );
    const longer: typeof kept = [];
    for (const { placed, cost } of kept) {
      for (let vertex = 0; vertex < size; vertex++) {
        if (placed.includes(vertex)) continue;
        let total = cost + unlike[vertex]!;
        for (let l = 0; l < level; l++)
          total += (gram[placed[l]!]![vertex]! - reference[anchor]![chosen[l]!]!) ** 2;
        longer.push({ placed: [...placed, vertex], cost: total });
      }
    }
    longer.sort((a, b) => a.cost - b.cost);
    kept = longer.slice(0, BEAM);
  });
  return kept.map(({ placed }) => placed);
}

/** Promising orders, best first. */
function starts(gram: Matrix, reference: Matrix, rank: number): number[][] {
  const size = gram.length;
  const chosen = anchors(reference, rank);
  const costs = place(gram, reference, chosen).map((placed) => {
    const cost = zeros(size, size);
    let promise = 0;
    cost.forEach((row, i) => {
      for (let j = 0; j < size; j++)
        placed.forEach((p, a) => (row[j]! += (gram[j]![p]! - reference[i]![chosen[a]!]!) ** 2));
      promise += Math.min(...row);
    });
    return { cost, promise };
  });
  costs.sort((a, b) => a.promise - b.promise);
  return costs.slice(0, STARTS).map(({ cost }) => assign(cost));
}

/** Place every vertex again with the others held, until the distance stops falling. */
function polish(gram: Matrix, reference: Matrix, start: number[]): number {
  const size = gram.length;
  const length = gram.map((row) => row.reduce((sum, x) => sum + x * x, 0));
  let [order, best] = [start, rms(gram, reference, start)];
  for (let round = 0; round < ROUNDS; round++) {
    const cost = zeros(size, size);
    cost.forEach((row, i) => {
      for (let j = 0; j < size; j++) {
        let product = 0;
        for (let k = 0; k < size; k++) product += reference[i]![k]! * gram[j]![order[k]!]!;
        row[j] = length[j]! - 2 * product;
      }
    });
    order = assign(cost);
    const found = rms(gram, reference, order);
    if (found >= best) break;
    best = found;
  }
  return best;
}
