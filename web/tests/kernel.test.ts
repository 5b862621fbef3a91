/** The training kernel against loops written by hand, in double precision. */

import { describe, expect, it } from "vitest";

import type { Exports } from "../src/local/kernel";
import { Models } from "../src/local/models";
import type { Block, Plan } from "../src/local/plan";

const alone = (n: number, p: number, magnitude = 0): Block[] =>
  Array.from({ length: n }, (_, start) => ({ kind: "independent", start, size: 1, magnitude, p }));

const sets = (kind: string, count: number, size: number, p: number): Block[] =>
  Array.from({ length: count }, (_, g) => ({ kind, start: g * size, size, magnitude: 0, p }));

const plan = (n: number, m: number, changes: Partial<Plan> = {}): Plan => ({
  ...{ n, m, tied: true, bias: true, hiddenBias: false, reluHidden: false },
  ...{ activation: 0, target: 0, optimiser: 0, schedule: 0, l1: 0 },
  blocks: alone(n, 0.2),
  importance: Array.from({ length: n }, (_, i) => Math.fround(0.9 ** i)),
  ...{ batch: 64, heldOut: 2048, steps: 100, warmup: 0, final: 0 },
  ...{ rate: 0.01, decay: 0, momentum: 0.9, sigma: 0.7 },
  ...changes,
});

/** What tests read of the kernel of some models. */
const inner = (models: Models) => (models as unknown as { kernel: Exports }).kernel;

const SEED = 11;
/** The samples (batch, n) of a step of quad 0, as the kernel draws them. */
function batchOf(models: Models, p: Plan, step: number): number[][] {
  const { n, m, batch, blocks } = p;
  const kernel = inner(models);
  const key = kernel.keyOf(BigInt(SEED), 0, 1, step);
  const x = Array.from({ length: batch }, () => new Array<number>(n).fill(0));
  const mean = blocks.reduce((sum, { p }) => sum + p, 0) / blocks.length;
  const plain = p.tied && !p.reluHidden && p.activation + p.target === 0;
  const dense = plain && m <= 3 && mean >= 0.3 && blocks.every(({ size }) => size === 1);
  if (dense) {
    kernel.startDense(key);
    for (let from = 0; from < batch; from += 8) {
      kernel.denseTile(key, from);
      const tile = new Float32Array(kernel.memory.buffer, kernel.tileAt(), 8 * n);
      for (let s = 0; s < 8; s++) for (let i = 0; i < n; i++) x[from + s]![i] = tile[8 * i + s]!;
    }
    return x;
  }
  const count = kernel.draw(key, batch);
  const read = <T>(Kind: new (b: ArrayBufferLike, at: number, size: number) => T, at: number): T =>
    new Kind(kernel.memory.buffer, at, count);
  const samples = read(Int32Array, kernel.samplesAt());
  const features = read(Int32Array, kernel.featuresAt());
  const values = read(Float32Array, kernel.valuesAt());
  samples.forEach((s, t) => (x[s]![features[t]!] = values[t]!));
  return x;
}

const F = [
  [(z: number) => Math.max(z, 0), (z: number) => Number(z > 0)],
  [(z: number) => z, () => 1],
  [(z: number) => (z > 0 ? z : 0.01 * z), (z: number) => (z > 0 ? 1 : 0.01)],
  [(z: number) => z * z, (z: number) => 2 * z],
] as const;
const T = [
  (x: number) => x,
  Math.abs,
  (x: number) => Math.max(x, 0),
  (x: number) => x * x,
  (x: number) => x ** 3,
  Math.sign,
  (x: number) => Number(x > 0),
];

interface Model {
  win: number[][]; // (m, n)
  wout: number[][]; // (n, m)
  b: number[];
  c: number[];
}

