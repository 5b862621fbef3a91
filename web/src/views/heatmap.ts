/** WᵀW and b as colours: −1 red, 0 the page's surface, 1 blue. */

import { css, signed, table } from "../colour/scales";
import type { Surface } from "./canvas";
import type { Scene } from "./scene";

export interface Grid {
  left: number;
  top: number;
  cell: number;
  /** How wide the column of biases is. */
  bias: number;
  n: number;
}

const GAP = 10;
const LABEL = 18;
/** The column of biases is seen, and its label has room, however small the cells are. */
const BIAS = 12;

/** The square of cells, with room for the column of biases and its label. */
export function gridOf(n: number, width: number, height: number): Grid {
  const across = Math.min((width - GAP) / (n + 1), (width - GAP - BIAS) / n);
  const cell = Math.max(Math.min(across, (height - LABEL - 2) / n), 0.5);
  const bias = Math.max(cell, BIAS);
  const total = cell * n + GAP + bias;
  return { left: Math.max((width - total) / 2, 0), top: LABEL, cell, bias, n };
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Draws the matrix, and knows where it has drawn each entry. */
export class Heatmap {
  private grid = gridOf(1, 0, 0);
  private colours: { scheme: string; bytes: Uint8ClampedArray } | undefined;
  /** An image of one pixel per entry, before it is scaled up. */
  private readonly image = document.createElement("canvas");

  draw(surface: Surface, scene: Scene): void {
    const { context, width, height, theme } = surface;
    const { n, b } = scene.weights;
    this.grid = gridOf(n, width, height);
    const { left, top, cell, bias } = this.grid;
    const side = cell * n;
    const matrix = { x: left, y: top, width: side, height: side };
    const biases = { x: left + side + GAP, y: top, width: bias, height: side };
    this.paint(context, scene.received, n, scene, matrix);
    this.paint(context, b, 1, scene, biases);
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    for (const box of [matrix, biases]) context.strokeRect(box.x, box.y, box.width, box.height);
    context.fillStyle = theme.quiet;
    context.font = `13px ${theme.font}`;
    context.textBaseline = "bottom";
    context.textAlign = "left";
    context.fillText(scene.tied ? "WᵀW" : "W_out W_in", left, top - 3);
    context.textAlign = "center";
    context.fillText("b", biases.x + bias / 2, top - 3);
    if (scene.hovered !== null && scene.hovered < n) drawCross(context, scene, this.grid);
  }

  /** The row and column at a place; column n is the bias. */
  at(x: number, y: number): { row: number; column: number } | null {
    return cellAt(this.grid, x, y);
  }

  /** A matrix of so many columns, scaled up without smoothing. */
  private paint(
    context: CanvasRenderingContext2D,
    values: ArrayLike<number>,
    columns: number,
    { scheme }: Scene,
    { x, y, width, height }: Box,
  ): void {
    if (this.colours?.scheme !== scheme) {
      this.colours = { scheme, bytes: table((t) => signed(2 * t - 1, scheme)) };
    }
    const { bytes } = this.colours;
    const rows = values.length / columns;
    Object.assign(this.image, { width: columns, height: rows });
    const pixels = new ImageData(columns, rows);
    for (let k = 0; k < rows * columns; k++) {
      const place = Math.round((Math.min(Math.max(values[k] || 0, -1), 1) * 0.5 + 0.5) * 255) * 4;
      for (let part = 0; part < 4; part++) pixels.data[4 * k + part] = bytes[place + part]!;
    }
    this.image.getContext("2d")!.putImageData(pixels, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.image, x, y, width, height);
  }
}

/** A frame around the row and the column of the feature under the pointer. */
function drawCross(context: CanvasRenderingContext2D, scene: Scene, grid: Grid): void {
  const { left, top, cell, bias, n } = grid;
  const i = scene.hovered!;
  context.strokeStyle = css(scene.colours[i]!);
  context.lineWidth = 2;
  context.strokeRect(left, top + i * cell, cell * n, cell);
  context.strokeRect(left + i * cell, top, cell, cell * n);
  context.strokeRect(left + n * cell + GAP, top + i * cell, bias, cell);
}

/** The row and column at a place; column n is the bias. */
export function cellAt(grid: Grid, x: number, y: number): { row: number; column: number } | null {
  const { left, top, cell, bias, n } = grid;
  const row = Math.floor((y - top) / cell);
  const inBias = x >= left + n * cell + GAP;
  const column = inBias ? n : Math.floor((x - left) / cell);
  const outside = row < 0 || row >= n || column < 0 || x > left + n * cell + GAP + bias;
  return outside || (!inBias && column >= n) ? null : { row, column };
}
