/** A trained Dataset as the notebook sends it: the models of all points of all axes. */

import type { Membership } from "../colour/features";
import type { Scheme } from "../colour/scales";
import { Scene, weightsOf } from "../views/scene";
import { decodeFrame, type Numbers, type Tensor } from "../wire/frame";
import type { Draw, Factor } from "../wire/messages";

export interface Axis {
  name: string;
  values: (number | string)[];
}

export interface Dataset {
  n_features: number;
  n_hidden: number;
  seeds: number;
  neurons: boolean;
  axes: Axis[];
  draws: Draw[];
  checkpoints: number[];
  shapes: string[];
  factors: Factor[][];
  arrays: Record<string, Tensor>;
}

export function readDataset(buffer: ArrayBuffer): Dataset {
  const { header, arrays } = decodeFrame(buffer);
  if (header.type !== "dataset") throw new Error(`expected a dataset, got a ${header.type}`);
  return { ...(header as unknown as Omit<Dataset, "arrays">), arrays };
}

/** The places along the axes of a point, whose number counts them in C order. */
export function placesOf(axes: readonly Axis[], point: number): number[] {
  const places: number[] = [];
  let rest = point;
  for (const { values } of [...axes].reverse()) {
    places.unshift(rest % values.length);
    rest = Math.floor(rest / values.length);
  }
  return places;
}

export function pointOf(axes: readonly Axis[], places: readonly number[]): number {
  return axes.reduce((point, { values }, k) => point * values.length + (places[k] ?? 0), 0);
}

/** Entry `index` along the first axes of a tensor, e.g. one model of (P, N, m, n). */
export function entry(tensor: Tensor, index: readonly number[]): Tensor {
  const shape = tensor.shape.slice(index.length);
  const size = shape.reduce((product, side) => product * side, 1);
  const flat = index.reduce((place, k, axis) => place * tensor.shape[axis]! + k, 0);
  return { shape, data: tensor.data.subarray(flat * size, (flat + 1) * size) as Numbers };
}

export const bestSeed = (d: Dataset, point: number): number => d.arrays.best?.data[point] ?? 0;

/** The sets of the features, from the on/off draws. */
export function membersOf(draws: readonly Draw[]): Membership[] {
  return draws.flatMap(({ size }, set) =>
    Array.from({ length: size }, (_, place) => ({ set, place, size })),
  );
}

interface Wish {
  point: number;
  /** −1: the best. */
  seed: number;
  /** Position among the checkpoints of the best seed; null: the trained model. */
  checkpoint: number | null;
  hovered: number | null;
}

export function sceneOf(d: Dataset, wish: Wish, scheme: Scheme): Scene | null {
  const { point, checkpoint } = wish;
  const best = bestSeed(d, point);
  const seed = wish.seed < 0 ? best : wish.seed;
  const arrays: Record<string, Tensor> = {};
  for (const name of ["W", "W_in", "W_out", "b", "b_hidden"]) {
    const all = d.arrays[name];
    if (all) arrays[name] = entry(all, [point, seed]);
  }
  const kept = d.arrays.W_checkpoint ?? d.arrays.W_in_checkpoint;
  if (checkpoint !== null && kept) {
    // What was kept of the way there are the encoders alone.
    arrays.W = entry(kept, [point, checkpoint]);
    for (const name of ["W_in", "W_out", "b", "b_hidden"]) delete arrays[name];
  }
  const weights = weightsOf(arrays);
  if (!weights) return null;
  const scene = new Scene(weights, membersOf(d.draws), scheme);
  scene.hovered = wish.hovered;
  scene.selected = seed;
  scene.neurons = d.neurons;
  if (d.arrays.loss) scene.losses = entry(d.arrays.loss, [point]).data;
  if (seed === best) {
    scene.factors = d.factors[point] ?? [];
    if (d.arrays.basis) scene.basis = entry(d.arrays.basis, [point]);
  }
  return scene;
}
