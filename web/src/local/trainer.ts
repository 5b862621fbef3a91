/** When to train, and how far: slices of a training, at a speed, to a target, until its horizon. */

import type { Status } from "../wire/messages";
import type { Live } from "./live";
import { Refusal } from "./refusal";
import type { Screen } from "./screen";

/** How long a slice of training is meant to take: what waits in between waits no longer. */
const SLICE = 15;

/** How many steps make a slice. */
export class Pace {
  steps = 1;

  took(steps: number, milliseconds: number): void {
    if (steps <= 0) return;
    const wanted = Math.floor((steps * SLICE) / Math.max(milliseconds, 1e-3));
    this.steps = Math.max(1, Math.min(wanted, 2 * this.steps));
  }
}

export class Trainer {
  live: Live | null = null;
  private readonly screen: Screen;
  /** Where to pause. */
  private target: number | null = null;
  /** Steps per second. */
  private most: number | null = null;
  private pace = new Pace();
  /** When the training was set going, and at which step. */
  private since: [number, number] = [0, 0];

  constructor(screen: Screen) {
    this.screen = screen;
  }

  /** The training. Throws a `Refusal` without one. */
  get present(): Live {
    if (!this.live) throw new Refusal("state", "there is no training: configure one first");
    return this.live;
  }

  begin(live: Live, run: number): void {
    this.live = live;
    this.pace = new Pace();
    this.target = null;
    this.screen.status = "paused";
    this.screen.start(live, run);
  }

  /** On, to a step if one is given. */
  go(until: number | null): void {
    const live = this.present;
    if (this.screen.status === "failed")
      throw new Refusal("state", "the training has failed: restart or configure one");
    this.screen.past = null;
    if (live.ended || (until !== null && until <= live.step)) {
      this.stop(live.ended ? "done" : "paused");
      return;
    }
    this.screen.status = "running";
    this.target = until;
    this.since = [performance.now(), live.step];
    this.screen.want("frame");
  }

  /** No further; keep and show where it is. */
  stop(status: Status): void {
    if (this.live && status !== "failed" && this.live.history.kept.length > 0) this.live.record();
    this.screen.status = status;
    this.target = null;
    this.screen.want("frame", "analysis");
  }

  /** At most so fast from now on. */
  limit(stepsPerSecond: number | null): void {
    this.most = stepsPerSecond;
    if (this.live) this.since = [performance.now(), this.live.step];
  }

  /** Milliseconds until there is something to do; null where there is nothing. */
  wait(): number | null {
    const { live, most } = this;
    if (!live || this.screen.status === "failed") return null;
    if (live.history.kept.length === 0) return 0;
    if (this.screen.status !== "running" || this.screen.asleep()) return null;
    if (most === null || this.target !== null) return 0;
    const [start, step] = this.since;
    return Math.max(0, start + (1000 * (live.step + 1 - step)) / most - performance.now());
  }

  /** A slice, if it is time for one; the first picture comes before the first measurement. */
  work(): void {
    const { live } = this;
    if (!live || this.wait() !== 0) return;
    if (live.history.kept.length > 0) return this.slice(live);
    this.screen.show();
    live.record();
    this.screen.want("frame", "analysis", "traces");
  }

  private slice(live: Live): void {
    let { steps } = this.pace;
    const start = performance.now();
    if (this.target !== null) steps = Math.min(steps, this.target - live.step);
    else if (this.most !== null) {
      const [since, first] = this.since;
      const allowed = Math.floor(((start - since) / 1000) * this.most) + first - live.step;
      steps = Math.max(1, Math.min(steps, allowed));
    }
    const done = live.advance(steps);
    this.pace.took(done, performance.now() - start);
    this.screen.moved();
    if (live.ended) this.stop("done");
    else if (this.target !== null && live.step >= this.target) this.stop("paused");
  }
}
