/** Curves against the step (uPlot): losses, and the dimensionality of each feature. */

import uPlot from "uplot";

import { css, cycle, type Scheme } from "../colour/scales";
import { short } from "../math/format";
import { type Ink, inkOf } from "./canvas";
import type { Scene } from "./scene";

/** D of features that share a dimension evenly: k features in d dimensions have d/k each. */
export const FRACTIONS: readonly [number, string][] = [
  [1, "1 alone"],
  [3 / 4, "3/4 tetrahedron"],
  [2 / 3, "2/3 triangle"],
  [1 / 2, "1/2 antipodal"],
  [2 / 5, "2/5 pentagon"],
  [3 / 8, "3/8 antiprism"],
];

/** The history of the selected model: grows by each frame, replaced when the server sends it. */
export interface Trace {
  run: number;
  steps: number[];
  loss: number[];
  best: number[];
  median: number[];
  /** D of each feature at each step, feature by feature. */
  D: number[][];
}

export interface Curve {
  update(trace: Trace, scene: Scene): void;
  resize(): void;
  destroy(): void;
}

function options(
  host: HTMLElement,
  series: uPlot.Series[],
  scale: uPlot.Scale,
  hooks: uPlot.Hooks.Arrays,
  log: boolean,
): uPlot.Options {
  const ink = inkOf(host);
  const axis: uPlot.Axis = {
    stroke: ink.quiet,
    grid: { stroke: ink.line, width: 1 },
    ticks: { stroke: ink.line, width: 1, size: 4 },
    font: `12px ${ink.font}`,
  };
  return {
    width: Math.max(host.clientWidth, 50),
    height: Math.max(host.clientHeight, 50),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    padding: [10, 12, 0, 0],
    scales: { x: { time: false, ...(log ? { distr: 3, range: fromOne } : {}) }, y: scale },
    axes: [
      { ...axis, size: 28, values: (_, ticks) => ticks.map(stepLabel) },
      { ...axis, size: 52, values: (_, ticks) => ticks.map((y) => (y === null ? "" : short(y))) },
    ],
    series: [{}, ...series],
    hooks,
  };
}

/** A logarithmic axis of steps from 1 to the last one. */
const fromOne: uPlot.Range.Function = (_, __, last) => [1, Math.max(last ?? 10, 10)];

/** Whole powers of ten on a logarithmic axis, where the other ticks have no room. */
function stepLabel(x: number | null): string {
  if (x === null || !(x >= 1)) return "";
  return x >= 1000 ? `${short(x / 1000)}k` : String(x);
}

/** Steps to draw against: a logarithmic axis has no place for step 0, so it stands at 1. */
const abscissa = (steps: number[], log: boolean): number[] =>
  log ? steps.map((step) => Math.max(step, 1)) : steps;

/** The losses of the model looked at, of the best and of the median of all N. */
export function lossCurve(host: HTMLElement, scheme: Scheme, log: boolean): Curve {
  const ink = inkOf(host);
  const line = (stroke: string, width: number, dash: number[] = []): uPlot.Series => ({
    stroke,
    width,
    dash,
    points: { show: false },
  });
  const series = [
    line(ink.faint, 1.5, [5, 4]),
    line(css(cycle(1, scheme)), 1.5),
    line(css(cycle(0, scheme)), 2.5),
  ];
  const plot = new uPlot(
    options(host, series, { distr: 3, log: 10 }, {}, log),
    [[], [], [], []],
    host,
  );
  const positive = (row: number[]): (number | null)[] => row.map((y) => (y > 0 ? y : null));
  return {
    update: (trace) =>
      plot.setData([
        abscissa(trace.steps, log),
        positive(trace.median),
        positive(trace.best),
        positive(trace.loss),
      ] as uPlot.AlignedData),
    ...lifecycle(plot, host),
  };
}

/** D_i of every feature, with lines at the fractions that polytopes give. */
export function dimensionalityCurve(
  host: HTMLElement,
  scene: Scene,
  log: boolean,
  onHover: (feature: number | null) => void,
): Curve {
  const { n } = scene.weights;
  const width = n > 24 ? 1 : 2;
  const series = Array.from({ length: n }, (_, i): uPlot.Series => ({
    // A function, so that the feature under the pointer stands out in the next drawing.
    stroke: () => scene.colour(i, current.hovered === null || current.hovered === i ? 1 : 0.2),
    width,
    points: { show: false },
  }));
  let current = scene;
  const ink = inkOf(host);
  const hooks = {
    drawAxes: [(plot: uPlot) => drawFractions(plot, ink.faint)],
    draw: [(plot: uPlot) => nameFractions(plot, ink)],
    setCursor: [(plot: uPlot) => onHover(nearestTrace(plot))],
  };
  const plot = new uPlot(
    options(host, series, { range: [0, 1.08] }, hooks, log),
    [[], ...series.map(() => [])] as uPlot.AlignedData,
    host,
  );
  return {
    update: (trace, latest) => {
      current = latest;
      if (trace.D.length === n)
        plot.setData([abscissa(trace.steps, log), ...trace.D] as uPlot.AlignedData);
    },
    ...lifecycle(plot, host),
  };
}

function lifecycle(plot: uPlot, host: HTMLElement): Pick<Curve, "resize" | "destroy"> {
  return {
    resize: () => plot.setSize({ width: host.clientWidth, height: host.clientHeight }),
    destroy: () => plot.destroy(),
  };
}

/** Traces farther from the pointer than this are not meant, in pixels. */
const REACH = 14;

/** The feature whose trace is nearest to the pointer. */
function nearestTrace(plot: uPlot): number | null {
  const { idx, top } = plot.cursor;
  if (idx == null || top == null || top < 0) return null;
  let [best, least] = [null as number | null, REACH];
  for (let i = 1; i < plot.data.length; i++) {
    const D = plot.data[i]?.[idx];
    const distance = D == null ? REACH : Math.abs(plot.valToPos(D, "y") - top);
    if (distance < least) [best, least] = [i - 1, distance];
  }
  return best;
}

/** Dotted lines at the fractions, below the curves. */
function drawFractions(plot: uPlot, colour: string): void {
  const { ctx, bbox } = plot;
  const ratio = globalThis.devicePixelRatio || 1;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 4 * ratio]);
  for (const [value] of FRACTIONS) {
    const y = plot.valToPos(value, "y", true);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

/** Their names, above the curves and with a rim, so that they can be read among many. */
function nameFractions(plot: uPlot, ink: Ink): void {
  const { ctx, bbox } = plot;
  const ratio = globalThis.devicePixelRatio || 1;
  ctx.save();
  ctx.font = `${11 * ratio}px ${ink.font}`;
  ctx.textAlign = "right";
  ctx.lineWidth = 3 * ratio;
  ctx.lineJoin = "round";
  ctx.strokeStyle = ink.surface;
  ctx.fillStyle = ink.quiet;
  for (const [value, name] of FRACTIONS) {
    // 2/5 and 3/8 are close: the lower one is written below its line.
    const below = value === FRACTIONS.at(-1)![0];
    ctx.textBaseline = below ? "top" : "bottom";
    const y = plot.valToPos(value, "y", true) + (below ? 2 : -1) * ratio;
    const x = bbox.left + bbox.width - 2 * ratio;
    ctx.strokeText(name, x, y);
    ctx.fillText(name, x, y);
  }
  ctx.restore();
}
