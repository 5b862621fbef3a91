/** The features as points of a plane or of space: which coordinates a picture uses. */

import { type Basis, axesBasis, principal, project, steady } from "../math/planes";
import type { Matrix } from "../math/geometry";
import type { Tensor } from "../wire/frame";
import type { Scene } from "./scene";

export interface Choice {
  plane: "principal" | "factor" | "axes";
  factor: number;
}

/** Remembers the last basis, so that the picture turns smoothly. */
export class Projector {
  private last: Basis | undefined;
  private lastKey = "";
  private readonly rank: 2 | 3;

  constructor(rank: 2 | 3) {
    this.rank = rank;
  }

  /** Coordinates of the features, (n, rank): their own where the hidden space is that small. */
  points(scene: Scene, choice: Choice): Float64Array {
    const { W, m, n } = scene.weights;
    const basis = this.basis(scene, choice);
    return project(W as Matrix, m, n, basis);
  }

  /** Points of other models in the coordinates that this one is drawn in. */
  hold(scene: Scene, choice: Choice): (other: Scene) => Float64Array {
    const basis = this.basis(scene, choice);
    return ({ weights: { W, m, n } }) => project(W as Matrix, m, n, basis);
  }

  private basis(scene: Scene, choice: Choice): Basis {
    const { W, m, n } = scene.weights;
    if (m <= this.rank || choice.plane === "axes") return axesBasis(m, this.rank);
    const key = `${choice.plane} ${choice.plane === "factor" ? choice.factor : ""} ${m}`;
    const features = choice.plane === "factor" ? scene.factors[choice.factor]?.features : undefined;
    const fresh = this.given(scene, choice) ?? principal(W as Matrix, m, n, this.rank, features);
    // A plane of one's own choosing is a jump; within one choice the picture stays still.
    const basis = key === this.lastKey ? steady(fresh, this.last) : fresh;
    this.last = basis;
    this.lastKey = key;
    return basis;
  }

  /** The server's basis, where it sent one: cheaper than an eigenvalue problem per frame. */
  private given(scene: Scene, { plane, factor }: Choice): Basis | undefined {
    const { m } = scene.weights;
    if (plane === "principal") return rowsOf(scene.basis, 0, this.rank, m);
    return rowsOf(scene.factorBases, factor * 3, this.rank, m);
  }
}

function rowsOf(tensor: Tensor | null, first: number, rank: number, m: number): Basis | undefined {
  if (!tensor || tensor.shape.at(-1) !== m) return undefined;
  const rows = Float64Array.from(tensor.data.subarray(first * m, (first + rank) * m));
  if (rows.length < rank * m) return undefined;
  return { rank, m, rows };
}
