import { describe, expect, it } from "vitest";

import { FOUND, cosines, standsFor } from "../src/math/cosines";

describe("cosines of features and atoms", () => {
  // Features (1, 0), (0, 2) and (0, 0); atoms along the first, against the second, and at 45°.
  const W = [1, 0, 0, 0, 2, 0];
  const atoms = [3, 0, 0, -1, 1, 1];
  const found = cosines(W, atoms, 2, 3);

  it("have their sign, and are 0 where there is no length", () => {
    const half = Math.SQRT1_2;
    [1, 0, half, 0, -1, half, 0, 0, 0].forEach((value, k) =>
      expect(found[k]).toBeCloseTo(value, 12),
    );
  });

  it("say what an atom stands for: only what it lies along", () => {
    expect(standsFor(found, 3)).toEqual([0, null, null]);
    const near = cosines([1, 0], [FOUND + 0.01, Math.sqrt(1 - (FOUND + 0.01) ** 2)], 2, 1);
    expect(standsFor(near, 1)).toEqual([0]);
  });

  it("are none without atoms", () => {
    expect(standsFor(cosines(W, [], 2, 3), 3)).toEqual([]);
  });
});