/** Loss of a batch and its gradient, sample by sample, straight from the definition. */
function byHand(p: Plan, { win, wout, b, c }: Model, batch: number[][]) {
  const zero = (rows: number, columns: number) =>
    Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  const g = { win: zero(p.m, p.n), wout: zero(p.n, p.m), b: zero(1, p.n)[0]!, c: zero(1, p.m)[0]! };
  const [f, df] = F[p.activation]!;
  let loss = 0;
  for (const x of batch) {
    const a = win.map((row, k) => row.reduce((sum, w, i) => sum + w * x[i]!, c[k]!));
    const h = a.map((z) => (p.reluHidden ? Math.max(z, 0) : z));
    const dh = h.map((v) => p.l1 * Math.sign(v));
    wout.forEach((row, i) => {
      const z = row.reduce((sum, w, k) => sum + w * h[k]!, b[i]!);
      const error = f(z) - T[p.target]!(x[i]!);
      loss += p.importance[i]! * error * error;
      const d = 2 * p.importance[i]! * error * df(z);
      if (p.bias) g.b[i]! += d;
      row.forEach((w, k) => {
        g.wout[i]![k]! += d * h[k]!;
        dh[k]! += d * w;
      });
    });
    dh.forEach((d, k) => {
      const slope = p.reluHidden ? Number(a[k]! > 0) : 1;
      if (p.hiddenBias) g.c[k]! += d * slope;
      x.forEach((v, i) => (g.win[k]![i]! += d * slope * v));
    });
  }
  const mean = (v: number): number => v / batch.length;
  return {
    loss: loss / batch.length,
    win: g.win.map((row) => row.map(mean)),
    wout: g.wout.map((row) => row.map(mean)),
    b: g.b.map(mean),
    c: g.c.map(mean),
  };
}

/** Parameters of model `s` as rows of numbers. */
function modelOf(models: Models, p: Plan, s: number): Model {
  const found = models.parameters();
  const rows = (name: string, count: number, width: number): number[][] =>
    Array.from({ length: count }, (_, k) =>
      Array.from(found[name]!.subarray((s * count + k) * width, (s * count + k + 1) * width)),
    );
  const win = rows(p.tied ? "W" : "W_in", p.m, p.n);
  const turned = Array.from({ length: p.n }, (_, i) => win.map((row) => row[i]!));
  return {
    win,
    wout: p.tied ? turned : rows("W_out", p.n, p.m),
    b: rows("b", 1, p.n)[0]!,
    c: p.hiddenBias ? rows("b_hidden", 1, p.m)[0]! : new Array<number>(p.m).fill(0),
  };
}

/** The parameters one after the other, with their gradient; of a tied model W's is the sum of both. */
function flat(p: Plan, { win, wout, b, c }: Model): number[] {
  return [...win.flat(), ...(p.tied ? [] : wout.flat()), ...b, ...(p.hiddenBias ? c : [])];
}

function gradientOf(p: Plan, model: Model, batch: number[][]): number[] {
  const g = byHand(p, model, batch);
  if (!p.tied) return flat(p, g);
  return flat(p, { ...g, win: g.win.map((row, k) => row.map((v, i) => v + g.wout[i]![k]!)) });
}

/** Adam, AdamW and SGD from their papers, on plain numbers. */
function descend(
  p: Plan,
  theta: number[],
  gradient: number[],
  state: number[][],
  t: number,
): number[] {
  return theta.map((w, k) => {
    const g = gradient[k]! + (p.optimiser === 1 ? 0 : p.decay * w);
    if (p.optimiser === 2) return w - p.rate * (state[0]![k] = p.momentum * state[0]![k]! + g);
    const m = (state[0]![k] = 0.9 * state[0]![k]! + 0.1 * g);
    const v = (state[1]![k] = 0.999 * state[1]![k]! + 0.001 * g * g);
    const kept = p.optimiser === 1 ? (1 - p.rate * p.decay) * w : w;
    return kept - (p.rate * m) / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
  });
}

