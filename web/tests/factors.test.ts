/** Shapes of models as a page without a server finds them. */

import { describe, expect, it } from "vitest";

import { dimensionality, factors, named } from "../src/local/factors";
import { type Matrix, assign, eigen } from "../src/local/linear";
import { look } from "../src/local/looking";
import { CATALOGUE, CUBE, angle, numbers, ring, weights } from "./polytopes";

describe("linear algebra", () => {
  it("finds eigenvectors: A v = λ v, orthonormal, the largest first", () => {
    const size = 7;
    const x = numbers(size * size);
    const A: Matrix = Array.from({ length: size }, (_, i) =>
      Float64Array.from({ length: size }, (_, j) => x[i * size + j]! + x[j * size + i]!),
    );
    const { values, vectors } = eigen(A);
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((s, v, k) => s + v * b[k]!, 0);
    vectors.forEach((v, k) => {
      A.forEach((row, i) => expect(dot(row, v)).toBeCloseTo(values[k]! * v[i]!, 10));
      vectors.forEach((w, l) => expect(dot(v, w)).toBeCloseTo(Number(k === l), 10));
      if (k > 0) expect(values[k]).toBeLessThanOrEqual(values[k - 1]!);
    });
  });

  it("assigns as the best of all orders does", () => {
    const orders = (rest: number[]): number[][] =>
      rest.length < 2
        ? [rest]
        : rest.flatMap((x) => orders(rest.filter((y) => y !== x)).map((o) => [x, ...o]));
    for (let seed = 1; seed < 20; seed++) {
      const x = numbers(25, seed);
      const cost = Array.from({ length: 5 }, (_, i) =>
        Float64Array.from(x.slice(5 * i, 5 * i + 5)),
      );
      const total = (order: number[]) => order.reduce((sum, j, i) => sum + cost[i]![j]!, 0);
      const least = Math.min(...orders([0, 1, 2, 3, 4]).map(total));
      expect(total(assign(cost))).toBeCloseTo(least, 12);
    }
  });
});

describe("tegum factors", () => {
  /** A pentagon in two dimensions, out of order, a digon in a third, one feature alone. */
  const mixed = [
    ...[2, 0, 3, 1, 4].map((k) => [...angle(k + 0.3, 5), 0, 0]),
    [0, 0, 0.9, 0],
    [0, 0, 0, 1.1],
    [0, 0, -0.8, 0],
    [0.1, 0, 0, 0.2],
  ];

  it("are found, named and counted", () => {
    const found = factors(weights(mixed), CATALOGUE);
    expect(found.map(({ features, name, rank }) => [features, name, rank])).toEqual([
      [[0, 1, 2, 3, 4], "pentagon", 2],
      [[5, 7], "digon", 1],
      [[6], "dedicated", 1],
    ]);
    expect(found[0]!.distance).toBeLessThan(1e-9);
    expect(found[0]!.high).toBeCloseTo(Math.cos(Math.PI / 5), 9);
    expect(named(found)).toBe("dedicated + digon + pentagon");
  });

  it("of a cube in any order and position", () => {
    const order = [5, 0, 7, 2, 1, 6, 3, 4];
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    const turned = order.map((k) => {
      const [x, y, z] = CUBE[k] as [number, number, number];
      return [c * x - s * y, s * x + c * y, z];
    });
    const [found] = factors(weights(turned), CATALOGUE);
    expect([found!.name, found!.rank, found!.tight]).toEqual(["cube", 3, true]);
  });

  it("have no name where they are none", () => {
    const bent = ring(5).map(([x, y], k) => (k === 0 ? angle(0.5, 5) : [x!, y!]));
    const [found] = factors(weights(bent), CATALOGUE);
    expect(found).toMatchObject({ name: "unnamed", closest: "pentagon" });
    expect(named([])).toBe("nothing");
    expect(factors(weights([[Number.NaN, 1]]), CATALOGUE)).toEqual([]);
  });

  it("share out the dimensions", () => {
    const W = weights(ring(5));
    expect(dimensionality(W, [0, 1, 2, 3, 4]).map((D) => D.toFixed(9))).toEqual(
      new Array(5).fill("0.400000000"),
    );
  });

  it("lie in planes that do not turn from one look to the next", () => {
    const tilted = mixed.map((v, i) => v.map((x, k) => x + 1e-3 * numbers(4, 5 + i)[k]!));
    const first = look(weights(mixed), new Map(), CATALOGUE);
    const next = look(weights(tilted), first.bases, CATALOGUE);
    const across = first.basis.map((row, a) =>
      row.reduce((sum, x, k) => sum + x * next.basis[a]![k]!, 0),
    );
    expect(Math.min(...across)).toBeGreaterThan(0.99);
  });
});
