/** Atoms of a dictionary over the true directions, and how near they come. */

import { css, cycle, signed } from "../colour/scales";
import { FOUND } from "../math/cosines";
import { short } from "../math/format";
import type { Numbers } from "../wire/frame";
import type { Surface } from "./canvas";
import type { Scene } from "./scene";
import type { Frame2d } from "./vectors";

/** What is drawn of atoms: their points in a picture, and what each of them stands for. */
export interface Atoms {
  /** Coordinates one after the other, two or three for each. */
  points: Float64Array;
  /** The feature that each lies along; null: none. */
  features: readonly (number | null)[];
  /** Which never fire. */
  dead: readonly boolean[];
}

const HEAD = 9;
const RING = 5.5;

/** Thin arrows over the features, with a ring in the colour of the feature that each has found. */
export function drawAtoms(
  { context, theme }: Surface,
  scene: Scene,
  { points, features, dead }: Atoms,
  { cx, cy, scale }: Frame2d,
): void {
  for (let k = 0; 2 * k < points.length; k++) {
    const [x, y] = [cx + scale * points[2 * k]!, cy - scale * points[2 * k + 1]!];
    if (!Number.isFinite(x + y)) continue;
    const feature = features[k] ?? null;
    context.globalAlpha = dead[k] ? 0.35 : 1;
    context.strokeStyle = theme.ink;
    context.lineWidth = 1.5;
    context.setLineDash(feature === null ? [4, 3] : []);
    context.beginPath();
    context.moveTo(cx, cy);
    context.lineTo(x, y);
    context.stroke();
    context.setLineDash([]);
    const length = Math.hypot(x - cx, y - cy);
    if (length > HEAD) {
      const [ux, uy] = [(x - cx) / length, (y - cy) / length];
      context.beginPath();
      context.moveTo(x - HEAD * ux - 0.5 * HEAD * uy, y - HEAD * uy + 0.5 * HEAD * ux);
      context.lineTo(x, y);
      context.lineTo(x - HEAD * ux + 0.5 * HEAD * uy, y - HEAD * uy - 0.5 * HEAD * ux);
      context.stroke();
    }
    context.fillStyle = feature === null ? theme.surface : scene.colour(feature);
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, RING, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
  context.globalAlpha = 1;
}

const [LEFT, RIGHT, TOP, BOTTOM] = [38, 10, 10, 34];

/** Mean max cosine against the step: of the dictionary that is shown, and the median of all. */
export function drawRecovery(
  surface: Surface,
  scene: Scene,
  steps: Numbers,
  rows: { best: Numbers; median: Numbers },
): void {
  const { context, width, height, theme } = surface;
  const last = Math.log(Math.max(steps[steps.length - 1] ?? 2, 10));
  const x = (step: number): number =>
    LEFT + (Math.log(Math.max(step, 1)) / last) * (width - LEFT - RIGHT);
  const y = (value: number): number => height - BOTTOM - value * (height - TOP - BOTTOM);
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.strokeRect(LEFT, TOP, width - LEFT - RIGHT, height - TOP - BOTTOM);
  context.fillStyle = theme.quiet;
  context.font = `12px ${theme.font}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of [0, 0.5, FOUND, 1]) context.fillText(String(tick), LEFT - 5, y(tick));
  context.setLineDash([2, 4]);
  context.strokeStyle = theme.faint;
  context.beginPath();
  context.moveTo(LEFT, y(FOUND));
  context.lineTo(width - RIGHT, y(FOUND));
  context.stroke();
  context.setLineDash([]);
  const line = (row: Numbers, stroke: string, wide: number, dash: number[]): void => {
    context.strokeStyle = stroke;
    context.lineWidth = wide;
    context.setLineDash(dash);
    context.beginPath();
    let pen = false;
    for (let k = 0; k < steps.length; k++) {
      const there = Number.isFinite(row[k]);
      if (there) context[pen ? "lineTo" : "moveTo"](x(steps[k]!), y(Math.max(row[k]!, 0)));
      pen = there;
    }
    context.stroke();
    context.setLineDash([]);
  };
  line(rows.median, theme.quiet, 1.5, [5, 4]);
  line(rows.best, css(cycle(0, scene.scheme)), 2.5, []);
  context.textBaseline = "top";
  context.fillText(short(Math.exp(last)), width - RIGHT, height - BOTTOM + 4);
  context.textAlign = "left";
  context.fillText("1", LEFT, height - BOTTOM + 4);
  context.textAlign = "center";
  context.fillText("step", (LEFT + width) / 2, height - BOTTOM + 16);
}

/** Where the cells of features by atoms lie. */
export interface Cells {
  left: number;
  top: number;
  wide: number;
  high: number;
}

const LABEL = 18;

export const cellsOf = (n: number, latents: number, width: number, height: number): Cells => {
  const side = Math.min((width - LABEL) / latents, (height - LABEL - 2) / n, 48);
  return { left: LABEL, top: LABEL, wide: side, high: side };
};

/** Cosines of every feature (rows) and every atom (columns): −1 red, 1 blue. */
export function drawCosines(
  { context, width, height, theme }: Surface,
  scene: Scene,
  cosines: Float64Array,
  latents: number,
): void {
  const { n } = scene.weights;
  const { left, top, wide, high } = cellsOf(n, latents, width, height);
  for (let i = 0; i < n; i++) {
    context.globalAlpha = scene.alpha(i);
    for (let k = 0; k < latents; k++) {
      context.fillStyle = css(signed(cosines[i * latents + k]!, scene.scheme));
      context.fillRect(left + k * wide, top + i * high, wide + 0.5, high + 0.5);
    }
    if (high >= 3) {
      context.fillStyle = scene.colour(i);
      context.fillRect(left - 12, top + i * high + 1, 8, Math.max(high - 2, 1));
    }
  }
  context.globalAlpha = 1;
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.strokeRect(left, top, wide * latents, high * n);
  context.fillStyle = theme.quiet;
  context.font = `13px ${theme.font}`;
  context.textAlign = "left";
  context.textBaseline = "bottom";
  context.fillText("atoms", left, top - 3);
}
