/** What the page is sent, and when: frames as they are drawn, analyses and histories more rarely. */

import type { Stamp, Status } from "../wire/messages";
import { Census } from "./census";
import { numbersOf } from "./description";
import { encodeFrame, integers, tensor } from "./frames";
import type { Live, Means } from "./live";
import { look } from "./looking";
import type { Polytope } from "./matching";
import { type Moment, directions, parameter, shares } from "./moment";

/** Frames that may be under way, sent and not drawn. */
const CREDIT = 2;
/** The shapes of all seeds are told while there are at most so many features in them together. */
const SHAPED = 2000;
const [ANALYSIS, HISTORY, COUNT, ASLEEP] = [500, 500, 20, 60_000];
/** The parts of the time that analyses and counts may take. */
const [ANALYSIS_SHARE, COUNT_SHARE] = [0.15, 0.1];

type Kind = "frame" | "analysis" | "traces";

export interface Outlet {
  frame(bytes: ArrayBuffer): void;
  text(message: object): void;
}

/** Nothing is ever queued: what is late is left out. Times are milliseconds. */
export class Screen {
  live: Live | null = null;
  run = 0;
  status: Status = "paused";
  selected: "best" | number = "best";
  all = false;
  fps = 30;
  past: Moment | null = null;
  private readonly outlet: Outlet;
  private readonly catalogue: readonly Polytope[];
  private readonly watchWeights: number;
  private frame = 0;
  private framed: number | null = null;
  private inFlight: number[] = [];
  private last = -1e9;
  private bases: ReturnType<typeof look>["bases"] = new Map();
  private pace: [number, number][] = [];
  private readonly wanted = new Set<Kind>();
  private census: Census;
  private counting = false;
  private analysisFrom = 0;
  private historyFrom = 0;
  private countFrom = 0;
  private historySeen = 0;

  constructor(outlet: Outlet, catalogue: readonly Polytope[], { limits }: Means) {
    this.outlet = outlet;
    this.catalogue = catalogue;
    this.watchWeights = limits.watch_weights;
    this.census = new Census(catalogue);
  }

  /** Another training is on. */
  start(live: Live, run: number): void {
    this.live = live;
    this.run = run;
    this.past = null;
    if (this.selected !== "best" && this.selected >= live.seeds) this.selected = "best";
    this.bases = new Map();
    this.census = new Census(this.catalogue);
    this.counting = false;
    this.historySeen = this.countFrom = 0;
    this.pace = [];
    this.inFlight = [];
    this.framed = null;
    this.last = -1e9;
    this.want("frame", "analysis", "traces");
  }

  want(...kinds: Kind[]): void {
    for (const kind of kinds) this.wanted.add(kind);
    if (kinds.includes("analysis")) this.analysisFrom = 0;
  }

  /** The training has gone on. */
  moved(): void {
    this.wanted.add("frame").add("analysis");
  }

  /** The page has drawn this frame and those before it. */
  drawn(frame: number): void {
    this.inFlight = this.inFlight.filter((sent) => sent > frame);
  }

  /** Whether the page has not drawn for long: a tab in the background. */
  asleep(): boolean {
    return this.inFlight.length >= CREDIT && performance.now() > this.last + ASLEEP;
  }

  /** Send what is due now. */
  show(): void {
    const { live } = this;
    if (!live) return;
    const now = performance.now();
    if (this.frameIn(now) === 0) this.showFrame(live, now);
    if (this.wanted.has("traces") && live.history.kept.length > 0) {
      this.wanted.delete("traces");
      this.outlet.frame(this.traces(live));
    }
    if (this.counting && now >= this.countFrom) this.countOn();
    if (this.wanted.has("analysis") && now >= this.analysisFrom) this.showAnalysis(live);
    const { version, steps } = live.history;
    if (version !== this.historySeen && now >= this.historyFrom) {
      this.historySeen = version;
      this.historyFrom = now + HISTORY;
      this.outlet.text({ type: "history", run: this.run, steps });
    }
  }

  /** Milliseconds until something may be due though nothing happens; null where nothing is. */
  wait(): number | null {
    if (!this.live) return null;
    const now = performance.now();
    const waits = [this.frameIn(now)];
    if (this.wanted.has("analysis")) waits.push(Math.max(0, this.analysisFrom - now));
    if (this.counting) waits.push(Math.max(0, this.countFrom - now));
    if (this.live.history.version !== this.historySeen)
      waits.push(Math.max(0, this.historyFrom - now));
    const known = waits.filter((wait) => wait !== null);
    return known.length > 0 ? Math.min(...known) : null;
  }

  seed(live: Live): number {
    return this.selected === "best" ? live.best(this.status !== "running") : this.selected;
  }

  private moment(live: Live): Moment {
    return this.past ?? live.moment();
  }

  /** Whether what is looked at changes by itself. */
  private moving(): boolean {
    return this.status === "running" && this.past === null;
  }

  private countOn(): void {
    const [start, moving] = [performance.now(), this.moving()];
    this.counting = !this.census.count(this.moment(this.live!), COUNT, moving);
    const took = performance.now() - start;
    this.countFrom = moving ? start + took / COUNT_SHARE : 0;
    if (!this.counting && !moving) this.want("analysis");
  }

