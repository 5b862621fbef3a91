/** Random numbers of the training kernel, and what depends on them. */

import { describe, expect, it } from "vitest";

import { Models } from "../src/local/models";
import type { Block, Plan } from "../src/local/plan";
import { SEED, alone, batchOf, inner, plan, sets } from "./plans";

describe("a model", () => {
  it("is the same however its steps are cut, and in whatever company", () => {
    const p = plan(5, 2);
    const [one, other] = [new Models(p, 12, SEED), new Models(p, 6, SEED)];
    one.advance(0, 50);
    for (const [from, count] of [
      [0, 7],
      [7, 1],
      [8, 42],
    ] as const)
      other.advance(from, count);
    const few = other.parameters().W!;
    expect([...one.parameters().W!.subarray(0, few.length)]).toEqual([...few]);
  });

  it("starts from N(0, σ²), seed by seed from other numbers", () => {
    const p = plan(50, 40, { sigma: 0.5 });
    const W = new Models(p, 8, 3).parameters().W!;
    const N = W.length; // 16,000: five standard errors
    const moment = (k: number) => W.reduce((sum, w) => sum + (w / 0.5) ** k, 0) / N;
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(N));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / N));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / N));
    expect(new Set(W).size).toBeGreaterThan(0.99 * N);
  });

  it("has the learning rates of the schedules", () => {
    const rates = (changes: Partial<Plan>, steps: number[]) => {
      const kernel = inner(new Models(plan(2, 1, { steps: 11, ...changes }), 1, 0));
      return steps.map((step) => kernel.multiplier(step));
    };
    expect(rates({ schedule: 1 }, [0, 5, 10])).toEqual([1, 0.5, 0]);
    const cosine = rates({ schedule: 2, final: 0.2, warmup: 2 }, [0, 1, 4, 10]);
    [0.5, 1, 1 - 0.4 * (1 - Math.cos(Math.PI / 4)), 0.2].forEach((rate, k) =>
      expect(cosine[k]).toBeCloseTo(rate, 12),
    );
  });
});

describe("samples", () => {
  const many = (blocks: Block[], n: number): number[][] => {
    const p = plan(n, 7, { blocks, batch: 16_384 }); // seven dimensions: never drawn as vectors
    return batchOf(new Models(p, 1, SEED), p, 0);
  };
  const share = (x: number[][], on: (row: number[]) => boolean): number =>
    x.filter(on).length / x.length;
  /** Five standard errors of a share. */
  const near = (found: number, p: number): void =>
    expect(Math.abs(found - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / 16_384) + 1e-12);

  it("are on independently with their probabilities, and uniform then", () => {
    const x = many(
      alone(8, 0.3).map((b, i) => ({ ...b, p: i === 7 ? 1 : 0.05 * i })),
      8,
    );
    for (let i = 0; i < 8; i++)
      near(
        share(x, (row) => row[i] !== 0),
        i === 7 ? 1 : 0.05 * i,
      );
    near(
      share(x, (row) => row[4] !== 0 && row[5] !== 0),
      0.05,
    );
    near(
      share(x, (row) => row[6]! > 0.25),
      0.3 * 0.75,
    );
    near(
      share(x, (row) => row[7]! > 0.5 && row[6] !== 0),
      0.15,
    );
  });

  it("of one probability as well", () => {
    const x = many(alone(9, 0.07), 9);
    for (let i = 0; i < 9; i++)
      near(
        share(x, (row) => row[i] !== 0),
        0.07,
      );
    near(
      share(x, (row) => row[0] !== 0 && row[1] !== 0),
      0.07 ** 2,
    );
    near(
      share(x, (row) => row[3]! > 0.5),
      0.035,
    );
    near(
      share(x, (row) => row.every((v) => v === 0)),
      0.93 ** 9,
    );
  });

  it("of sets are on together, or one of them", () => {
    const together = many(sets("correlated", 3, 2, 0.2), 6);
    near(
      share(together, (row) => row[0] !== 0 && row[1] !== 0),
      0.2,
    );
    near(
      share(together, (row) => (row[0] !== 0) !== (row[1] !== 0)),
      0,
    );
    near(
      share(together, (row) => row[0]! > 0.5 && row[1]! > 0.5),
      0.05,
    );
    near(
      share(together, (row) => row[0] !== 0 && row[2] !== 0),
      0.04,
    );
    const apart = many(sets("anticorrelated", 2, 3, 0.6), 6);
    near(
      share(apart, (row) => row[1] !== 0),
      0.2,
    );
    near(
      share(apart, (row) => row[0] !== 0 && row[1] !== 0),
      0,
    );
  });

  it("have the magnitudes that are asked for", () => {
    const of = (magnitude: number) => many(alone(1, 1, magnitude), 1);
    near(
      share(of(1), (row) => row[0]! < -0.5),
      0.25,
    );
    near(
      share(of(2), (row) => row[0]! > Math.LN2),
      0.5,
    );
    near(
      share(of(3), (row) => row[0] === 1),
      1,
    );
  });
});