const CASES: [string, Plan][] = [
  ["small", plan(5, 2)],
  ["one dimension", plan(2, 1, { blocks: alone(2, 0.05), importance: [1, 0.5] })],
  ["five dimensions, no bias", plan(9, 5, { bias: false })],
  ["dense", plan(5, 2, { blocks: alone(5, 1) })],
  ["dense, three dimensions, no bias", plan(6, 3, { blocks: alone(6, 0.5), bias: false })],
  ["more dimensions", plan(12, 7)],
  ["linear", plan(6, 3, { activation: 1, blocks: alone(6, 0.4, 1) })],
  ["leaky", plan(5, 2, { activation: 2 })],
  ["quadratic", plan(4, 2, { activation: 3 })],
  ["neurons", plan(6, 3, { reluHidden: true, hiddenBias: true, l1: 0.05 })],
  [
    "two layers",
    plan(3, 6, { tied: false, reluHidden: true, target: 1, blocks: alone(3, 0.5, 1) }),
  ],
  ...[2, 3, 4, 5, 6].map((target): [string, Plan] => [
    `target ${target}`,
    plan(4, 2, { target, blocks: alone(4, 0.3, 1) }),
  ]),
  ["correlated sets", plan(6, 2, { blocks: sets("correlated", 3, 2, 0.2) })],
  ["anticorrelated sets", plan(6, 2, { blocks: sets("anticorrelated", 2, 3, 0.4) })],
  [
    "features of unequal probability",
    plan(4, 2, { blocks: alone(4, 0.3).map((b, i) => ({ ...b, p: 0.1 * i })) }),
  ],
  ["AdamW", plan(5, 2, { optimiser: 1, decay: 0.1 })],
  ["Adam with decay", plan(5, 2, { decay: 0.1 })],
  ["SGD", plan(5, 2, { optimiser: 2, decay: 0.01, rate: 0.05 })],
];

describe("three steps of the kernel", () => {
  it.each(CASES)("are those of a loop by hand: %s", (_, p) => {
    const models = new Models(p, 3, SEED);
    const start = modelOf(models, p, 1);
    models.advance(0, 1); // biases are away from 0, where slopes jump
    models.advance(1, 2);
    let theta = flat(p, start);
    const state = [theta.map(() => 0), theta.map(() => 0)];
    const again = (numbers: number[]): Model => {
      const rest = [...numbers];
      const take = (rows: number, width: number) =>
        Array.from({ length: rows }, () => rest.splice(0, width));
      const win = take(p.m, p.n);
      const wout = p.tied ? win[0]!.map((_, i) => win.map((row) => row[i]!)) : take(p.n, p.m);
      return { win, wout, b: take(1, p.n)[0]!, c: p.hiddenBias ? take(1, p.m)[0]! : start.c };
    };
    for (let t = 1; t <= 3; t++) {
      const gradient = gradientOf(p, again(theta), batchOf(models, p, t - 1));
      theta = descend(p, theta, gradient, state, t);
    }
    const found = flat(p, modelOf(models, p, 1));
    found.forEach((w, k) => expect(Math.abs(w - theta[k]!)).toBeLessThan(2e-5));
    expect(Math.max(...theta.map((w, k) => Math.abs(w - flat(p, start)[k]!)))).toBeGreaterThan(
      1e-3,
    );
  });

  it.each(CASES)("measure the loss of that loop: %s", (_, p) => {
    const models = new Models(p, 3, SEED);
    models.advance(0, 20);
    const kernel = inner(models);
    const count = 1024;
    const x = Array.from({ length: count }, () => new Array<number>(p.n).fill(0));
    const drawn = kernel.draw(kernel.keyOf(BigInt(SEED), 0, 2, 20), count);
    const at = (from: number, t: number) =>
      new DataView(kernel.memory.buffer).getInt32(from + 4 * t, true);
    const value = (t: number) =>
      new Float32Array(kernel.memory.buffer, kernel.valuesAt() + 4 * t, 1)[0]!;
    for (let t = 0; t < drawn; t++)
      x[at(kernel.samplesAt(), t)]![at(kernel.featuresAt(), t)] = value(t);
    const found = new Models({ ...p, batch: count }, 3, SEED);
    found.advance(0, 0);
    const { loss } = byHand(p, modelOf(models, p, 2), x);
    const measured = (models as unknown as { measure: Function }).measure(
      2,
      20,
      count,
      (k: number) => k,
    );
    expect(measured.loss[2] / loss).toBeCloseTo(1, 4);
  });
});

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
