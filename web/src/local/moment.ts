/** All models at one step: what is told of them together, and nothing of another step. */

import type { ServerState } from "../wire/messages";
import { type Weights, dimensionality } from "./factors";
import type { Arrays } from "./models";

export interface Moment {
  step: number;
  parameters: Arrays;
  shapes: Record<string, number[]>;
  /** As measured at the step `measured`; NaN before the first measurement, and of what diverged. */
  losses: Float64Array;
  measured: number | null;
  finite: boolean[];
  /** The description with the numbers of this step, and how many changes there were before. */
  numbers: ServerState;
  changes: number;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, side) => size * side, 1);

/** Which models have no parameter that is not finite. */
export function finiteOf(
  parameters: Arrays,
  shapes: Record<string, number[]>,
  N: number,
): boolean[] {
  return Array.from({ length: N }, (_, s) =>
    Object.entries(shapes).every(([name, shape]) => {
      const size = sizeOf(shape);
      return parameters[name]!.subarray(s * size, (s + 1) * size).every(Number.isFinite);
    }),
  );
}

/** One parameter of one model. */
export function parameter(
  { parameters, shapes }: Moment,
  name: string,
  seed: number,
): Float32Array {
  const size = sizeOf(shapes[name]!);
  return parameters[name]!.slice(seed * size, (seed + 1) * size);
}

/** The columns that are looked at: W, or W_in of an untied model; NaN of what diverged. */
export function directions(moment: Moment, seed: number): Weights {
  const name = "W" in moment.shapes ? "W" : "W_in";
  const [m, n] = moment.shapes[name] as [number, number];
  const data = parameter(moment, name, seed);
  return { data: moment.finite[seed] ? data : data.fill(Number.NaN), m, n };
}

/** D_i of each feature. */
export const shares = (moment: Moment, seed: number): number[] => {
  const W = directions(moment, seed);
  return dimensionality(W, [...Array(W.n).keys()]);
};

export const bytesOf = ({ parameters }: Moment): number =>
  Object.values(parameters).reduce((sum, array) => sum + array.byteLength, 0);
