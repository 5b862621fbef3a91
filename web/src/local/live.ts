/** A training under way: its models, its numbers, and which of them is the best. */

import type { Limits, Offer, ServerState } from "../wire/messages";
import { changed, complete } from "./description";
import { History } from "./history";
import { Models } from "./models";
import { type Moment, finiteOf } from "./moment";
import { type LocalLimits, type Plan, admit, planOf } from "./plan";
import { Refusal } from "./refusal";

/** Probing all models takes this part of the time at most, but for steps that are kept. */
const PROBE_SHARE = 0.15;
/** Steps before which models are as they were made, near enough: none is the best for long. */
const FORMED = 100;
/** Another model becomes the best one when its loss is lower by this part … */
const CLEARLY = 0.002;
/** … of the larger, or of this part of what a model loses that predicts 0. */
const FLOOR = 1e-4;

type Values = Record<string, number | number[]>;

interface Kept {
  changes: number;
  watch_weights: number;
  history_bytes: number;
  dictionary: Limits["dictionary"] & { weights: number };
}

export interface Means extends Offer {
  limits: Limits & LocalLimits & Kept;
}

/** Changes that the state lists are made again at their steps. Throws a `Refusal`. */
export class Live {
  /** What the training began with. */
  readonly first: ServerState;
  /** The numbers as they are. */
  now: ServerState;
  step = 0;
  changes = 0;
  repeatable = true;
  readonly models: Models;
  /** What the kernel was told at first. */
  readonly plan: Plan;
  readonly history: History;
  scores: Float64Array;
  errors: Float64Array;
  private losses: Float64Array;
  private readonly means: Means;
  private ahead: [number, Values][];
  private readonly made: [number, Values][] = [];
  private measured: number | null = null;
  private scored: number | null = null;
  private probeFrom = 0;
  /** The best at the last step that was kept; before there is one, what was shown last. */
  private chosen: number | null = null;
  private early: number | null = null;
  private readonly blank: number;

  constructor(given: ServerState, means: Means) {
    this.means = means;
    const first = complete(means, given);
    this.first = { ...first, changes: [] };
    this.now = this.first;
    this.ahead = (first.changes ?? []) as [number, Values][];
    settled(means, first); // its changes must be possible, all of them
    const plan = (this.plan = planOf(this.first));
    admit(plan, first.seeds, means.limits);
    if (this.ahead.length > means.limits.changes)
      throw new Refusal("limit", `too many changes: ${this.ahead.length} asked for`);
    this.models = new Models(plan, first.seeds, first.seed);
    const zero = new Models({ ...plan, sigma: 0 }, 1, 0);
    this.blank = zero.score().loss[0]!;
    this.history = new History(means.limits.history_bytes);
    this.losses = this.none();
    this.scores = this.none();
    this.errors = this.none();
    this.makeDue();
  }

  get seeds(): number {
    return this.first.seeds;
  }

  get horizon(): number {
    return Number(this.now.training.steps);
  }

  get ended(): boolean {
    return this.step >= this.horizon;
  }

  /** The models as they are, with the losses that were measured last. */
  moment(): Moment {
    const parameters = this.models.parameters();
    const { shapes } = this.models;
    const finite = finiteOf(parameters, shapes, this.seeds);
    const losses = this.losses.map((x, s) => (finite[s] ? x : Number.NaN));
    const { step, measured, changes, now } = this;
    return { step, parameters, shapes, losses, measured, finite, numbers: now, changes };
  }

  /** Up to `steps` more, to the next step of note at most; how many it were. */
  advance(steps: number): number {
    const here = this.step;
    const stops = [here + steps, this.horizon, Math.max(this.history.nextDue(), here + 1)];
    if (this.ahead[0]) stops.push(this.ahead[0][0]);
    const done = Math.max(Math.min(...stops) - here, 0);
    if (done > 0) this.models.advance(here, done);
    this.step += done;
    this.makeDue();
    if (this.step >= this.history.nextDue()) {
      this.record();
      if (this.step >= FORMED) this.choose();
    }
    return done;
  }