  private frameIn(now: number): number | null {
    if (!this.wanted.has("frame") || this.inFlight.length >= CREDIT) return null;
    return Math.max(0, this.last + 1000 / this.fps - now);
  }

  private showFrame(live: Live, now: number): void {
    this.wanted.delete("frame");
    // the first frame does not wait for losses
    if (!this.past && live.history.kept.length > 0)
      live.probe(this.status === "paused" || this.status === "done");
    this.inFlight.push((this.frame += 1));
    this.last = now;
    const moment = this.moment(live);
    const seed = this.seed(live);
    if (this.framed !== null && this.framed !== seed) this.want("traces");
    this.framed = seed;
    const arrays = Object.fromEntries(
      Object.entries(moment.shapes).map(([name, shape]) => [
        name,
        tensor(parameter(moment, name, seed), ...shape),
      ]),
    );
    arrays.D = tensor(shares(moment, seed), moment.shapes.b![0]!);
    arrays.losses = tensor(moment.losses, live.seeds);
    const W = "W" in moment.shapes ? "W" : "W_in";
    const all = moment.parameters[W]!;
    if (this.all && all.length <= this.watchWeights)
      arrays.W_all = tensor(all, live.seeds, ...moment.shapes[W]!);
    const header = {
      type: "frame",
      frame: this.frame,
      ...this.stamp(moment, seed),
      status: this.status,
      finite: moment.finite[seed],
      loss: moment.losses[seed],
      measured: moment.measured,
      rate: this.rate(live, now),
      diverged: moment.finite.filter((finite) => !finite).length,
      numbers: numbersOf(moment.numbers),
    };
    this.outlet.frame(encodeFrame(header, arrays));
  }

  private showAnalysis(live: Live): void {
    this.wanted.delete("analysis");
    const start = performance.now();
    if (!this.past) live.score();
    const [moment, seed] = [this.moment(live), this.seed(live)];
    // the losses have made another the best: it is to be seen, too
    if (seed !== this.framed) this.want("frame", "traces");
    const W = directions(moment, seed);
    const found = look(W, this.bases, this.catalogue);
    this.bases = found.bases;
    const few = live.seeds * W.n <= SHAPED;
    const done = !few || this.census.count(moment, COUNT, this.moving());
    this.counting = !done;
    const header = {
      type: "analysis",
      ...this.stamp(moment, seed),
      ...found.header,
      shapes: few ? this.census.byName() : null,
      shapes_step: few ? this.census.step : null,
    };
    const none = new Float32Array(live.seeds).fill(Number.NaN);
    const arrays = {
      losses: tensor(this.past ? moment.losses : live.scores, live.seeds),
      loss_errors: tensor(this.past ? none : live.errors, live.seeds),
      basis: tensor(
        found.basis.flatMap((row) => [...row]),
        found.basis.length,
        W.m,
      ),
      factor_bases: tensor(
        found.factorBases.flatMap((rows) => rows.flatMap((row) => [...row])),
        found.factorBases.length,
        3,
        W.m,
      ),
    };
    this.outlet.frame(encodeFrame(header, arrays));
    const now = performance.now();
    this.analysisFrom = Math.max(start + ANALYSIS, now + (now - start) / ANALYSIS_SHARE);
    if (!done && this.moving()) this.wanted.add("analysis");
  }

  private traces(live: Live): ArrayBuffer {
    const { kept } = live.history;
    const seed = this.seed(live);
    const ranked = kept.map(({ losses }) => losses.filter(Number.isFinite).sort());
    const middle = (x: Float64Array): number => (x[(x.length - 1) >> 1]! + x[x.length >> 1]!) / 2;
    const arrays = {
      steps: integers(live.history.steps, kept.length),
      loss: tensor(
        kept.map(({ losses }) => losses[seed]!),
        kept.length,
      ),
      best: tensor(
        ranked.map((x) => x[0] ?? Number.NaN),
        kept.length,
      ),
      median: tensor(
        ranked.map((x) => middle(x)),
        kept.length,
      ),
      D: tensor(
        kept.flatMap((moment) => shares(moment, seed)),
        kept.length,
        kept[0]!.shapes.b![0]!,
      ),
    };
    const stamp = { ...this.stamp(kept.at(-1)!, seed), past: false };
    return encodeFrame({ type: "traces", ...stamp }, arrays);
  }

  private stamp({ step, changes }: Moment, seed: number): Stamp {
    const by = this.selected === "best" ? "best" : "seed";
    return { run: this.run, step, changes, past: this.past !== null, selected: { by, seed } };
  }

  private rate(live: Live, now: number): { steps: number; model_steps: number } {
    this.pace.push([now, live.step]);
    while (this.pace.length > 2 && now - this.pace[0]![0] > 1000) this.pace.shift();
    const [since, before] = this.pace[0]!;
    if (this.status !== "running" || now <= since) return { steps: 0, model_steps: 0 };
    const steps = (1000 * (live.step - before)) / (now - since);
    return { steps, model_steps: steps * live.seeds };
  }
}
