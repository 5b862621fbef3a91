/** The model on the page: a scene of what the server said last, and its drawing. */

import { computed, effect } from "@preact/signals";

import * as session from "../state/session";
import { acknowledge } from "../state/actions";
import { awaiting } from "../state/answers";
import { listen } from "../state/hearing";
import { Loop } from "../views/loop";
import { Projector } from "../views/projection";
import { Scene, weightsOf } from "../views/scene";
import type { Space } from "../views/space";
import { Vectors } from "../views/vectors";

export const loop = new Loop();
export const flat = new Projector(2);
export const spatial = new Projector(3);
/** The plane picture, as it was drawn last. */
export const vectors = new Vectors();
/** The picture in space, where it is open. */
export const open: { space: Space | null } = { space: null };

let drawnFrame = -1;
let drawnRun = -1;
/** When frames were drawn, for the rate that the tests read; the last few seconds. */
const drawnAt: number[] = [];

let last: Scene | null = null;

/** Built when somebody looks, so that nobody sees an older one than the server's last word. */
const scene = computed<Scene | null>(() => {
  const frame = session.frame.value;
  if (!frame) return (last = null);
  const weights = weightsOf(frame.arrays);
  if (!weights) return last;
  const made = new Scene(weights, session.members.value, session.scheme.value);
  const analysis = session.analysis.value;
  made.losses = frame.arrays.losses?.data ?? made.losses;
  made.selected = frame.selected.seed;
  made.hovered = session.hovered.value;
  made.neurons = session.configured.value?.neurons ?? false;
  if (analysis && !session.analysisStale.value) made.heldOut = analysis.arrays.losses?.data ?? null;
  if (analysis && !session.censusStale.value) made.shapes = analysis.shapes ?? [];
  // What an analysis says of features is of the model that it looked at.
  const same = analysis?.run === frame.run && analysis.selected.seed === frame.selected.seed;
  if (same && frame.finite) {
    made.factors = analysis.factors;
    made.basis = analysis.arrays.basis ?? null;
    made.factorBases = analysis.arrays.factor_bases ?? null;
  }
  last = made;
  return made;
});

/** The model to draw; null before the first frame. */
export const currentScene = (): Scene | null => scene.peek();

/** Tell the server that a frame was drawn, once. */
function report(): void {
  const frame = session.frame.value;
  if (!frame || (frame.frame === drawnFrame && frame.run === drawnRun)) return;
  drawnFrame = frame.frame;
  drawnRun = frame.run;
  drawnAt.push(performance.now());
  if (drawnAt.length > 400) drawnAt.splice(0, 200);
  acknowledge(frame);
}

/** Frames drawn per second over the last `seconds`. */
export function updatesPerSecond(seconds = 2): number {
  const since = performance.now() - 1000 * seconds;
  return drawnAt.filter((time) => time > since).length / seconds;
}

function mark(dataset: DOMStringMap, name: string, on: boolean): void {
  if (on) dataset[name] = "";
  else delete dataset[name];
}

export function start(): void {
  loop.after = report;
  effect(() => {
    session.hovered.value;
    session.scheme.value;
    session.view.value;
    session.members.value;
    loop.invalidate();
  });
  // What is shown of an older state is marked by the style sheet, without waiting for anybody.
  const { dataset } = document.documentElement;
  effect(() => mark(dataset, "blank", session.blank.value));
  effect(() => mark(dataset, "awaiting", awaiting.value));
  effect(() => {
    session.blank.value;
    loop.invalidate();
  });
  listen(globalThis.location, () => loop.invalidate());
}
