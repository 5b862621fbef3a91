/** Feature directions in a plane: the picture of the paper, with an edge for each interference. */

import { css, signed } from "../colour/scales";
import { edges } from "../math/geometry";
import type { Surface } from "./canvas";
import { LABELLED, writeNumber } from "./numbers";
import type { Scene } from "./scene";

/** Where the picture lies in its box: the centre, and pixels per unit of length. */
export interface Frame2d {
  cx: number;
  cy: number;
  scale: number;
}

const EDGES_EACH = 2;
const MARGIN = 30;

/** The frame that holds the unit circle and every point; it follows growth in coarse steps. */
export function frameOf(points: Float64Array, width: number, height: number): Frame2d {
  let reach = 1;
  for (let k = 0; k < points.length; k += 2) {
    const length = Math.hypot(points[k]!, points[k + 1]!);
    if (Number.isFinite(length)) reach = Math.max(reach, length);
  }
  const rounded = Math.ceil(reach * 4) / 4;
  const side = Math.max(Math.min(width, height) / 2 - MARGIN, 10);
  return { cx: width / 2, cy: height / 2, scale: side / rounded };
}

/** Draws the features at their points of the plane, and knows where it has drawn them. */
export class Vectors {
  points: Float64Array = new Float64Array(0);
  place: Frame2d = { cx: 0, cy: 0, scale: 1 };

  draw(surface: Surface, scene: Scene, points: Float64Array): void {
    const { context, width, height } = surface;
    const place = frameOf(points, width, height);
    Object.assign(this, { points, place });
    drawGround(surface, place, points);
    drawEdges(context, scene, points, place);
    const order = drawingOrder(scene);
    for (const i of order) drawFeature(surface, scene, points, place, i);
    if (scene.weights.n <= LABELLED || scene.hovered !== null) {
      drawLabels(surface, scene, points, place);
    }
  }

  /** The feature whose line or tip is within reach of a place. */
  at(x: number, y: number): number | null {
    return nearestFeature(this.points, this.place, x, y);
  }
}

/** Axes and the unit circle. */
function drawGround(
  { context, width, height, theme }: Surface,
  { cx, cy, scale }: Frame2d,
  points: Float64Array,
): void {
  context.lineWidth = 1;
  context.strokeStyle = theme.line;
  context.beginPath();
  context.moveTo(cx, 8);
  context.lineTo(cx, height - 8);
  context.moveTo(8, cy);
  context.lineTo(width - 8, cy);
  context.stroke();
  context.setLineDash([5, 5]);
  context.strokeStyle = theme.faint;
  context.beginPath();
  context.arc(cx, cy, scale, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
  context.fillStyle = theme.quiet;
  context.font = `12px ${theme.font}`;
  const [dx, dy] = emptiest(points);
  context.textAlign = dx > 0 ? "left" : "right";
  context.textBaseline = "middle";
  context.fillText("length 1", cx + dx * (scale + 8), cy - dy * (scale + 8));
}

/** The diagonal direction that is farthest from all features: there is room for a word. */
function emptiest(points: Float64Array): [number, number] {
  const diagonals: [number, number][] = [
    [1, -1],
    [-1, -1],
    [1, 1],
    [-1, 1],
  ];
  const room = ([dx, dy]: [number, number]): number => {
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < points.length; k += 2) {
      const [x, y] = [points[k]! - dx * Math.SQRT1_2, points[k + 1]! - dy * Math.SQRT1_2];
      least = Math.min(least, Math.hypot(x, y));
    }
    return least;
  };
  const best = diagonals.reduce((a, b) => (room(b) > room(a) + 0.1 ? b : a));
  return [best[0] * Math.SQRT1_2, best[1] * Math.SQRT1_2];
}

