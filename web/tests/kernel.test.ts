/** The training kernel against loops written by hand, in double precision. */

import { describe, expect, it } from "vitest";

import { Models } from "../src/local/models";
import type { Plan } from "../src/local/plan";
import { SEED, alone, batchOf, inner, plan, sets } from "./plans";

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
