/** Steps that are kept for time travel: log-spaced, and bounded in memory. */

import { type Moment, bytesOf } from "./moment";

/** Kept steps lie this far apart, as a ratio, counted from the last change of numbers. */
const RATIO = 1.1;
const MOST = 400;
/** Kept steps after which a change of numbers begins a new log spacing. */
const SETTLED = 8;

/** In rising order. Where they take too much memory, every second one goes. */
export class History {
  kept: Moment[] = [];
  /** Grows whenever kept steps change. */
  version = 0;
  private origin = 0;
  private readonly mostBytes: number;

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }

  get steps(): number[] {
    return this.kept.map(({ step }) => step);
  }

  /** Log spacing is counted from `step` on; soon after another such step nothing changes. */
  restartAt(step: number): void {
    const since = this.kept.filter((moment) => moment.step >= this.origin).length;
    if (since >= SETTLED) this.origin = step;
  }

  /** The next step to keep. */
  nextDue(): number {
    const last = this.kept.at(-1)?.step ?? -1;
    if (last < this.origin) return this.origin;
    const since = last - this.origin;
    return this.origin + Math.max(since + 1, Math.ceil(since * RATIO));
  }

  keep(moment: Moment): void {
    if (this.kept.at(-1)?.step === moment.step) this.kept.pop();
    this.kept.push(moment);
    while ((this.bytes() > this.mostBytes || this.kept.length > MOST) && this.kept.length > 2) {
      const last = this.kept.pop()!;
      this.kept = [...this.kept.filter((_, k) => k % 2 === 0), last];
    }
    this.version += 1;
  }

  /** The last kept step at or before `step`; the first one where none is. */
  at(step: number): Moment | null {
    return this.kept.findLast((moment) => moment.step <= step) ?? this.kept[0] ?? null;
  }

  private bytes(): number {
    return this.kept.reduce((sum, moment) => sum + bytesOf(moment), 0);
  }
}
