/** The phase diagram: what becomes of the last feature, over its importance and the sparsity. */

import { type Rgb, type Scheme, css, cycle, mix, parse } from "../colour/scales";
import { short } from "../math/format";
import type { Phase } from "../wire/messages";
import type { Surface } from "./canvas";

const LEFT = 58;
const BOTTOM = 44;
const TOP = 6;
const RIGHT = 8;

export interface Cell {
  row: number;
  column: number;
}

interface Box {
  left: number;
  top: number;
  side: number;
}

export function boxOf(width: number, height: number): Box {
  const side = Math.max(Math.min(width - LEFT - RIGHT, height - TOP - BOTTOM), 20);
  return { left: LEFT + (width - LEFT - RIGHT - side) / 2, top: TOP, side };
}

/** White by the length of the feature; blue alone, orange in superposition; grey: not yet. */
export function cellColour(norm: number, superposition: number, scheme: Scheme): Rgb {
  const paper = parse(scheme === "dark" ? "#0e1116" : "#ffffff");
  if (!Number.isFinite(norm)) return parse(scheme === "dark" ? "#3b434f" : "#d0d0d0");
  const cut = (x: number): number => Math.min(Math.max(x, 0), 1);
  const shared = norm > 0 ? cut(superposition) : 0;
  return mix(paper, mix(cycle(0, scheme), cycle(3, scheme), shared), cut(norm));
}

/** Rows of the picture run from dense (bottom) to sparse (top). */
const lineOf = (row: number, probabilities: readonly number[]): number => {
  const rising = probabilities.length < 2 || probabilities[0]! < probabilities[1]!;
  return rising ? row : probabilities.length - 1 - row;
};

export function drawPhase(
  surface: Surface,
  phase: Phase,
  which: "theory" | "trained",
  scheme: Scheme,
  chosen: Cell | null,
): void {
  const { context, width, height, theme } = surface;
  const { left, top, side } = boxOf(width, height);
  const [rows, columns] = [phase.probabilities.length, phase.ratios.length];
  const [w, h] = [side / columns, side / rows];
  const prefix = which === "theory" ? "theory_" : "";
  const norm = phase.arrays[`${prefix}norm`]!.data;
  const shared = phase.arrays[`${prefix}superposition`]!.data;
  for (let row = 0; row < rows; row++) {
    const y = top + lineOf(row, phase.probabilities) * h;
    for (let column = 0; column < columns; column++) {
      const k = row * columns + column;
      context.fillStyle = css(cellColour(norm[k]!, shared[k]!, scheme));
      fillWhole(context, left + column * w, y, w, h);
    }
  }
  context.strokeStyle = theme.faint;
  context.lineWidth = 1;
  context.strokeRect(left, top, side, side);
  if (chosen) {
    context.strokeStyle = theme.ink;
    context.lineWidth = 2.5;
    const y = top + lineOf(chosen.row, phase.probabilities) * h;
    context.strokeRect(left + chosen.column * w, y, w, h);
  }
  drawAxes(surface, phase, { left, top, side });
}

/** A rectangle with its edges on whole pixels, so that no seams show between neighbours. */
function fillWhole(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  const [left, top] = [Math.round(x), Math.round(y)];
  context.fillRect(left, top, Math.round(x + width) - left, Math.round(y + height) - top);
}

function drawAxes({ context, theme }: Surface, phase: Phase, { left, top, side }: Box): void {
  const ends = (values: readonly number[]): [number, number] => {
    const sorted = [...values].sort((a, b) => a - b);
    return [sorted[0]!, sorted.at(-1)!];
  };
  const [low, high] = ends(phase.ratios);
  const [sparse, dense] = ends(phase.probabilities);
  context.fillStyle = theme.quiet;
  context.font = `13px ${theme.font}`;
  context.textBaseline = "top";
  context.textAlign = "center";
  for (const value of [low, Math.sqrt(low * high), high]) {
    const x = left + (side * Math.log(value / low)) / Math.log(high / low);
    context.fillText(short(value, 2), x, top + side + 5);
  }
  context.fillText("relative importance of the last feature", left + side / 2, top + side + 23);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of [dense, Math.sqrt(dense * sparse), sparse]) {
    const y = top + side * (1 - Math.log(dense / value) / Math.log(dense / sparse));
    context.fillText(short(1 / value, 2), left - 7, y);
  }
  context.save();
  context.translate(left - 44, top + side / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.fillText("1/(1−S)", 0, 0);
  context.restore();
}

/** The cell at a place of the picture. */
export function cellAtPoint(
  phase: Phase,
  x: number,
  y: number,
  { width, height }: { width: number; height: number },
): Cell | null {
  const { left, top, side } = boxOf(width, height);
  const column = Math.floor(((x - left) / side) * phase.ratios.length);
  const line = Math.floor(((y - top) / side) * phase.probabilities.length);
  const inside = (k: number, size: number): boolean => k >= 0 && k < size;
  if (!inside(column, phase.ratios.length) || !inside(line, phase.probabilities.length))
    return null;
  return { row: lineOf(line, phase.probabilities), column };
}
