/** Which shape each of N models has, all of them at one step, counted a part at a time. */

import { shapeName } from "./factors";
import type { Polytope } from "./matching";
import { type Moment, directions } from "./moment";

/** Steps before which models are as they were made, near enough. */
const FORMED = 100;

export class Census {
  /** The step of the counts that are there; null before the first. */
  step: number | null = null;
  private names: string[] = [];
  private counted: string[] = [];
  private underWay: Moment | null = null;
  private readonly catalogue: readonly Polytope[];

  constructor(catalogue: readonly Polytope[]) {
    this.catalogue = catalogue;
  }

  /**
   * Go on for so many milliseconds; whether the counts are those of this moment. `finish`: what was
   * begun at an earlier step is ended first; of the first steps nothing is worth the wait.
   */
  count(moment: Moment, milliseconds: number, finish = false): boolean {
    if (this.step === moment.step) {
      this.underWay = null;
      return true;
    }
    const old = this.underWay;
    if (!old || (old.step !== moment.step && !(finish && old.step >= FORMED))) {
      this.underWay = moment;
      this.counted = [];
    }
    const now = this.underWay!;
    const end = performance.now() + milliseconds;
    const total = now.finite.length;
    while (this.counted.length < total) {
      this.counted.push(shapeName(directions(now, this.counted.length), this.catalogue));
      if (performance.now() > end) break;
    }
    if (this.counted.length === total) {
      this.step = now.step;
      this.names = this.counted;
      this.underWay = null;
    }
    return this.step === moment.step;
  }

  /** Each shape and the seeds that have it, the most frequent first. */
  byName(): { name: string; seeds: number[] }[] {
    const seeds = new Map<string, number[]>();
    this.names.forEach((name, seed) => seeds.set(name, [...(seeds.get(name) ?? []), seed]));
    return [...seeds]
      .sort(([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1))
      .map(([name, members]) => ({ name, seeds: members }));
  }
}
