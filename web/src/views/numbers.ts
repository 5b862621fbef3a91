/** Numbers of features, written where their directions end. */

import type { Ink } from "./canvas";

/** Up to this many features have their numbers written at their tips. */
export const LABELLED = 24;

/** With a rim of the ground's colour, so that it can be read on lines. */
export function writeNumber(
  context: CanvasRenderingContext2D,
  theme: Ink,
  feature: number,
  x: number,
  y: number,
): void {
  context.font = `600 14px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = theme.surface;
  context.strokeText(String(feature), x, y);
  context.fillStyle = theme.ink;
  context.fillText(String(feature), x, y);
}
