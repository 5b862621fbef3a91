/** Work beside the training, in slices of time: a phase diagram, or a dictionary. */

import { Pace } from "./trainer";

/** What is worked on, and a picture of it. */
export interface Job {
  readonly ended: boolean;
  /** Up to `steps` more; how many it were. */
  advance(steps: number): number;
  frame(): ArrayBuffer;
}

/** At most one job, which is told of every so many milliseconds of it, and when it ends. */
export class Beside<J extends Job> {
  job: J | null = null;
  number = 0;
  private readonly send: (frame: ArrayBuffer) => void;
  private readonly every: number;
  private pace = new Pace();
  private shown = 0;
  /** Steps per second. */
  private most: number | null = null;
  private since = 0;
  private done = 0;

  constructor(send: (frame: ArrayBuffer) => void, every: number) {
    this.send = send;
    this.every = every;
  }

  /** Another one, made with the next number, of which a picture is sent at once. */
  begin(job: J, most: number | null = null): void {
    this.job = job;
    this.pace = new Pace();
    this.most = most;
    this.since = performance.now();
    this.done = 0;
    this.show();
  }

  end(): void {
    this.job = null;
  }

  /** Milliseconds until there is something to do; null where there is nothing. */
  wait(): number | null {
    if (!this.job) return null;
    if (this.most === null) return 0;
    const due = this.since + (1000 * (this.done + 1)) / this.most;
    return Math.max(0, due - performance.now());
  }

  /** A slice of it, if it is time for one. */
  work(): void {
    const { job } = this;
    if (!job || this.wait() !== 0) return;
    const start = performance.now();
    let { steps } = this.pace;
    if (this.most !== null) {
      const due = Math.floor(((start - this.since) / 1000) * this.most) - this.done;
      steps = Math.max(1, Math.min(steps, due));
    }
    const done = job.advance(steps);
    this.done += done;
    const now = performance.now();
    this.pace.took(done, now - start);
    if (job.ended || now - this.shown >= this.every) this.show();
    if (job.ended) this.job = null;
  }

  private show(): void {
    if (!this.job) return;
    this.send(this.job.frame());
    this.shown = performance.now();
  }
}