/** Tip to tip, as wide and as coloured as the inner product is large. */
function drawEdges(
  context: CanvasRenderingContext2D,
  scene: Scene,
  points: Float64Array,
  { cx, cy, scale }: Frame2d,
): void {
  // Among many features only the strongest interferences can be told apart.
  const { n } = scene.weights;
  const [most, faded] = n > LABELLED ? [EDGES_EACH * n, 0.6] : [undefined, 1];
  for (const { i, j, value } of edges(scene.gram, n, 0.1, most).reverse()) {
    const touched = scene.hovered === null || scene.hovered === i || scene.hovered === j;
    const size = Math.min(Math.abs(value), 1);
    context.strokeStyle = css(
      signed(value < 0 ? -0.55 - 0.45 * size : 0.55 + 0.45 * size, scene.scheme),
      touched ? faded * (0.2 + 0.45 * size) : 0.06,
    );
    context.lineWidth = 0.75 + 2 * size;
    context.beginPath();
    context.moveTo(cx + scale * points[2 * i]!, cy - scale * points[2 * i + 1]!);
    context.lineTo(cx + scale * points[2 * j]!, cy - scale * points[2 * j + 1]!);
    context.stroke();
  }
}

/** The most important last, so that they lie on top; the one under the pointer above all. */
function drawingOrder(scene: Scene): number[] {
  const order = Array.from({ length: scene.weights.n }, (_, i) => scene.weights.n - 1 - i);
  if (scene.hovered === null) return order;
  return [...order.filter((i) => i !== scene.hovered), scene.hovered];
}

function drawFeature(
  { context, theme }: Surface,
  scene: Scene,
  points: Float64Array,
  { cx, cy, scale }: Frame2d,
  i: number,
): void {
  const [x, y] = [cx + scale * points[2 * i]!, cy - scale * points[2 * i + 1]!];
  if (!Number.isFinite(x + y)) return;
  const many = scene.weights.n > LABELLED;
  const strong = scene.hovered === i;
  context.globalAlpha = scene.alpha(i);
  context.strokeStyle = scene.colour(i);
  context.lineCap = "round";
  context.lineWidth = (many ? 1.75 : 4.5) + (strong ? 1.5 : 0);
  context.beginPath();
  context.moveTo(cx, cy);
  context.lineTo(x, y);
  context.stroke();
  context.fillStyle = scene.colour(i);
  context.strokeStyle = theme.surface;
  context.lineWidth = many ? 1 : 2;
  context.beginPath();
  context.arc(x, y, (many ? 4 : 8.5) + (strong ? 2 : 0), 0, 2 * Math.PI);
  context.fill();
  context.stroke();
  context.globalAlpha = 1;
}

/** Numbers beyond the tips; short vectors crowd at the centre and stay without. */
function drawLabels(
  { context, theme }: Surface,
  scene: Scene,
  points: Float64Array,
  { cx, cy, scale }: Frame2d,
): void {
  for (let i = 0; i < scene.weights.n; i++) {
    const [px, py] = [points[2 * i]!, points[2 * i + 1]!];
    const length = Math.hypot(px, py);
    const wanted = scene.hovered === i || (scene.weights.n <= LABELLED && length * scale > 26);
    if (!wanted || !Number.isFinite(length)) continue;
    const away = length < 1e-6 ? [0, 1] : [px / length, py / length];
    const x = cx + scale * px + 18 * away[0]!;
    const y = cy - scale * py - 18 * away[1]!;
    context.globalAlpha = scene.alpha(i);
    writeNumber(context, theme, i, x, y);
  }
  context.globalAlpha = 1;
}

/** The feature whose line or tip is nearest to a place, within reach of a hand; else null. */
export function nearestFeature(
  points: Float64Array,
  { cx, cy, scale }: Frame2d,
  x: number,
  y: number,
): number | null {
  let [best, least] = [null as number | null, 14];
  for (let i = 0; 2 * i < points.length; i++) {
    const [tx, ty] = [scale * points[2 * i]!, -scale * points[2 * i + 1]!];
    const length = Math.hypot(tx, ty);
    const along = length === 0 ? 0 : ((x - cx) * tx + (y - cy) * ty) / length;
    const inside = Math.min(Math.max(along, Math.min(length, 12)), length);
    const unit = length === 0 ? [0, 0] : [tx / length, ty / length];
    const line = Math.hypot(x - cx - inside * unit[0]!, y - cy - inside * unit[1]!) + 2;
    const tip = Math.hypot(x - cx - tx, y - cy - ty) * 0.8;
    const distance = Math.min(line, tip);
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}
