/** Each neuron as a stack of the weights that reach it, in the colours of the features. */

import type { Surface } from "./canvas";
import type { Scene } from "./scene";

const LEFT = 34;
const TOP = 8;
const BOTTOM = 22;
/** Weights smaller than this are too thin to draw. */
const LEAST = 0.02;

interface Piece {
  feature: number;
  neuron: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The pieces of all stacks: positive weights up from 0, negative ones down, largest first. */
export function stacks(scene: Scene, width: number, height: number): Piece[] {
  const { W, m, n } = scene.weights;
  const [up, down] = [new Float64Array(m), new Float64Array(m)];
  for (let k = 0; k < m; k++) {
    for (let i = 0; i < n; i++) {
      const w = W[k * n + i]!;
      if (w > 0) up[k]! += w;
      else down[k]! -= w || 0;
    }
  }
  const unit = (height - TOP - BOTTOM) / Math.max(Math.max(...up) + Math.max(...down), 1e-6);
  const ground = TOP + Math.max(...up) * unit;
  const slot = (width - LEFT) / m;
  const bar = Math.max(Math.min(slot * 0.75, 60), 1);
  const pieces: Piece[] = [];
  for (let k = 0; k < m; k++) {
    const order = Array.from({ length: n }, (_, i) => i).filter(
      (i) => Math.abs(W[k * n + i]!) > LEAST,
    );
    order.sort((a, b) => Math.abs(W[k * n + b]!) - Math.abs(W[k * n + a]!));
    let [high, low] = [ground, ground];
    for (const i of order) {
      const size = W[k * n + i]! * unit;
      const y = size > 0 ? (high -= size) : low;
      if (size < 0) low -= size;
      const x = LEFT + (k + 0.5) * slot - bar / 2;
      pieces.push({ feature: i, neuron: k, x, y, width: bar, height: Math.abs(size) });
    }
  }
  return pieces;
}

/** Draws the stacks, and knows where it has drawn each piece. */
export class Neurons {
  private pieces: Piece[] = [];

  draw({ context, width, height, theme }: Surface, scene: Scene): void {
    this.pieces = stacks(scene, width, height);
    const { m } = scene.weights;
    for (const { feature, x, y, width: w, height: h } of this.pieces) {
      context.globalAlpha = scene.alpha(feature);
      context.fillStyle = scene.colour(feature);
      context.fillRect(x, y, w, Math.max(h - 0.75, 0.5));
    }
    context.globalAlpha = 1;
    context.fillStyle = theme.quiet;
    context.font = `12px ${theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    const slot = (width - LEFT) / m;
    const every = [1, 2, 5, 10, 20, 50].find((step) => step * slot >= 20) ?? 100;
    for (let k = 0; k < m; k += every) {
      context.fillText(String(k), LEFT + (k + 0.5) * slot, height - 3);
    }
    context.textAlign = "right";
    context.fillText("W", LEFT - 8, height / 2);
  }

  /** The piece at a place. */
  at(x: number, y: number): Piece | null {
    const inside = (p: Piece): boolean =>
      x >= p.x && x <= p.x + p.width && y >= p.y && y <= p.y + p.height;
    return this.pieces.find(inside) ?? null;
  }
}
