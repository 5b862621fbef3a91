/** All N models by their loss, lowest first; one shape, one colour. */

import { css, cycle } from "../colour/scales";
import { short } from "../math/format";
import type { Surface } from "./canvas";
import type { Scene } from "./scene";

const LEFT = 62;
const BOTTOM = 24;
const TOP = 10;
const RIGHT = 10;

export interface Dot {
  seed: number;
  x: number;
  y: number;
  loss: number;
}

/** Seeds in order of loss; those that diverged last. */
export function ranking(losses: ArrayLike<number>): number[] {
  const order = Array.from({ length: losses.length }, (_, i) => i);
  const key = (i: number): number =>
    Number.isFinite(losses[i]!) ? losses[i]! : Number.POSITIVE_INFINITY;
  return order.sort((a, b) => key(a) - key(b) || a - b);
}

/** A dot for each model with a finite loss: rank to the right, loss upwards on a log scale. */
export function dotsOf(losses: ArrayLike<number>, width: number, height: number): Dot[] {
  const order = ranking(losses).filter((i) => Number.isFinite(losses[i]!) && losses[i]! > 0);
  if (order.length === 0) return [];
  const [low, high] = [losses[order[0]!]!, losses[order.at(-1)!]!];
  const span = Math.max(Math.log(high / low), 1e-3);
  const room = width - LEFT - RIGHT - 12;
  return order.map((seed, rank) => {
    const along = order.length === 1 ? 0.5 : rank / (order.length - 1);
    const up = high === low ? 0.5 : Math.log(losses[seed]! / low) / span;
    return {
      seed,
      x: LEFT + 6 + along * room,
      y: height - BOTTOM - 8 - up * (height - BOTTOM - TOP - 16),
      loss: losses[seed]!,
    };
  });
}

/** Draws the dots, and knows where it has drawn each of them. */
export class Seeds {
  private dots: Dot[] = [];

  draw({ context, width, height, theme }: Surface, scene: Scene): void {
    const dots = dotsOf(scene.heldOut ?? scene.losses, width, height);
    this.dots = dots;
    const shapeOf = new Map<number, number>();
    scene.shapes.forEach(({ seeds }, shape) => seeds.forEach((seed) => shapeOf.set(seed, shape)));
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(LEFT, TOP);
    context.lineTo(LEFT, height - BOTTOM);
    context.lineTo(width - RIGHT, height - BOTTOM);
    context.stroke();
    const radius = dots.length > 200 ? 3 : 4.5;
    for (const { seed, x, y } of dots) {
      const shape = shapeOf.get(seed);
      context.fillStyle = shape === undefined ? theme.quiet : css(cycle(shape, scene.scheme));
      context.globalAlpha = seed === scene.selected ? 1 : 0.75;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    const chosen = dots.find(({ seed }) => seed === scene.selected);
    if (chosen) {
      context.strokeStyle = theme.ink;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(chosen.x, chosen.y, radius + 4, 0, 2 * Math.PI);
      context.stroke();
    }
    drawScale({ context, width, height, theme }, dots);
  }

  /** The dot within reach of a place. */
  at(x: number, y: number): Dot | null {
    let [best, least] = [null as Dot | null, 14];
    for (const dot of this.dots) {
      const distance = Math.hypot(dot.x - x, dot.y - y);
      if (distance < least) [best, least] = [dot, distance];
    }
    return best;
  }
}

function drawScale({ context, width, height, theme }: Surface, dots: Dot[]): void {
  context.fillStyle = theme.quiet;
  context.font = `12px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillText(`models, lowest loss first (${dots.length})`, (LEFT + width) / 2, height - 4);
  context.textAlign = "right";
  context.textBaseline = "middle";
  const [first, last] = [dots[0], dots.at(-1)];
  if (first) context.fillText(short(first.loss), LEFT - 6, first.y, LEFT - 8);
  if (first && last && first.y - last.y > 16) {
    context.fillText(short(last.loss), LEFT - 6, last.y, LEFT - 8);
  }
}
