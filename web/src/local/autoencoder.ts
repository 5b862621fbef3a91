/** Sparse autoencoders in plain arithmetic: f = g(W_enc (h − b_dec) + b_enc), h' = W_decᵀ f + b_dec. */

/** Activations (rows, m), and how many samples each row stands for. */
export interface Rows {
  h: Float64Array;
  weight: Float64Array;
}

/**
 * What a dictionary is: its sizes, how many codes stay (0: all positive ones), of each sample or
 * together, on average, and its price.
 */
export interface Kind {
  latents: number;
  m: number;
  k: number;
  together: boolean;
  l1: number;
}

const [B1, B2, EPSILON] = [0.9, 0.999, 1e-8];

export class Autoencoder {
  readonly kind: Kind;
  /** W_enc and W_dec (latents, m), b_enc (latents), b_dec (m), one after the other. */
  readonly theta: Float64Array;
  readonly gradient: Float64Array;
  private readonly moment: Float64Array;
  private readonly square: Float64Array;
  private readonly codes: Float64Array;
  private readonly top: Float64Array;
  private readonly error: Float64Array;
  /** What is left of the first moments' and squares' zeros: powers of B1 and B2. */
  private left = 1;
  private leftOfSquares = 1;
  /** The largest code that does not stay, where they are counted together. */
  private threshold = 0;

  /** `atoms` (latents, m) are brought to norm 1; W_enc begins as W_dec, biases as 0. */
  constructor(kind: Kind, atoms: ArrayLike<number>) {
    this.kind = kind;
    const { latents, m } = kind;
    const size = latents * m;
    this.theta = new Float64Array(2 * size + latents + m);
    this.theta.set(Array.from(atoms), size);
    this.gradient = new Float64Array(this.theta.length);
    this.moment = new Float64Array(this.theta.length);
    this.square = new Float64Array(this.theta.length);
    this.codes = new Float64Array(latents);
    this.top = new Float64Array(latents);
    this.error = new Float64Array(m);
    this.normalise();
    this.theta.copyWithin(0, size, 2 * size);
  }

  get atoms(): Float64Array {
    const size = this.kind.latents * this.kind.m;
    return this.theta.subarray(size, 2 * size);
  }

  get finite(): boolean {
    return this.theta.every(Number.isFinite);
  }

  /** The codes of a row of activations, in an array that the next call writes anew. */
  encode(h: Float64Array, row: number): Float64Array {
    const { latents, k, together } = this.kind;
    const codes = this.rectify(h, row);
    if (together) {
      for (let j = 0; j < latents; j++) if (codes[j]! <= this.threshold) codes[j] = 0;
    } else if (k > 0 && k < latents) {
      const limit = this.largest(k);
      for (let j = 0; j < latents; j++) if (codes[j]! < limit) codes[j] = 0;
    }
    return codes;
  }

  /** The positive codes of a row, in the same array. */
  private rectify(h: Float64Array, row: number): Float64Array {
    const { latents, m } = this.kind;
    const { theta, codes } = this;
    const [bias, last] = [2 * latents * m, 2 * latents * m + latents];
    for (let j = 0; j < latents; j++) {
      let z = theta[bias + j]!;
      for (let d = 0; d < m; d++) z += theta[j * m + d]! * (h[row * m + d]! - theta[last + d]!);
      codes[j] = z > 0 ? z : 0;
    }
    return codes;
  }

  /** Sets the threshold, where there is one, by which k codes of a sample stay on average. */
  calibrate({ h, weight }: Rows): void {
    const { k, together } = this.kind;
    if (!together) return;
    const all: number[] = [];
    for (let row = 0; row < weight.length; row++)
      for (const f of this.rectify(h, row))
        if (f > 0) for (let copy = 0; copy < weight[row]!; copy++) all.push(f);
    const most = k * weight.reduce((sum, w) => sum + w, 0);
    this.threshold = 0;
    if (all.length <= most) return;
    const sorted = Float64Array.from(all).sort();
    let at = sorted.length - most;
    while (at > 0 && sorted[at - 1] === sorted[sorted.length - most]) at -= 1;
    if (at > 0) this.threshold = sorted[at - 1]!;
  }

