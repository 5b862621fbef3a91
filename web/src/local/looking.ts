/** What there is to see in a model: tegum factors, and planes to draw it in. */

import type { Polytope } from "./matching";
import { type Found, type Weights, factors, frameOf, isFinite, named, norms } from "./factors";
import { eigen } from "./linear";

const [SPACE, REPRESENTED] = [3, 0.5];

type Basis = Float64Array[];

export interface Look {
  header: {
    represented: number | null;
    dimensions_per_feature: number | null;
    factors: Found[];
    shape: string;
  };
  basis: Basis;
  /** Of each factor, padded with rows of 0. */
  factorBases: Basis[];
  bases: Map<string, Basis>;
}

/** The factors of W and bases of them; `before` are the bases of the last look. */
export function look(W: Weights, before: Map<string, Basis>, catalogue: readonly Polytope[]): Look {
  const found = factors(W, catalogue);
  const finite = isFinite(W);
  const everything = [...Array(W.n).keys()];
  const bases = new Map<string, Basis>();
  const basisFor = (features: number[], asTheyAre: number): Basis => {
    const name = features.join();
    const basis = bases.get(name) ?? turned(basisOf(W, features, asTheyAre), before.get(name));
    bases.set(name, basis);
    return basis;
  };
  const basis = basisFor(everything, SPACE);
  const square = norms(W).reduce((sum, length) => sum + length * length, 0);
  return {
    header: {
      represented: finite ? norms(W).filter((length) => length > REPRESENTED).length : null,
      dimensions_per_feature: square > 0 ? W.m / square : null,
      factors: found,
      shape: finite ? named(found) : "diverged",
    },
    basis,
    factorBases: found.map(({ features }) => padded(basisFor(features, 2), W.m)),
    bases,
  };
}

/** Orthonormal rows: principal directions, or the hidden dimensions themselves where they are few. */
function basisOf(W: Weights, features: number[], asTheyAre: number): Basis {
  const rows = Math.min(SPACE, W.m);
  if (W.m > asTheyAre && isFinite(W))
    return eigen(frameOf(W, features, () => 1)).vectors.slice(0, rows);
  return Array.from({ length: rows }, (_, k) =>
    Float64Array.from({ length: W.m }, (_, l) => Number(k === l)),
  );
}

const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, x, k) => sum + x * b[k]!, 0);

/** The plane turned, and the third axis reflected, to where they last were. */
function turned(basis: Basis, before: Basis | undefined): Basis {
  if (!before || before.length !== basis.length || basis.length < SPACE) return basis;
  const [p, q, third] = basis as [Float64Array, Float64Array, Float64Array];
  const [x, y, z] = before as [Float64Array, Float64Array, Float64Array];
  const [a, b, c, d] = [dot(x, p), dot(x, q), dot(y, p), dot(y, q)];
  const sign = a * d - b * c < 0 ? -1 : 1; // the nearest turn, or reflection
  const [cosine, sine] = [a + sign * d, b - sign * c];
  const length = Math.hypot(cosine, sine) || 1;
  const [u, v] = [cosine / length, sine / length];
  const one = p.map((_, k) => u * p[k]! + v * q[k]!);
  const other = p.map((_, k) => sign * (u * q[k]! - v * p[k]!));
  return [one, other, dot(third, z) < 0 ? third.map((w) => -w) : third];
}

const padded = (basis: Basis, m: number): Basis =>
  Array.from({ length: SPACE }, (_, k) => basis[k] ?? new Float64Array(m));
