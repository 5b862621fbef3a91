/** A phase diagram of trained models, cell by cell, beside the candidates' theory. */

import type { ServerState } from "../wire/messages";
import { complete } from "./description";
import { norms } from "./factors";
import { encodeFrame, integers, tensor } from "./frames";
import type { Means } from "./live";
import { Models } from "./models";
import { finiteOf } from "./moment";
import { planOf } from "./plan";
import { Refusal } from "./refusal";

/** What becomes of the extra feature. */
const OUTCOMES = ["not represented", "dedicated", "superposition"];
const [PROBABILITIES, RATIOS] = [
  [0.01, 1],
  [0.1, 10],
] as const;
const [REPRESENTED, DEDICATED] = [0.5, 0.1];

/** Outcome, length and superposition of the extra feature in each candidate of the theory. */
const CANDIDATES = {
  2: [
    [0, 0, 0],
    [1, 1, 0],
    [2, 1, 1],
  ],
  3: [
    [0, 0, 0],
    [1, 1, 0],
    [2, 1, 1],
    [1, 1, 0],
  ],
} as const;

export interface PhaseWish {
  n_features: 2 | 3;
  points: number;
  seeds: number;
  steps: number;
  bias: boolean;
  seed: number;
}

/** `points` numbers of equal ratio, the ends exactly. */
const geometric = ([low, high]: readonly [number, number], points: number): number[] =>
  Array.from({ length: points }, (_, k) =>
    k === points - 1 ? high : low * (high / low) ** (k / (points - 1)),
  );

/** The candidate of least loss, as `tegum.theory.phases` has them; of equal ones the first. */
export function winner(n: 2 | 3, r: number, p: number, bias: boolean): number {
  const dropped = bias ? p / 3 - (p * p) / 4 : p / 3;
  const pair = (p * p) / 6;
  const losses = [r * dropped, dropped, (1 + r) * pair, ...(n === 3 ? [2 * pair] : [])];
  return losses.indexOf(Math.min(...losses));
}

export class PhaseJob {
  readonly number: number;
  private readonly wish: PhaseWish;
  private readonly means: Means;
  private readonly probabilities: number[];
  private readonly ratios: number[];
  private readonly outcome: Int32Array;
  private readonly seed: Int32Array;
  private readonly measures: Record<"norm" | "superposition" | "loss", Float32Array>;
  private cell = 0;
  private step = 0;
  private models: Models | null = null;

  constructor(number: number, wish: PhaseWish, means: Means) {
    this.number = number;
    this.wish = wish;
    this.means = means;
    admit(wish, means);
    this.probabilities = geometric(PROBABILITIES, wish.points);
    this.ratios = geometric(RATIOS, wish.points);
    const cells = wish.points ** 2;
    this.outcome = new Int32Array(cells).fill(-1);
    this.seed = new Int32Array(cells).fill(-1);
    const none = (): Float32Array => new Float32Array(cells).fill(Number.NaN);
    this.measures = { norm: none(), superposition: none(), loss: none() };
  }

  get ended(): boolean {
    return this.cell >= this.outcome.length;
  }

  /** Up to `steps` more of the cell under way; how many it were. */
  advance(steps: number): number {
    this.models ??= this.begin();
    const done = Math.min(steps, this.wish.steps - this.step);
    this.models.advance(this.step, done);
    this.step += done;
    if (this.step >= this.wish.steps) this.finish(this.models);
    return done;
  }

  frame(): ArrayBuffer {
    const { n_features: n, points, bias } = this.wish;
    const theory = this.probabilities.flatMap((p) =>
      this.ratios.map((r) => CANDIDATES[n][winner(n, r, p, bias)]!),
    );
    const header = {
      type: "phase",
      phase: this.number,
      done: this.cell,
      total: points ** 2,
      status: this.ended ? "done" : "running",
      n_features: n,
      outcomes: OUTCOMES,
      probabilities: this.probabilities,
      ratios: this.ratios,
      state: this.state(1, 1),
    };
    const table = (data: ArrayLike<number>) => tensor(data, points, points);
    return encodeFrame(header, {
      theory: integers(
        theory.map(([outcome]) => outcome),
        points,
        points,
      ),
      theory_norm: table(theory.map(([, norm]) => norm)),
      theory_superposition: table(theory.map(([, , shared]) => shared)),
      outcome: integers(this.outcome, points, points),
      seed: integers(this.seed, points, points),
      norm: table(this.measures.norm),
      superposition: table(this.measures.superposition),
      loss: table(this.measures.loss),
    });
  }

  private state(p: number, r: number): ServerState {
    const { n_features: n, seeds, seed, steps, bias } = this.wish;
    return complete(this.means, {
      problem: {
        distribution: { kind: "independent", n_features: n, feature_probability: p },
        model: { kind: "relu_output", n_hidden: n - 1, bias },
        importance: [...new Array<number>(n - 1).fill(1), r],
      },
      training: { steps, learning_rate: 5e-3, schedule: "cosine" },
      seeds,
      seed,
    });
  }

  private begin(): Models {
    const p = this.probabilities[Math.floor(this.cell / this.wish.points)]!;
    const r = this.ratios[this.cell % this.wish.points]!;
    const { seeds, seed } = this.wish;
    return new Models(planOf(this.state(p, r)), seeds, seed);
  }

  private finish(models: Models): void {
    const { loss } = models.score();
    const parameters = models.parameters();
    const finite = finiteOf(parameters, models.shapes, loss.length);
    const known = loss.map((x, s) => (finite[s] && Number.isFinite(x) ? x : Infinity));
    const best = known.indexOf(Math.min(...known));
    const [m, n] = models.shapes.W as [number, number];
    const data = parameters.W!.subarray(best * m * n, (best + 1) * m * n);
    const length = norms({ data, m, n })[n - 1]!;
    let shared = 0;
    for (let j = 0; j < n - 1; j++) {
      let product = 0;
      for (let k = 0; k < m; k++) product += data[k * n + n - 1]! * data[k * n + j]!;
      shared += (product / (length || 1)) ** 2;
    }
    this.outcome[this.cell] = length > REPRESENTED ? (shared < DEDICATED ? 1 : 2) : 0;
    this.seed[this.cell] = best;
    this.measures.norm[this.cell] = length;
    this.measures.superposition[this.cell] = shared;
    this.measures.loss[this.cell] = known[best]!;
    this.cell += 1;
    this.step = 0;
    this.models = null;
  }
}

function admit({ points, seeds, steps }: PhaseWish, { limits: { phase } }: Means): void {
  const atMost = (what: string, asked: number, most: number): void => {
    if (asked > most)
      throw new Refusal("limit", `too many ${what}: ${asked} asked for, ${most} at most`);
  };
  atMost("points along a side", points, phase.points);
  atMost("seeds of a cell", seeds, phase.seeds);
  atMost("steps of a cell", steps, phase.steps);
}
