import { describe, expect, it } from "vitest";

import { count, fixed, short } from "../src/math/format";
import {
  countRepresented,
  dimensionality,
  edges,
  gram,
  norms,
  product,
  superposition,
} from "../src/math/geometry";
import { type Basis, eigen, principal, project, steady } from "../src/math/planes";

/** k unit vectors at equal angles in the plane, as a (2, k) matrix. */
function polygon(k: number): number[] {
  const angle = (i: number): number => (2 * Math.PI * i) / k;
  const row = (f: (x: number) => number) => Array.from({ length: k }, (_, i) => f(angle(i)));
  return [...row(Math.cos), ...row(Math.sin)];
}

describe("geometry", () => {
  it("finds the closed forms of regular polygons: D = 2/k", () => {
    for (const k of [3, 4, 5, 7]) {
      const G = gram(polygon(k), 2, k);
      for (const D of dimensionality(G, k)) expect(D).toBeCloseTo(2 / k, 12);
      for (const crowd of superposition(G, k)) expect(crowd).toBeCloseTo(k / 2 - 1, 12);
    }
  });

  it("gives an antipodal pair 1/2 each, a lone feature 1, and a zero column nothing", () => {
    const W = [1, -1, 0, 0, 0, 0, 2, 0]; // (2, 4)
    const G = gram(W, 2, 4);
    expect([...norms(W, 2, 4)]).toEqual([1, 1, 2, 0]);
    expect([...dimensionality(G, 4)]).toEqual([0.5, 0.5, 1, 0]);
    expect([...superposition(G, 4)]).toEqual([1, 1, 0, 0]);
    expect(countRepresented(norms(W, 2, 4))).toBe(3);
  });

  it("has AᵀB where the matrices differ", () => {
    const [A, B] = [
      [1, 2],
      [3, 4],
    ]; // (1, 2) each
    expect([...product(A, B, 1, 2)]).toEqual([3, 4, 6, 8]);
    expect([...product(A, A, 1, 2)]).toEqual([...gram(A, 1, 2)]);
  });

  it("lists edges by strength, without those that are too weak or too many", () => {
    const G = [1, -0.9, 0.05, -0.9, 1, 0.3, 0.05, 0.3, 1];
    expect(edges(G, 3)).toEqual([
      { i: 0, j: 1, value: -0.9 },
      { i: 1, j: 2, value: 0.3 },
    ]);
    expect(edges(G, 3, 0.1, 1)).toHaveLength(1);
    expect(edges(G, 3, 0)).toHaveLength(3);
  });
});

const row = (basis: Basis, r: number): number[] => [
  ...basis.rows.subarray(r * basis.m, (r + 1) * basis.m),
];
const dot = (a: number[], b: number[]): number => a.reduce((sum, x, k) => sum + x * b[k]!, 0);

describe("planes", () => {
  it("diagonalises a symmetric matrix", () => {
    // Eigenvalues of [[2, 1], [1, 2]] are 3 along (1, 1)/√2 and 1 along (1, −1)/√2.
    const { values, vectors } = eigen(Float64Array.from([2, 1, 1, 2]), 2);
    expect(values[0]).toBeCloseTo(3, 12);
    expect(values[1]).toBeCloseTo(1, 12);
    expect(Math.abs(vectors[0]! + vectors[1]!)).toBeCloseTo(Math.SQRT2, 12);
  });

  it("solves S v = λ v for a larger matrix, with orthonormal vectors", () => {
    const m = 6;
    const S = new Float64Array(m * m);
    for (let i = 0; i < m; i++)
      for (let j = 0; j < m; j++) S[i * m + j] = Math.cos(i * j) + Math.cos(i + j);
    const { values, vectors } = eigen(S, m);
    for (let r = 0; r < m; r++) {
      const v = [...vectors.subarray(r * m, r * m + m)];
      for (let i = 0; i < m; i++) {
        expect(dot([...S.subarray(i * m, i * m + m)], v)).toBeCloseTo(values[r]! * v[i]!, 9);
      }
      for (let q = 0; q <= r; q++) {
        expect(dot(v, [...vectors.subarray(q * m, q * m + m)])).toBeCloseTo(q === r ? 1 : 0, 9);
      }
    }
    expect(values).toEqual([...values].sort((a, b) => b - a));
  });

  it("sees a polygon that lies in a plane of space at its full size", () => {
    // A pentagon in the plane of (0, 1, 0) and (0.6, 0, 0.8), in three dimensions.
    const flat = polygon(5);
    const W = [
      ...flat.slice(0, 5).map((x) => 0.6 * x),
      ...flat.slice(5),
      ...flat.slice(0, 5).map((x) => 0.8 * x),
    ];
    const basis = principal(W, 3, 5, 2);
    const points = project(W, 3, 5, basis);
    for (let i = 0; i < 5; i++)
      expect(Math.hypot(points[2 * i]!, points[2 * i + 1]!)).toBeCloseTo(1, 9);
  });

  it("looks at the chosen columns alone", () => {
    const W = [5, 0, 0, 0, 1, 0, 0, 0, 2]; // columns along the axes, lengths 5, 1, 2
    const basis = principal(W, 3, 3, 2, [1, 2]);
    expect(row(basis, 0).map(Math.abs)).toEqual([0, 0, 1]);
    expect(row(basis, 1).map(Math.abs)).toEqual([0, 1, 0]);
  });

  it("keeps the picture still when principal directions flip or swap", () => {
    const previous: Basis = { rank: 2, m: 3, rows: Float64Array.from([1, 0, 0, 0, 1, 0]) };
    const swapped: Basis = { rank: 2, m: 3, rows: Float64Array.from([0, -1, 0, -1, 0, 0]) };
    expect([...steady(swapped, previous).rows].map((x) => x + 0)).toEqual([1, 0, 0, 0, 1, 0]);
    const elsewhere: Basis = { rank: 2, m: 3, rows: Float64Array.from([0, 0, 1, 0, 1, 0]) };
    expect(steady(elsewhere, previous)).toBe(elsewhere); // no direction of the old picture is left
    expect(steady(swapped, undefined)).toBe(swapped);
  });
});

describe("numbers for readers", () => {
  it("has three digits, a true minus, and powers where they are needed", () => {
    expect([0.012345, 12.345, 0, -0.5, 99999].map((x) => short(x))).toEqual([
      "0.0123",
      "12.3",
      "0",
      "−0.5",
      "100000",
    ]);
    expect(short(1.25e-5)).toBe("1.3×10⁻⁵");
    expect(short(123456)).toBe("1.2×10⁵");
    expect(short(Number.NaN)).toBe("–");
    expect(fixed(-1 / 3)).toBe("−0.33");
    expect(count(1234567)).toBe("1\u202f234\u202f567");
  });
});
