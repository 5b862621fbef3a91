/** What the views draw: one model, with the numbers that follow from its weights. */

import { featureColours, type Membership } from "../colour/features";
import { css, type Rgb, type Scheme } from "../colour/scales";
import { dimensionality, gram, norms, product, superposition } from "../math/geometry";
import type { Numbers, Tensor } from "../wire/frame";
import type { Factor } from "../wire/messages";

export interface Weights {
  n: number;
  m: number;
  /** The encoder, (m, n): W, or W_in of a model whose two matrices are trained apart. */
  W: Numbers;
  /** The decoder as (m, n), the same as W unless trained apart. */
  out: Numbers;
  b: Numbers;
  hiddenBias: Numbers | null;
}

/** The weights in the arrays of a frame; null when there are none. */
export function weightsOf(arrays: Record<string, Tensor>): Weights | null {
  const W = arrays.W ?? arrays.W_in;
  if (!W) return null;
  const [m = 0, n = 0] = W.shape;
  const b = arrays.b?.data ?? new Float32Array(n);
  const decoder = arrays.W_out;
  const out = decoder ? transposed(decoder.data, n, m) : W.data;
  return { n, m, W: W.data, out, b, hiddenBias: arrays.b_hidden?.data ?? null };
}

function transposed(data: Numbers, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < columns; k++) out[k * rows + i] = data[i * columns + k]!;
  }
  return out;
}

/** One model and how it is shown. Matrices are computed when a view first asks for them. */
export class Scene {
  readonly weights: Weights;
  readonly scheme: Scheme;
  readonly colours: readonly Rgb[];
  readonly members: readonly Membership[];
  readonly lengths: Float64Array;
  losses: Numbers = new Float32Array(0);
  heldOut: Numbers | null = null;
  selected = -1;
  hovered: number | null = null;
  factors: readonly Factor[] = [];
  /** Rows that span the principal subspace, (k, m). */
  basis: Tensor | null = null;
  factorBases: Tensor | null = null;
  shapes: readonly { name: string; seeds: number[] }[] = [];
  neurons = false;
  private overlaps: Float64Array | undefined;
  private own: Float64Array | undefined;

  constructor(weights: Weights, members: readonly Membership[], scheme: Scheme) {
    this.weights = weights;
    this.scheme = scheme;
    const alone = { set: 0, place: 0, size: 1 };
    this.members = Array.from({ length: weights.n }, (_, i) => members[i] ?? { ...alone, set: i });
    this.colours = featureColours(this.members, scheme);
    this.lengths = norms(weights.W as Float32Array, weights.m, weights.n);
  }

  get tied(): boolean {
    return this.weights.out === this.weights.W;
  }

  /** What output i receives of feature j: WᵀW, or W_out·W_in. */
  get received(): Float64Array {
    const { W, out, m, n } = this.weights;
    this.overlaps ??= this.tied
      ? gram(W as Float32Array, m, n)
      : product(out as Float32Array, W as Float32Array, m, n);
    return this.overlaps;
  }

  /** Inner products of the feature directions. */
  get gram(): Float64Array {
    const { W, m, n } = this.weights;
    if (this.tied) return this.received;
    this.own ??= gram(W as Float32Array, m, n);
    return this.own;
  }

  get D(): Float64Array {
    return dimensionality(this.gram, this.weights.n);
  }

  get superposition(): Float64Array {
    return superposition(this.gram, this.weights.n);
  }

  colour(i: number, alpha = 1): string {
    return css(this.colours[i] ?? [128, 128, 128], alpha);
  }

  /** Features not under the pointer step back while one is. */
  alpha(i: number): number {
    return this.hovered === null || this.hovered === i ? 1 : 0.25;
  }
}
