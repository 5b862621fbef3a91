/** What all curves have in common (uPlot): axes of steps, gaps, and the line of time. */

import uPlot from "uplot";

import { logTicks, outward, tickLabel } from "../math/ticks";
import { short } from "../math/format";
import { type Ink, inkOf } from "./canvas";

/** Room for a tick of the axis of values, and for one of the axis of steps, in pixels. */
const TALL = 22;
const WIDE = 44;

export interface Shape {
  series: uPlot.Series[];
  /** The scale of the values; `logs`: whether each is a power of ten or between two. */
  scale: uPlot.Scale;
  logs: boolean;
  hooks: uPlot.Hooks.Arrays;
  /** Whether the steps are on a logarithmic axis. */
  logSteps: boolean;
}

export function optionsOf(host: HTMLElement, shape: Shape): uPlot.Options {
  const ink = inkOf(host);
  const z = ink.size;
  const axis: uPlot.Axis = {
    stroke: ink.quiet,
    grid: { stroke: ink.line, width: 1 },
    ticks: { stroke: ink.line, width: 1, size: 4 },
    font: `${12 * z}px ${ink.font}`,
  };
  const x: uPlot.Axis = { ...axis, size: 28 * z, space: WIDE * z, values: labels(stepLabel) };
  const y: uPlot.Axis = { ...axis, size: widthOf(12 * z, ink), values: labels(short) };
  return {
    width: Math.max(host.clientWidth, 50),
    height: Math.max(host.clientHeight, 50),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    padding: [10 * z, 14 * z, 0, 0],
    scales: { x: { time: false, ...(shape.logSteps ? STEPS : {}) }, y: shape.scale },
    axes: [
      shape.logSteps ? { ...x, ...powers(WIDE * z, "width") } : x,
      shape.logs ? { ...y, ...powers(TALL * z, "height"), values: labels(tickLabel) } : y,
    ],
    series: [{}, ...shape.series],
    hooks: shape.hooks,
  };
}

/** A logarithmic axis of steps from 1 to the last one. */
const STEPS: uPlot.Scale = {
  distr: 3,
  range: (_, __, last) => [1, Math.max(last ?? 10, 10)],
};

/** A logarithmic axis of values that ends at round numbers; any where there is no value. */
export const LOGS: uPlot.Scale = {
  distr: 3,
  range: (_, low, high) => (low && high ? outward(low, high) : [1e-3, 1]),
};

/** Ticks of a logarithmic axis, all of which are labelled. */
const powers = (apart: number, side: "width" | "height"): uPlot.Axis => ({
  splits: ({ bbox }, _, low, high) => logTicks(low, high, bbox[side] / pixelRatio(), apart),
  filter: (_, ticks) => ticks,
});

const labels =
  (write: (tick: number) => string) =>
  (_: uPlot, ticks: (number | null)[]): string[] =>
    ticks.map((tick) => (tick === null ? "" : write(tick)));

/** As wide as the longest label. */
const widthOf =
  (font: number, ink: Ink) =>
  (plot: uPlot, texts: string[] | null): number => {
    const { ctx } = plot;
    ctx.save();
    ctx.font = `${font}px ${ink.font}`;
    const longest = Math.max(...(texts ?? []).map((text) => ctx.measureText(text).width), 0);
    ctx.restore();
    return Math.ceil(longest) + 14;
  };

/** 500, 1k, 20k, 3M. */
function stepLabel(step: number): string {
  if (step >= 1e6) return `${short(step / 1e6)}M`;
  return step >= 1000 ? `${short(step / 1000)}k` : String(step);
}

/** Steps to draw against: a logarithmic axis has no place for step 0, so it stands at 1. */
export const abscissa = (steps: number[], logSteps: boolean): number[] =>
  logSteps ? steps.map((step) => Math.max(step, 1)) : steps;

/** Numbers as a curve takes them: a gap where a model has diverged, or no logarithm. */
export const gapped = (row: readonly number[], least = Number.NEGATIVE_INFINITY) =>
  row.map((value) => (Number.isFinite(value) && value > least ? value : null));

export const pixelRatio = (): number => globalThis.devicePixelRatio || 1;

/** The upright line at the step that is looked at, and its number. */
export function drawTime(plot: uPlot, step: number, ink: Ink): void {
  const { ctx, bbox } = plot;
  const ratio = pixelRatio() * ink.size;
  const x = Math.round(plot.valToPos(step, "x", true));
  if (!(x >= bbox.left - 1 && x <= bbox.left + bbox.width + 1)) return;
  ctx.save();
  ctx.strokeStyle = ink.ink;
  ctx.lineWidth = 2 * ratio;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