  /** The k-th largest code: those that are larger move down a row of k. */
  private largest(k: number): number {
    const { codes, top } = this;
    top.fill(0, 0, k);
    for (const f of codes) {
      let at = k - 1;
      if (f <= top[at]!) continue;
      for (; at > 0 && top[at - 1]! < f; at--) top[at] = top[at - 1]!;
      top[at] = f;
    }
    return top[k - 1]!;
  }

  /** h' − h of codes, in an array that the next call writes anew. */
  miss(codes: Float64Array, h: Float64Array, row: number): Float64Array {
    const { latents, m } = this.kind;
    const { theta, error } = this;
    const [decode, last] = [latents * m, 2 * latents * m + latents];
    for (let d = 0; d < m; d++) error[d] = theta[last + d]! - h[row * m + d]!;
    for (let j = 0; j < latents; j++) {
      const f = codes[j]!;
      if (f !== 0) for (let d = 0; d < m; d++) error[d]! += f * theta[decode + j * m + d]!;
    }
    return error;
  }

  /** Mean ‖h − h'‖² and mean Σ f over the samples. */
  losses({ h, weight }: Rows): { loss: number; activity: number } {
    let [loss, activity, total] = [0, 0, 0];
    for (let row = 0; row < weight.length; row++) {
      const codes = this.encode(h, row);
      const active = codes.reduce((sum, f) => sum + f, 0);
      const error = this.miss(codes, h, row);
      loss += weight[row]! * error.reduce((sum, e) => sum + e * e, 0);
      activity += weight[row]! * active;
      total += weight[row]!;
    }
    return { loss: loss / total, activity: activity / total };
  }

  /** `gradient` <- that of the mean of ‖h − h'‖² + λ Σ f, atoms' along the sphere. */
  differentiate(rows: Rows): void {
    this.calibrate(rows);
    const { h, weight } = rows;
    const { latents, m, l1 } = this.kind;
    const { theta, gradient } = this;
    const [decode, bias, last] = [latents * m, 2 * latents * m, 2 * latents * m + latents];
    gradient.fill(0);
    const total = weight.reduce((sum, w) => sum + w, 0);
    for (let row = 0; row < weight.length; row++) {
      const share = weight[row]! / total;
      const codes = this.encode(h, row);
      const error = this.miss(codes, h, row);
      for (let d = 0; d < m; d++) gradient[last + d]! += 2 * share * error[d]!;
      for (let j = 0; j < latents; j++) {
        const f = codes[j]!;
        if (f === 0) continue;
        let along = 0;
        for (let d = 0; d < m; d++) along += error[d]! * theta[decode + j * m + d]!;
        const back = share * (2 * along + l1);
        gradient[bias + j]! += back;
        for (let d = 0; d < m; d++) {
          gradient[decode + j * m + d]! += 2 * share * f * error[d]!;
          gradient[j * m + d]! += back * (h[row * m + d]! - theta[last + d]!);
          gradient[last + d]! -= back * theta[j * m + d]!;
        }
      }
    }
    for (let j = 0; j < latents; j++) {
      let along = 0;
      for (let d = 0; d < m; d++)
        along += gradient[decode + j * m + d]! * theta[decode + j * m + d]!;
      for (let d = 0; d < m; d++)
        gradient[decode + j * m + d]! -= along * theta[decode + j * m + d]!;
    }
  }

  /** A step of Adam on these activations; atoms are brought back to norm 1. */
  learn(rows: Rows, rate: number): void {
    this.differentiate(rows);
    this.left *= B1;
    this.leftOfSquares *= B2;
    const { theta, gradient, moment, square } = this;
    const lr = rate / (1 - this.left);
    const correction = 1 / (1 - this.leftOfSquares);
    for (let q = 0; q < theta.length; q++) {
      const g = gradient[q]!;
      moment[q] = B1 * moment[q]! + (1 - B1) * g;
      square[q] = B2 * square[q]! + (1 - B2) * g * g;
      theta[q]! -= (lr * moment[q]!) / (Math.sqrt(square[q]! * correction) + EPSILON);
    }
    this.normalise();
  }

  private normalise(): void {
    const { latents, m } = this.kind;
    const { atoms } = this;
    for (let j = 0; j < latents; j++) {
      let size = 0;
      for (let d = 0; d < m; d++) size += atoms[j * m + d]! ** 2;
      if (size > 0) for (let d = 0; d < m; d++) atoms[j * m + d]! /= Math.sqrt(size);
    }
  }
}
