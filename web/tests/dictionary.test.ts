/** Dictionaries that train in the page: their gradient, their samples, what they find. */

import { describe, expect, it, vi } from "vitest";

import { Autoencoder, type Rows } from "../src/local/autoencoder";
import { DictionaryJob, type DictionaryWish } from "../src/local/dictionary";
import { Live } from "../src/local/live";
import { decodeFrame } from "../src/wire/frame";
import { MEANS, state } from "./means";

// A machine may be busy.
vi.setConfig({ testTimeout: 120_000 });

/** Numbers in [−1, 1) that are nobody's: a linear congruential generator. */
function numbers(count: number, seed = 1): number[] {
  let at = seed;
  return Array.from({ length: count }, () => {
    at = (at * 1103515245 + 12345) % 2 ** 31;
    return at / 2 ** 30 - 1;
  });
}

const rows: Rows = {
  h: Float64Array.from(numbers(30 * 3, 7)),
  weight: Float64Array.from({ length: 30 }, (_, row) => (row === 4 ? 9 : 1)),
};

describe("an autoencoder", () => {
  it.each([
    [0, false],
    [2, false],
    [1, true],
  ])("has the gradient that difference quotients have (k = %i, together: %s)", (k, together) => {
    const kind = { latents: 5, m: 3, k, together, l1: k ? 0 : 0.2 };
    const one = new Autoencoder(kind, numbers(15, 3));
    one.theta.set(numbers(one.theta.length, 5));
    const size = 15;
    for (let j = 0; j < 5; j++) {
      const own = one.atoms.subarray(3 * j, 3 * j + 3);
      const length = Math.hypot(...own);
      own.forEach((x, d) => (own[d] = x / length));
    }
    const objective = (): number => {
      one.calibrate(rows);
      const { loss, activity } = one.losses(rows);
      return loss + one.kind.l1 * activity;
    };
    const quotients = Array.from(one.theta, (x, q) => {
      const step = 1e-6;
      one.theta[q] = x + step;
      const up = objective();
      one.theta[q] = x - step;
      const down = objective();
      one.theta[q] = x;
      return (up - down) / (2 * step);
    });
    // Atoms stay on the sphere: what is along them is taken out.
    for (let j = 0; j < 5; j++) {
      const at = size + 3 * j;
      const along = [0, 1, 2].reduce((sum, d) => sum + quotients[at + d]! * one.theta[at + d]!, 0);
      for (let d = 0; d < 3; d++) quotients[at + d]! -= along * one.theta[at + d]!;
    }
    one.differentiate(rows);
    quotients.forEach((slope, q) => expect(one.gradient[q]).toBeCloseTo(slope, 6));
  });

  it("keeps k codes, and its first step of Adam has the size of the rate", () => {
    const kind = { latents: 6, m: 3, together: false, l1: 0 };
    const one = new Autoencoder({ ...kind, k: 2 }, numbers(18, 9));
    const all = new Autoencoder({ ...kind, k: 0 }, numbers(18, 9));
    for (let row = 0; row < 30; row++) {
      const largest = [...all.encode(rows.h, row)].sort((a, b) => b - a).slice(0, 2);
      const kept = [...one.encode(rows.h, row)].filter((f) => f > 0).sort((a, b) => b - a);
      expect(kept).toEqual(largest.filter((f) => f > 0));
    }
    const before = one.theta.slice();
    one.learn(rows, 0.01);
    const bias = 2 * 18;
    const moved = Array.from(one.theta.subarray(bias), (x, q) => Math.abs(x - before[bias + q]!));
    const sloped = Array.from(one.gradient.subarray(bias), (g) => g !== 0);
    moved.forEach((size, q) => expect(size).toBeCloseTo(sloped[q] ? 0.01 : 0, 5));
    for (let j = 0; j < 6; j++)
      expect(Math.hypot(...one.atoms.subarray(3 * j, 3 * j + 3))).toBeCloseTo(1, 12);
  });

  it("keeps the largest codes of all samples together, and one threshold afterwards", () => {
    const kind = { latents: 6, m: 3, together: false, l1: 0 };
    const all = new Autoencoder({ ...kind, k: 0 }, numbers(18, 9));
    const one = new Autoencoder({ ...kind, k: 1, together: true }, numbers(18, 9));
    const codes = (of: Autoencoder) =>
      Array.from({ length: 30 }, (_, row) => [...of.encode(rows.h, row)]);
    // Row 4 is nine samples: 38 codes stay, or more where it is one of theirs that is the last.
    const flat = codes(all).flatMap((row, at) =>
      row.flatMap((f) => new Array<number>(rows.weight[at]!).fill(f)),
    );
    const last = flat.sort((a, b) => b - a)[37]!;
    one.calibrate(rows);
    const kept = codes(all).map((row) => row.map((f) => (f >= last ? f : 0)));
    expect(codes(one)).toEqual(kept);
    const counts = new Set(kept.map((row) => row.filter((f) => f > 0).length));
    expect(counts.size).toBeGreaterThan(2);
    const wide = new Autoencoder({ ...kind, k: 6, together: true }, numbers(18, 9));
    wide.calibrate(rows);
    expect(codes(wide)).toEqual(codes(all));
  });
});

