/** Curves against the step (uPlot): losses, and the dimensionality of each feature. */

import uPlot from "uplot";

import { css, cycle, type Scheme } from "../colour/scales";
import { LOGS, abscissa, drawTime, gapped, optionsOf, pixelRatio } from "./axes";
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
  /** `time`: the earlier step that is looked at; null: the present. */
  update(trace: Trace, scene: Scene, time: number | null): void;
  resize(): void;
  destroy(): void;
}

/** The losses of the model looked at, the lowest and the median of all N, on a batch of each's own. */
export function lossCurve(host: HTMLElement, scheme: Scheme, logSteps: boolean): Curve {
  const ink = inkOf(host);
  const line = (stroke: string, width: number, dash: number[] = []): uPlot.Series => ({
    stroke,
    width: width * ink.size,
    dash,
    points: { show: false },
  });
  const series = [
    line(ink.faint, 1.5, [5, 4]),
    line(css(cycle(1, scheme)), 1.5),
    line(css(cycle(0, scheme)), 2.5),
  ];
  const cursor = timeCursor(ink, logSteps);
  const shape = { series, scale: LOGS, logs: true, hooks: { draw: [cursor.draw] }, logSteps };
  const plot = new uPlot(optionsOf(host, shape), [[], [], [], []], host);
  return {
    update: (trace, _, time) => {
      cursor.time = time;
      const rows = [trace.median, trace.best, trace.loss].map((row) => gapped(row, 0));
      plot.setData([abscissa(trace.steps, logSteps), ...rows] as uPlot.AlignedData);
    },
    ...lifecycle(plot, host),
  };
}

/** D_i of every feature, with lines at the fractions that polytopes give. */
export function dimensionalityCurve(
  host: HTMLElement,
  scene: Scene,
  logSteps: boolean,
  onHover: (feature: number | null) => void,
): Curve {
  const { n } = scene.weights;
  const ink = inkOf(host);
  const width = (n > 24 ? 1 : 2) * ink.size;
  const series = Array.from({ length: n }, (_, i): uPlot.Series => ({
    // A function, so that the feature under the pointer stands out in the next drawing.
    stroke: () => scene.colour(i, current.hovered === null || current.hovered === i ? 1 : 0.2),
    width,
    points: { show: false },
  }));
  let current = scene;
  const cursor = timeCursor(ink, logSteps);
  const hooks = {
    drawAxes: [(plot: uPlot) => drawFractions(plot, ink.faint)],
    draw: [(plot: uPlot) => nameFractions(plot, ink), cursor.draw],
    setCursor: [(plot: uPlot) => onHover(nearestTrace(plot))],
  };
  const shape = { series, scale: { range: [0, 1.08] as [number, number] }, logs: false };
  const plot = new uPlot(
    optionsOf(host, { ...shape, hooks, logSteps }),
    [[], ...series.map(() => [])] as uPlot.AlignedData,
    host,
  );
  return {
    update: (trace, latest, time) => {
      current = latest;
      cursor.time = time;
      if (trace.D.length !== n) return;
      const rows = trace.D.map((row) => gapped(row));
      plot.setData([abscissa(trace.steps, logSteps), ...rows] as uPlot.AlignedData);
    },
    ...lifecycle(plot, host),
  };
}

/** The line of time of one plot. */
function timeCursor(ink: Ink, logSteps: boolean) {
  const cursor = {
    time: null as number | null,
    draw: (plot: uPlot): void => {
      const { time } = cursor;
      if (time !== null) drawTime(plot, logSteps ? Math.max(time, 1) : time, ink);
    },
  };
  return cursor;
}

function lifecycle(plot: uPlot, host: HTMLElement): Pick<Curve, "resize" | "destroy"> {
  return {
    resize: () => {
      const [width, height] = [host.clientWidth, host.clientHeight];
      const same = width === plot.width && height === plot.height;
      if (width > 0 && height > 0 && !same) plot.setSize({ width, height });
    },
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
  const ratio = pixelRatio();
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
  const ratio = pixelRatio() * ink.size;
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