  /** Keep this step for time travel, with its losses. */
  record(): void {
    this.probe(true);
    this.history.keep(this.moment());
  }

  /** Go on with other numbers; what was still to be repeated is given up. Throws a `Refusal`. */
  change(values: Values): void {
    const next = changed(this.means, this.now, values);
    admit(planOf(next), this.seeds, this.means.limits);
    this.ahead = [];
    const last = this.made.at(-1);
    if (last && last[0] === this.step) Object.assign(last[1], values);
    else if (this.made.length < this.means.limits.changes)
      this.made.push([this.step, { ...values }]);
    else this.repeatable = false;
    this.apply(next);
  }

  /** What would repeat this training. */
  state(): ServerState {
    return { ...this.first, changes: [...this.made, ...this.ahead] };
  }

  /** The numbers as they are, without a past. */
  fresh(seed: number | null): ServerState {
    return { ...settled(this.means, this.state()), seed: seed ?? this.first.seed };
  }

  /** Measure losses on a fresh batch each, unless that was done or takes too much time. */
  probe(force = false): void {
    const start = performance.now();
    if (this.measured === this.step || (!force && start < this.probeFrom)) return;
    this.losses = this.models.probe(this.step);
    this.measured = this.step;
    const end = performance.now();
    this.probeFrom = end + (end - start) / PROBE_SHARE;
  }

  /** Measure `scores` and `errors` on held-out samples, unless they are of this step. */
  score(): void {
    if (this.scored === this.step) return;
    const { loss, error } = this.models.score();
    const { finite } = this.moment();
    this.scores = loss.map((x, s) => (finite[s] ? x : Number.NaN));
    this.errors = error.map((x, s) => (finite[s] ? x : Number.NaN));
    this.scored = this.step;
  }

  /**
   * The model of lowest held-out loss; equally good ones do not take turns. `still`: the training
   * stands, and which one it is depends on the steps alone, not on how often one looked at it.
   */
  best(still: boolean): number {
    if (still) {
      this.score();
      return this.better(this.chosen, this.scores) ?? this.chosen ?? 0;
    }
    const scored = this.scores.some(Number.isFinite);
    if (this.chosen === null)
      this.early = this.better(scored ? this.early : null, scored ? this.scores : this.losses);
    return this.chosen ?? this.early ?? 0;
  }

  /** The model with the lowest of these losses, or the one before where that is as good. */
  private better(now: number | null, known: Float64Array): number | null {
    let lowest: number | null = null;
    known.forEach((x, s) => {
      if (Number.isFinite(x) && (lowest === null || x < known[lowest]!)) lowest = s;
    });
    if (lowest === null || now === null || !Number.isFinite(known[now])) return lowest ?? now;
    const [one, other] = [known[lowest]!, known[now]!];
    const size = Math.max(Math.abs(one), Math.abs(other), FLOOR * this.blank);
    return Math.abs(one - other) > CLEARLY * size ? lowest : now;
  }

  private choose(): void {
    this.score();
    this.chosen = this.better(this.chosen, this.scores);
  }

  private makeDue(): void {
    while (this.ahead[0] && this.ahead[0][0] <= this.step) {
      const entry = this.ahead.shift()!;
      this.made.push(entry);
      this.apply(changed(this.means, this.now, entry[1]));
    }
  }

  private apply(next: ServerState): void {
    this.now = next;
    this.models.adopt(planOf(next));
    this.changes += 1;
    this.history.restartAt(this.step);
    this.losses = this.none();
    this.scores = this.none();
    this.errors = this.none();
    this.measured = this.scored = null;
    this.probeFrom = 0;
  }

  private none(): Float64Array {
    return new Float64Array(this.first.seeds).fill(Number.NaN);
  }
}

/** The numbers as they are after all changes. */
function settled(means: Means, state: ServerState): ServerState {
  let now: ServerState = { ...state, changes: [] };
  for (const [, values] of state.changes ?? []) now = changed(means, now, values);
  return now;
}
