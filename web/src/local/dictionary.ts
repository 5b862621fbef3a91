/** Dictionaries trained on the activations of the model that is looked at, truth and all. */

import { FOUND, cosines } from "../math/cosines";
import { Autoencoder, type Kind, type Rows } from "./autoencoder";
import { norms } from "./factors";
import { encodeFrame, tensor } from "./frames";
import type { Means } from "./live";
import { type Drawn, Models } from "./models";
import { type Moment, directions, parameter } from "./moment";
import { type Plan, planOf } from "./plan";
import { Refusal, elsewhere } from "./refusal";

/** Samples of a step, and those on which dictionaries are measured, so many at a time. */
const BATCH = 256;
const [MEASURED, CHUNK] = [2048, 1024];
/** What samples are drawn for, beside what models are trained and measured on. */
const [TRAIN, MEASURE, CALIBRATE] = [5, 6, 7];
const CALIBRATED = 4096;
/** Another dictionary is shown when its objective is lower by this part. */
const CLEARLY = 0.01;
const MOST_POINTS = 400;
const REPRESENTED = 0.5;
/** Kinds in which k says how many latents fire. */
const COUNTED = ["topk", "batchtopk"];

export interface DictionaryWish {
  n_latents: number;
  architecture: string;
  k: number | null;
  l1: number;
  learning_rate: number;
  seeds: number;
  steps: number;
  steps_per_second: number | null;
  seed: number;
}

/** The model of a seed, at a step of a run. */
export interface Source {
  run: number;
  moment: Moment;
  seed: number;
}

/** Samples that are alike are one row: those in which nothing is active. */
interface Sampled extends Rows {
  /** How many represented features are active, over all samples. */
  active: number;
}

export class DictionaryJob {
  private readonly number: number;
  private readonly wish: DictionaryWish;
  private readonly source: Source;
  private readonly kind: Kind;
  private readonly truth: { data: Float32Array; m: number; n: number };
  private readonly shift: Float32Array | null;
  private readonly rectified: boolean;
  private readonly represented: boolean[];
  private readonly samples: Models;
  private readonly all: Autoencoder[];
  private readonly held: Sampled;
  private readonly calibration: Sampled;
  private step = 0;
  private best = 0;
  private points: [step: number, best: number, median: number, l0: number][] = [];

  constructor(number: number, wish: DictionaryWish, source: Source, means: Means) {
    this.number = number;
    this.wish = wish;
    this.source = source;
    const { moment, seed } = source;
    const plan = planOf(moment.numbers);
    this.truth = directions(moment, seed) as { data: Float32Array; m: number; n: number };
    const { m } = this.truth;
    admit(wish, m, means);
    if (!moment.finite[seed]) throw new Refusal("invalid", `model ${seed} has diverged`);
    const k = COUNTED.includes(wish.architecture) ? wish.k! : 0;
    const together = wish.architecture === "batchtopk";
    this.kind = { latents: wish.n_latents, m, k, together, l1: wish.l1 };
    this.shift = plan.hiddenBias ? parameter(moment, "b_hidden", seed) : null;
    this.rectified = plan.reluHidden;
    this.represented = norms(this.truth).map((length) => length > REPRESENTED);
    this.samples = new Models({ ...plan, batch: BATCH }, 1, wish.seed);
    this.all = starts(plan, wish, this.kind);
    this.held = this.chunks(MEASURE, MEASURED);
    this.calibration = this.chunks(CALIBRATE, together ? CALIBRATED : 0);
  }

  /** So many samples that are drawn once. */
  private chunks(purpose: number, count: number): Sampled {
    const parts = Array.from({ length: count / CHUNK }, (_, part) =>
      this.activations(this.samples.drawn(part, purpose, 0, CHUNK), CHUNK),
    );
    return {
      h: Float64Array.from(parts.flatMap(({ h }) => [...h])),
      weight: Float64Array.from(parts.flatMap(({ weight }) => [...weight])),
      active: parts.reduce((sum, { active }) => sum + active, 0),
    };
  }

  get ended(): boolean {
    return this.step >= this.wish.steps;
  }

