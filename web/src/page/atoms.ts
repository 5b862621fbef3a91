/** The dictionary on the page: a scene of the model that it is of, and its atoms. */

import { computed } from "@preact/signals";

import { cosines, standsFor } from "../math/cosines";
import * as session from "../state/session";
import type { Dictionary } from "../wire/messages";
import type { Atoms } from "../views/atoms";
import { Projector } from "../views/projection";
import { Scene } from "../views/scene";

const flat = new Projector(2);
const spatial = new Projector(3);

/** A dictionary, and what follows from its numbers. */
export interface Shown {
  said: Dictionary;
  scene: Scene;
  latents: number;
  /** Of every feature and atom, (n, latents). */
  cosines: Float64Array;
  features: (number | null)[];
  dead: boolean[];
}

const shown = computed<Shown | null>(() => {
  const said = session.dictionary.value;
  const { W, W_dec, rates } = said?.arrays ?? {};
  if (!said || !W || !W_dec) return null;
  const [m = 0, n = 0] = W.shape;
  const nothing = new Float32Array(n);
  const weights = { n, m, W: W.data, out: W.data, b: nothing, hiddenBias: null };
  const scene = new Scene(weights, session.members.value, session.scheme.value);
  scene.hovered = session.hovered.value;
  const found = cosines(W.data as Float32Array, W_dec.data as Float32Array, m, n);
  const dead = Array.from(rates?.data ?? [], (rate) => rate === 0);
  const latents = W_dec.shape[0] ?? 0;
  return { said, scene, latents, cosines: found, features: standsFor(found, n), dead };
});

/** Peeked by what draws, read by what is written. */
export const shownDictionary = shown;

/** Whether it is of the training that is on the page; `model` too: of the very model shown. */
export const ofThisRun = computed(
  () => session.dictionary.value?.of.run === session.configured.value?.run,
);
export const ofThisModel = computed(() => {
  const [said, frame] = [session.dictionary.value, session.frame.value];
  if (!said || !frame) return true;
  const { run, step, seed } = said.of;
  return run === frame.run && step === frame.step && seed === frame.selected.seed;
});

/** The points of features, and atoms with theirs, in the plane or in space. */
export function placed(of: Shown, space: boolean): { points: Float64Array; atoms: Atoms } {
  const projector = space ? spatial : flat;
  const choice = session.view.peek();
  const usual = {
    ...choice,
    plane: choice.plane === "factor" ? "principal" : choice.plane,
  } as const;
  const points = projector.points(of.scene, usual);
  const { m } = of.scene.weights;
  const rows = of.said.arrays.W_dec!.data;
  const columns = new Float32Array(rows.length);
  for (let k = 0; k < of.latents; k++) {
    for (let d = 0; d < m; d++) columns[d * of.latents + k] = rows[k * m + d]!;
  }
  const weights = { ...of.scene.weights, n: of.latents, W: columns, out: columns };
  const own = projector.hold(of.scene, usual)(new Scene(weights, [], of.scene.scheme));
  return { points, atoms: { points: own, features: of.features, dead: of.dead } };
}
