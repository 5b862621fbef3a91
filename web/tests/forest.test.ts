/** Forests of features: what hangs where, and where it is drawn. */

import { describe, expect, it } from "vitest";

import {
  depthOf,
  firstForest,
  forestOf,
  hung,
  layout,
  resized,
  without,
} from "../src/state/forest";

//     0       1
//    / \      |
//   2   3     5
//   |
//   4
const PARENTS = [-1, -1, 0, 0, 2, 1];

describe("a forest", () => {
  it("is a list of parents, none of them above itself", () => {
    expect(forestOf(PARENTS)).toEqual(PARENTS);
    const bad = [[], [0], [1, 0], [-1, 2, 3, 1], [-2], [-1, 5], [-1, 0.5], "x", null, { a: 1 }];
    for (const value of bad) expect(forestOf(value)).toBeNull();
    expect(PARENTS.map((_, i) => depthOf(PARENTS, i))).toEqual([0, 0, 1, 1, 2, 1]);
  });

  it("begins with a root for each three features", () => {
    expect(firstForest(7)).toEqual([-1, -1, -1, 0, 1, 2, 0]);
    for (let n = 1; n < 20; n++) expect(forestOf(firstForest(n))).toHaveLength(n);
  });

  it("hangs a feature anywhere but below itself", () => {
    expect(hung(PARENTS, 2, 5)).toEqual([-1, -1, 5, 0, 2, 1]);
    expect(hung(PARENTS, 5, -1)).toEqual([-1, -1, 0, 0, 2, -1]);
    for (const below of [0, 2, 3, 4]) expect(hung(PARENTS, 0, below)).toBeNull();
  });

  it("keeps its shape where features go", () => {
    expect(without(PARENTS, 2)).toEqual([-1, -1, 0, 0, 1]); // what was below 2 is below 0
    expect(without(PARENTS, 0)).toEqual([-1, -1, -1, 1, 0]);
    expect(resized(PARENTS, 3)).toEqual([-1, -1, 0]);
    expect(resized([1, -1, 3, -1], 3)).toEqual([1, -1, -1]);
    expect(resized([-1], 3)).toEqual([-1, -1, -1]);
  });

  it("is drawn with parents over the middle of their children, and nothing over another", () => {
    expect(layout(PARENTS)).toEqual([
      { x: 0.5, y: 0 },
      { x: 2, y: 0 },
      { x: 0, y: 1 },
      { x: 1, y: 1 },
      { x: 0, y: 2 },
      { x: 2, y: 1 },
    ]);
    const many = Array.from({ length: 60 }, (_, i) => ((i * i * 7) % (i + 1)) - 1);
    const spots = layout(many);
    expect(new Set(spots.map(({ x, y }) => `${x} ${y}`)).size).toBe(60);
  });
});