  /** Up to `steps` more; how many it were. All dictionaries see the same samples. */
  advance(steps: number): number {
    const done = Math.min(steps, this.wish.steps - this.step);
    for (let k = 0; k < done; k++) {
      const rows = this.activations(this.samples.drawn(0, TRAIN, this.step, BATCH), BATCH);
      for (const one of this.all) one.learn(rows, this.wish.learning_rate);
      this.step += 1;
    }
    return done;
  }

  /** The same dictionaries go on at another price of activity. */
  change(l1: number): void {
    this.kind.l1 = l1;
  }

  frame(): ArrayBuffer {
    const { latents, m, k, l1 } = this.kind;
    const { moment, run, seed } = this.source;
    const found = this.all.map((one) => this.recovered(one));
    for (const one of this.all) one.calibrate(this.calibration);
    const scores = this.all.map((one) => one.losses(this.held));
    this.choose(scores.map(({ loss, activity }) => loss + l1 * activity));
    const shown = this.all[this.best]!;
    const { rates, explained } = this.measured(shown);
    const l0 = rates.reduce((sum, rate) => sum + rate, 0);
    const known = found.filter(Number.isFinite).sort((a, b) => a - b);
    this.note(found[this.best]!, median(known), l0);
    const nearest = this.nearest(shown);
    const header = {
      type: "dictionary",
      dictionary: this.number,
      of: { run, step: moment.step, seed },
      step: this.step,
      steps: this.wish.steps,
      status: this.ended ? "done" : "running",
      seed: this.best,
      architecture: this.wish.architecture,
      k: k || null,
      l1,
      represented: this.represented.filter(Boolean).length,
      found: shown.finite ? nearest.filter((cosine) => cosine > FOUND).length : null,
      l0,
      true_l0: this.held.active / MEASURED,
      dead: rates.filter((rate) => rate === 0).length,
      explained_variance: explained,
      loss: scores[this.best]!.loss,
    };
    const column = (at: 0 | 1 | 2 | 3) => this.points.map((point) => point[at]);
    const points = this.points.length;
    return encodeFrame(header, {
      W: tensor(this.truth.data, m, this.truth.n),
      W_dec: tensor(Float32Array.from(shown.atoms), latents, m),
      rates: tensor(rates, latents),
      cosines: tensor(found, found.length),
      steps: tensor(column(0), points),
      best: tensor(column(1), points),
      median: tensor(column(2), points),
      l0: tensor(column(3), points),
    });
  }

  /** h = f(W x + b) of samples, of which those without an active feature are one row. */
  private activations({ sample, feature, value }: Drawn, count: number): Sampled {
    const { data, m, n } = this.truth;
    const h: number[] = [];
    const weight: number[] = [];
    let [row, last, active] = [-1, -1, 0];
    sample.forEach((s, t) => {
      if (s !== last) {
        for (let d = 0; d < m; d++) h.push(this.shift?.[d] ?? 0);
        weight.push(1);
        row += 1;
        last = s;
      }
      const i = feature[t]!;
      if (this.represented[i]) active += 1;
      for (let d = 0; d < m; d++) h[row * m + d]! += data[d * n + i]! * value[t]!;
    });
    if (weight.length < count) {
      for (let d = 0; d < m; d++) h.push(this.shift?.[d] ?? 0);
      weight.push(count - weight.length);
    }
    const all = Float64Array.from(h, (x) => (this.rectified && x < 0 ? 0 : x));
    return { h: all, weight: Float64Array.from(weight), active };
  }

  /** How often each latent fires, and the part of the variance that is rebuilt. */
  private measured(one: Autoencoder): { rates: Float64Array; explained: number | null } {
    const { h, weight } = this.held;
    const { latents, m } = this.kind;
    const rates = new Float64Array(latents);
    const mean = new Float64Array(m);
    weight.forEach((w, row) => {
      for (let d = 0; d < m; d++) mean[d]! += (w * h[row * m + d]!) / MEASURED;
    });
    let [missed, spread] = [0, 0];
    weight.forEach((w, row) => {
      const codes = one.encode(h, row);
      codes.forEach((f, j) => (rates[j]! += f > 0 ? w / MEASURED : 0));
      missed += w * one.miss(codes, h, row).reduce((sum, e) => sum + e * e, 0);
      for (let d = 0; d < m; d++) spread += w * (h[row * m + d]! - mean[d]!) ** 2;
    });
    const explained = spread > 0 ? 1 - missed / spread : Number.NaN;
    return { rates, explained: Number.isFinite(explained) ? explained : null };
  }

