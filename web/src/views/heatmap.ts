/** WᵀW and b as colours: −1 red, 0 the page's surface, 1 blue. */

import { css, signed, table } from "../colour/scales";
import type { Surface } from "./canvas";
import type { Scene } from "./scene";

export interface Grid {
  left: number;
  top: number;
  cell: number;
  n: number;
}

const GAP = 10;
const LABEL = 18;

/** The square of cells, with room for the column of biases and its label. */
export function gridOf(n: number, width: number, height: number): Grid {
  const cell = Math.max(Math.min((width - GAP) / (n + 1), (height - LABEL - 2) / n), 0.5);
  const total = cell * (n + 1) + GAP;
  return { left: Math.max((width - total) / 2, 0), top: LABEL, cell, n };
}

let tables: { scheme: string; bytes: Uint8ClampedArray } | undefined;

function coloursOf(scheme: Scene["scheme"]): Uint8ClampedArray {
  if (tables?.scheme !== scheme) {
    tables = { scheme, bytes: table((t) => signed(2 * t - 1, scheme)) };
  }
  return tables.bytes;
}

const scratch = typeof document === "undefined" ? undefined : document.createElement("canvas");

export function drawHeatmap(surface: Surface, scene: Scene): Grid {
  const { context, width, height, theme } = surface;
  const { n, b } = scene.weights;
  const grid = gridOf(n, width, height);
  const { left, top, cell } = grid;
  const side = cell * n;
  paint(context, scene.received, n, n, scene, left, top, side, side);
  paint(context, b, n, 1, scene, left + side + GAP, top, cell, side);
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.strokeRect(left, top, side, side);
  context.strokeRect(left + side + GAP, top, cell, side);
  context.fillStyle = theme.quiet;
  context.font = `13px ${theme.font}`;
  context.textBaseline = "bottom";
  context.textAlign = "left";
  context.fillText(scene.tied ? "WᵀW" : "W_out W_in", left, top - 3);
  context.textAlign = "center";
  context.fillText("b", left + side + GAP + cell / 2, top - 3);
  if (scene.hovered !== null && scene.hovered < n) drawCross(context, scene, grid);
  return grid;
}

/** A matrix as an image of one pixel per entry, scaled up without smoothing. */
function paint(
  context: CanvasRenderingContext2D,
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  scene: Scene,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  if (!scratch) return;
  Object.assign(scratch, { width: columns, height: rows });
  const colours = coloursOf(scene.scheme);
  const image = new ImageData(columns, rows);
  for (let k = 0; k < rows * columns; k++) {
    const place = Math.round((Math.min(Math.max(values[k] || 0, -1), 1) * 0.5 + 0.5) * 255) * 4;
    for (let part = 0; part < 4; part++) image.data[4 * k + part] = colours[place + part]!;
  }
  scratch.getContext("2d")!.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch, x, y, width, height);
}

/** A frame around the row and the column of the feature under the pointer. */
function drawCross(context: CanvasRenderingContext2D, scene: Scene, grid: Grid): void {
  const { left, top, cell, n } = grid;
  const i = scene.hovered!;
  context.strokeStyle = css(scene.colours[i]!);
  context.lineWidth = 2;
  context.strokeRect(left, top + i * cell, cell * n, cell);
  context.strokeRect(left + i * cell, top, cell, cell * n);
  context.strokeRect(left + n * cell + GAP, top + i * cell, cell, cell);
}

/** The row and column at a place; column n is the bias. */
export function cellAt(grid: Grid, x: number, y: number): { row: number; column: number } | null {
  const { left, top, cell, n } = grid;
  const row = Math.floor((y - top) / cell);
  const inBias = x >= left + n * cell + GAP;
  const column = inBias ? n : Math.floor((x - left) / cell);
  const outside = row < 0 || row >= n || column < 0 || x > left + (n + 1) * cell + GAP;
  return outside || (!inBias && column >= n) ? null : { row, column };
}
