/** ‖W_i‖ as bars in the colours of the features, with their superposition as a strip below. */

import { css, shared } from "../colour/scales";
import { REPRESENTED } from "../math/geometry";
import type { Surface } from "./canvas";
import type { Scene } from "./scene";

const LEFT = 30;
const STRIP = 10;
const BOTTOM = 34;
const TOP = 8;

/** Draws the bars, and knows where it has drawn each of them. */
export class Norms {
  private slot = 1;
  private n = 0;

  draw({ context, width, height, theme }: Surface, scene: Scene): void {
    const { n } = scene.weights;
    const highest = Math.max(1.1, ...scene.lengths.filter(Number.isFinite));
    const ground = height - BOTTOM;
    const unit = (ground - TOP) / highest;
    const slot = (width - LEFT) / n;
    Object.assign(this, { slot, n });
    context.font = `12px ${theme.font}`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const level of [0, REPRESENTED, 1]) {
      const y = ground - level * unit;
      context.fillStyle = theme.quiet;
      context.fillText(String(level), LEFT - 6, y);
      context.strokeStyle = theme.line;
      context.lineWidth = 1;
      context.setLineDash(level === REPRESENTED ? [4, 4] : []);
      context.beginPath();
      context.moveTo(LEFT, y);
      context.lineTo(width, y);
      context.stroke();
    }
    context.setLineDash([]);
    const crowding = scene.superposition;
    const bar = Math.max(Math.min(slot * 0.8, 46), Math.min(slot, 1));
    for (let i = 0; i < n; i++) {
      const x = LEFT + (i + 0.5) * slot - bar / 2;
      const size = Number.isFinite(scene.lengths[i]!) ? scene.lengths[i]! * unit : 0;
      context.globalAlpha = scene.alpha(i);
      context.fillStyle = scene.colour(i);
      context.fillRect(x, ground - size, bar, size);
      context.fillStyle = css(shared(crowding[i]!));
      context.fillRect(x, ground + 4, bar, STRIP);
    }
    context.globalAlpha = 1;
    drawNumbers(context, scene, slot, ground + STRIP + 14, theme.quiet);
  }

  /** The feature whose bar is above or below a place. */
  at(x: number): number | null {
    const i = Math.floor((x - LEFT) / this.slot);
    return i >= 0 && i < this.n ? i : null;
  }
}

/** As many of the features' numbers as fit. */
function drawNumbers(
  context: CanvasRenderingContext2D,
  scene: Scene,
  slot: number,
  y: number,
  colour: string,
): void {
  const every = [1, 2, 5, 10, 20, 50, 100].find((step) => step * slot >= 20) ?? 200;
  context.textAlign = "center";
  context.fillStyle = colour;
  for (let i = 0; i < scene.weights.n; i += every) {
    context.fillText(String(i), LEFT + (i + 0.5) * slot, y);
  }
}