  /** Of each represented feature the largest cosine with an atom. */
  private nearest(one: Autoencoder): number[] {
    const { data, m, n } = this.truth;
    const { latents } = this.kind;
    const all = cosines(data, one.atoms, m, n);
    return Array.from({ length: n }, (_, i) => i)
      .filter((i) => this.represented[i])
      .map((i) => Math.max(...all.subarray(i * latents, (i + 1) * latents)));
  }

  private recovered(one: Autoencoder): number {
    const nearest = this.nearest(one);
    if (!one.finite || nearest.length === 0) return Number.NaN;
    return nearest.reduce((sum, cosine) => sum + cosine, 0) / nearest.length;
  }

  /** The lowest objective; dictionaries that are as good do not take turns. */
  private choose(objective: number[]): void {
    const known = objective.map((x) => (Number.isFinite(x) ? x : Infinity));
    const lowest = known.indexOf(Math.min(...known));
    if (known[lowest]! < (1 - CLEARLY) * known[this.best]!) this.best = lowest;
  }

  /** A point of the curves; every other one goes when there are too many. */
  private note(best: number, middle: number, l0: number): void {
    if (this.points.at(-1)?.[0] === this.step) this.points.pop();
    this.points.push([this.step, best, middle, l0]);
    if (this.points.length > MOST_POINTS) this.points = this.points.filter((_, at) => at % 2 === 0);
  }
}

/** Dictionaries with atoms of random directions: columns of a model at its start. */
function starts(plan: Plan, wish: DictionaryWish, kind: Kind): Autoencoder[] {
  const { latents, m } = kind;
  const block = { kind: "independent", size: 1, magnitude: 0, p: 0 };
  const random = new Models(
    {
      ...{ ...plan, n: latents, m, tied: true, hiddenBias: false, sigma: 1, batch: 1 },
      blocks: Array.from({ length: latents }, (_, start) => ({ ...block, start })),
      importance: new Array<number>(latents).fill(1),
    },
    wish.seeds,
    wish.seed,
  ).parameters().W!;
  return Array.from({ length: wish.seeds }, (_, s) => {
    const own = random.subarray(s * m * latents, (s + 1) * m * latents);
    const atoms = Array.from({ length: latents * m }, (_, q) => {
      const [j, d] = [Math.floor(q / m), q % m];
      return own[d * latents + j]!;
    });
    return new Autoencoder(kind, atoms);
  });
}

const median = (sorted: number[]): number =>
  sorted.length === 0
    ? Number.NaN
    : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;

/** Throws a `Refusal` for what this page does not train, or not so much of it. */
function admit(wish: DictionaryWish, m: number, { limits: { dictionary } }: Means): void {
  const { architecture, k, n_latents, seeds, steps } = wish;
  const counted = COUNTED.includes(architecture);
  if (architecture !== "relu" && !counted) throw elsewhere(`a dictionary of ${architecture}`);
  if (counted && !(k !== null && k <= n_latents))
    throw new Refusal("invalid", `SAE.k must be at most n_latents = ${n_latents}; got ${k}`);
  const atMost = (what: string, asked: number, most: number): void => {
    if (asked > most)
      throw new Refusal("limit", `too many ${what}: ${asked} asked for, ${most} at most`);
  };
  atMost("latents", n_latents, dictionary.latents);
  atMost("seeds of a dictionary", seeds, dictionary.seeds);
  atMost("steps of a dictionary", steps, dictionary.steps);
  atMost("weights of all dictionaries", 2 * n_latents * m * seeds, dictionary.weights);
}
