/** A window for tests and the curious: what is shown now, to be read and not written. */

import { atRest } from "../state/actions";
import { awaiting } from "../state/answers";
import * as session from "../state/session";
import { currentHash } from "./address";
import { currentScene, loop, updatesPerSecond, vectors } from "./stage";

const copy = (values: ArrayLike<number>): number[] => Array.from(values);

function scene() {
  const now = currentScene();
  if (!now) return null;
  const { n, m, W, out, b } = now.weights;
  return {
    n,
    m,
    W: copy(W),
    out: copy(out),
    b: copy(b),
    received: copy(now.received),
    lengths: copy(now.lengths),
    D: copy(now.D),
    losses: copy(now.losses),
    heldOut: now.heldOut && copy(now.heldOut),
    selected: now.selected,
    colours: now.colours.map((_, i) => now.colour(i)),
    factors: now.factors,
  };
}

export function offerHook(): void {
  const hook = Object.freeze({
    get state() {
      return session.state.value;
    },
    get configured() {
      return session.configured.value;
    },
    /** Whether what the controls ask for is what there is to see. */
    get settled() {
      const { frame, configured } = session;
      return atRest() && !session.blank.value && frame.value?.run === configured.value?.run;
    },
    /** What was asked for and is not there yet; null where nothing is. */
    get awaited() {
      return session.awaited.value;
    },
    /** Whether the picture, or what stands beside it, is older than what was asked for. */
    get marks() {
      return {
        blank: session.blank.value,
        awaiting: awaiting.value,
        analysis: session.analysisStale.value,
        census: session.censusStale.value,
        trace: session.traceStale.value,
      };
    },
    get settings() {
      return session.settings.value;
    },
    get view() {
      return session.view.value;
    },
    get status() {
      return session.status.value;
    },
    get frame() {
      const f = session.frame.value;
      return f && { ...f, arrays: Object.keys(f.arrays) };
    },
    get analysis() {
      const a = session.analysis.value;
      return a && { ...a, arrays: Object.keys(a.arrays) };
    },
    get scene() {
      return scene();
    },
    get drawn() {
      return { place: vectors.place, points: copy(vectors.points) };
    },
    get phase() {
      const p = session.phase.value;
      if (!p) return null;
      const arrays = Object.entries(p.arrays).map(([name, { data }]) => [name, copy(data)]);
      return { ...p, arrays: Object.fromEntries(arrays) };
    },
    get dictionary() {
      const d = session.dictionary.value;
      if (!d) return null;
      const arrays = Object.entries(d.arrays).map(([name, { data }]) => [name, copy(data)]);
      return { ...d, arrays: Object.fromEntries(arrays) };
    },
    get trace() {
      return session.trace;
    },
    get history() {
      return session.history.value;
    },
    get hovered() {
      return session.hovered.value;
    },
    get hash() {
      return currentHash();
    },
    get heldOut() {
      return copy(currentScene()?.heldOut ?? []);
    },
    /** Whether all that is in sight is drawn as it is now. */
    get painted() {
      return loop.idle;
    },
    get durations() {
      return copy(loop.durations);
    },
    updatesPerSecond,
  });
  Object.defineProperty(globalThis, "tegum", { value: hook });
}
