/** N models of one problem in the kernel's memory: a quad of four at a time. */

import { type Exports, instantiate } from "./kernel";
import type { Plan } from "./plan";

const KINDS = ["independent", "correlated", "anticorrelated"];
const [BLOCK, RECORD, LANES] = [20, 48, 4];
/** What samples are drawn for; the number of a quad keeps theirs apart. */
const [PROBE, HELD_OUT] = [2, 3];

export type Arrays = Record<string, Float32Array>;

/** What is active: in which sample, which feature, and how much. */
export interface Drawn {
  sample: Int32Array;
  feature: Int32Array;
  value: Float32Array;
}

export interface Scores {
  loss: Float64Array;
  error: Float64Array;
}

/**
 * The four models of a quad see the same samples, which no others do: their random numbers are
 * addressed by run seed, quad and step. So a model is the same in whatever company, as seed s is
 * always in lane s mod 4 of quad ⌊s/4⌋.
 */
export class Models {
  readonly seeds: number;
  readonly shapes: Record<string, number[]>;
  private readonly kernel: Exports;
  private readonly seed: bigint;
  private readonly quads: number[];
  private plan: Plan;

  constructor(plan: Plan, seeds: number, seed: number) {
    this.plan = plan;
    this.seeds = seeds;
    this.seed = BigInt(seed);
    this.kernel = instantiate();
    const { n, m, tied, bias, hiddenBias } = plan;
    const flags = [tied, bias, hiddenBias].map(Number) as [number, number, number];
    const first = this.kernel.setup(n, m, plan.batch, plan.blocks.length, ...flags);
    const size = this.kernel.sizeOfQuad();
    this.quads = Array.from({ length: Math.ceil(seeds / LANES) }, (_, k) => first + k * size);
    this.kernel.reserve(first + this.quads.length * size);
    this.adopt(plan);
    this.quads.forEach((q, k) => this.kernel.start(q, this.seed, k, plan.sigma));
    const weights: Record<string, number[]> = tied
      ? { W: [m, n] }
      : { W_in: [m, n], W_out: [n, m] };
    this.shapes = { ...weights, b: [n], ...(hiddenBias ? { b_hidden: [m] } : {}) };
  }

  /** Go on with other numbers; shapes are as they were. */
  adopt(plan: Plan): void {
    this.plan = plan;
    const { kernel } = this;
    const view = new DataView(kernel.memory.buffer);
    plan.blocks.forEach(({ kind, start, size, magnitude, p }, g) => {
      const at = kernel.lawAt() + BLOCK * g;
      [start, size, KINDS.indexOf(kind), magnitude].forEach((x, k) =>
        view.setInt32(at + 4 * k, x, true),
      );
      view.setFloat32(at + 16, p, true);
    });
    plan.importance.forEach((weight, i) => {
      for (let lane = 0; lane < LANES; lane++)
        view.setFloat32(kernel.recordsAt() + RECORD * i + 32 + 4 * lane, weight, true);
    });
    kernel.readLaw();
    const half = plan.l1 / 2; // sums of gradients lack the factor 2
    kernel.describe(plan.activation, Number(plan.reluHidden), plan.target, half);
    const { optimiser, schedule, steps, warmup, final, rate, decay, momentum } = plan;
    kernel.choose(optimiser, schedule, steps, warmup, final, rate, decay, momentum);
  }

  /** `count` steps more, from `from` on. */
  advance(from: number, count: number): void {
    const most = this.kernel.mostSteps();
    for (let done = 0; done < count; done += most) {
      const steps = Math.min(most, count - done);
      this.kernel.prepare(from + done, steps);
      this.quads.forEach((q, k) => this.kernel.train(q, this.seed, k, from + done, steps));
    }
  }

  /** All parameters by name, each (N, …) in C order; b is 0 where there is none. */
  parameters(): Arrays {
    const { n, m, tied, hiddenBias } = this.plan;
    const [weights, N] = [tied ? m : 2 * m, this.seeds];
    const found: Arrays = { b: new Float32Array(N * n) };
    for (const [name, shape] of Object.entries(this.shapes))
      found[name] ??= new Float32Array(N * shape.reduce((size, side) => size * side, 1));
    const memory = new Float32Array(this.kernel.memory.buffer);
    for (let s = 0; s < N; s++) {
      const lane = this.quads[s >> 2]! / 4 + (s & 3);
      const at = (i: number, k: number): number => memory[lane + LANES * (i * (weights + 1) + k)]!;
      for (let i = 0; i < n; i++) {
        for (let k = 0; k < m; k++) {
          found[tied ? "W" : "W_in"]![(s * m + k) * n + i] = at(i, k);
          if (!tied) found.W_out![(s * n + i) * m + k] = at(i, m + k);
        }
        found.b![s * n + i] = at(i, weights);
      }
      for (let k = 0; hiddenBias && k < m; k++) found.b_hidden![s * m + k] = at(n, k);
    }
    return found;
  }

  /** The loss of each on one fresh batch. */
  probe(step: number): Float64Array {
    return this.measure(PROBE, step, this.plan.batch, (k) => k).loss;
  }

  /** On held-out samples, which are the same for all. */
  score(): Scores {
    return this.measure(HELD_OUT, 0, this.plan.heldOut, () => 0);
  }

  /** The active features of `count` samples, at most 1024 or a batch of them, in their order. */
  drawn(quad: number, purpose: number, step: number, count: number): Drawn {
    const { kernel, seed } = this;
    const found = kernel.draw(kernel.keyOf(seed, quad, purpose, step), count);
    const { buffer } = kernel.memory;
    return {
      sample: new Int32Array(buffer, kernel.samplesAt(), found),
      feature: new Int32Array(buffer, kernel.featuresAt(), found),
      value: new Float32Array(buffer, kernel.valuesAt(), found),
    };
  }

  private measure(
    purpose: number,
    step: number,
    count: number,
    quad: (k: number) => number,
  ): Scores {
    const [loss, error] = [new Float64Array(this.seeds), new Float64Array(this.seeds)];
    this.quads.forEach((q, k) => {
      this.kernel.measure(q, this.seed, quad(k), purpose, step, count);
      const totals = new Float64Array(this.kernel.memory.buffer, this.kernel.totalsAt(), 2 * LANES);
      for (let lane = 0; lane < LANES && LANES * k + lane < this.seeds; lane++) {
        const mean = totals[lane]! / count;
        const variance = Math.max(totals[LANES + lane]! / count - mean * mean, 0);
        loss[LANES * k + lane] = mean;
        error[LANES * k + lane] = Math.sqrt(variance / Math.max(count - 1, 1));
      }
    });
    return { loss, error };
  }
}
