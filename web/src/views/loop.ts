/**
 * Draws what has changed, once per animation frame and never for long.
 *
 * Views that are out of date wait in a queue. An animation frame draws from it until its time is
 * used up and leaves the rest to the next one, so that no task holds up the page.
 */

/** Milliseconds that one animation frame may spend on drawing, beyond its first view. */
const BUDGET = 12;
const KEPT = 300;

export interface Drawable {
  draw(): void;
  /** Least time between two drawings, in milliseconds; 0: with every frame. */
  interval: number;
  /** Views that nobody sees wait until they come into sight. */
  visible: boolean;
}

interface Entry {
  view: Drawable;
  stale: boolean;
  last: number;
}

export class Loop {
  /** Called after the views of an animation frame are drawn. */
  after: () => void = () => undefined;
  private entries: Entry[] = [];
  private pending = false;
  /** Milliseconds that the last animation frames took, at most `KEPT` of them. */
  readonly durations: number[] = [];

  add(view: Drawable): () => void {
    const entry = { view, stale: true, last: Number.NEGATIVE_INFINITY };
    this.entries.push(entry);
    this.schedule();
    return () => {
      this.entries = this.entries.filter((other) => other !== entry);
    };
  }

  /** Every view, or the given one, is out of date. */
  invalidate(view?: Drawable): void {
    for (const entry of this.entries) if (!view || entry.view === view) entry.stale = true;
    this.schedule();
  }

  /** Every view at once, in sight or not: paper shows them all. */
  drawAll(): void {
    for (const { view } of this.entries) view.draw();
  }

  /** Whether no view in sight is out of date. */
  get idle(): boolean {
    return !this.entries.some(({ stale, view }) => stale && view.visible);
  }

  private schedule(): void {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame((now) => this.tick(now));
  }

  private tick(now: number): void {
    this.pending = false;
    const start = performance.now();
    // Those that every frame draws come first; among the others, those that waited longest.
    const due = this.entries.filter(({ stale, view }) => stale && view.visible);
    due.sort((a, b) => a.view.interval - b.view.interval || a.last - b.last);
    let waiting = false;
    for (const entry of due) {
      const early = now - entry.last < entry.view.interval;
      if (early || performance.now() - start > BUDGET) {
        waiting = true;
        continue;
      }
      entry.stale = false;
      entry.last = now;
      entry.view.draw();
    }
    this.after();
    this.durations.push(performance.now() - start);
    if (this.durations.length > KEPT) this.durations.shift();
    if (waiting) this.schedule();
  }
}