const WISH: DictionaryWish = {
  ...{ n_latents: 5, architecture: "topk", k: 1, l1: 0, learning_rate: 3e-3 },
  ...{ seeds: 8, steps: 6000, steps_per_second: null, seed: 0 },
};

function job(wish: Partial<DictionaryWish> = {}, problem: object = {}): DictionaryJob {
  const live = new Live(
    state(problem, { steps: 3000, learning_rate: 0.005, batch_size: 256 }, 4),
    MEANS,
  );
  while (!live.ended) live.advance(1000);
  const source = { run: 2, moment: live.moment(), seed: live.best(true) };
  return new DictionaryJob(3, { ...WISH, ...wish }, source, MEANS);
}

describe("a dictionary in the page", () => {
  const told = (one: DictionaryJob) => decodeFrame(one.frame());

  it.each(["topk", "batchtopk"])("finds the features of a pentagon, and says so: %s", (kind) => {
    const sparse = { kind: "independent", n_features: 5, feature_probability: 0.05 };
    const one = job({ architecture: kind }, { distribution: sparse });
    one.advance(6000);
    const { header, arrays } = told(one);
    expect(header).toMatchObject({
      ...{ type: "dictionary", dictionary: 3, of: { run: 2, step: 3000 }, status: "done" },
      ...{ represented: 5, found: 5, k: 1, dead: 0 },
    });
    expect(arrays.cosines!.data[Number(header.seed)]).toBeGreaterThan(0.97);
    // 2048 samples of five features that are on with probability .05: five standard errors
    expect(Math.abs(Number(header.true_l0) - 0.25)).toBeLessThan(5 * Math.sqrt(0.2375 / 2048));
  });

  it("is the same however its steps are cut", () => {
    const [one, other] = [job({ steps: 60 }), job({ steps: 60 })];
    one.advance(60);
    for (const steps of [1, 20, 39]) other.advance(steps);
    expect([...told(one).arrays.W_dec!.data]).toEqual([...told(other).arrays.W_dec!.data]);
  });

  it("goes on from its weights at another price, of which fewer fire", () => {
    const one = job({ architecture: "relu", k: null, l1: 0.01 });
    one.advance(2000);
    const before = told(one);
    one.change(1);
    expect([...told(one).arrays.W_dec!.data]).toEqual([...before.arrays.W_dec!.data]);
    one.advance(2000);
    const after = told(one).header;
    expect(after.l1).toBe(1);
    expect(Number(after.l0)).toBeLessThan(0.7 * Number(before.header.l0));
  });

  it("refuses what it does not train in a line", () => {
    expect(() => job({ architecture: "gated", k: null })).toThrow("that needs `tegum explore`");
    expect(() => job({ k: 6 })).toThrow("SAE.k must be at most n_latents = 5; got 6");
    expect(() => job({ n_latents: 401 })).toThrow("too many latents");
  });
});
