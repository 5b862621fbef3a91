/** Loss curves of a finished run: every seed faint, one strong, on logarithmic axes. */

import { css, cycle } from "../colour/scales";
import { short } from "../math/format";
import { logTicks, outward, tickLabel } from "../math/ticks";
import type { Numbers } from "../wire/frame";
import type { Surface } from "./canvas";
import type { Scene } from "./scene";

const LEFT = 54;
const BOTTOM = 34;
const TOP = 8;
const RIGHT = 10;
/** Room for a tick of the loss. */
const TALL = 22;

/** `curves`: the loss of each seed at each step, (N, K) in C order. */
export function drawLosses(surface: Surface, scene: Scene, steps: Numbers, curves: Numbers): void {
  const { context, width, height, theme } = surface;
  const points = steps.length;
  const positive = Array.from(curves).filter((y) => Number.isFinite(y) && y > 0);
  if (points < 2 || positive.length === 0) return;
  const [lowest, highest] = positive.reduce<[number, number]>(
    ([a, b], y) => [Math.min(a, y), Math.max(b, y)],
    [Number.POSITIVE_INFINITY, 0],
  );
  const [low, high] = outward(lowest, highest);
  const last = Math.log(Math.max(steps[points - 1]!, 2));
  const x = (k: number): number =>
    LEFT + (Math.log(Math.max(steps[k]!, 1)) / last) * (width - LEFT - RIGHT);
  const span = Math.log(high / low);
  const y = (loss: number): number =>
    height - BOTTOM - (Math.log(loss / low) / span) * (height - TOP - BOTTOM);
  const line = (seed: number): void => {
    context.beginPath();
    let pen = false;
    for (let k = 0; k < points; k++) {
      const loss = curves[seed * points + k]!;
      const there = loss > 0 && Number.isFinite(loss);
      // a gap where the model has diverged
      if (there) context[pen ? "lineTo" : "moveTo"](x(k), y(loss));
      pen = there;
    }
    context.stroke();
  };
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.strokeRect(LEFT, TOP, width - LEFT - RIGHT, height - TOP - BOTTOM);
  context.strokeStyle = theme.faint;
  context.lineWidth = 0.75;
  for (let seed = 0; seed * points < curves.length; seed++) if (seed !== scene.selected) line(seed);
  context.strokeStyle = css(cycle(0, scene.scheme));
  context.lineWidth = 2.5;
  line(scene.selected);
  context.fillStyle = theme.quiet;
  context.font = `12px ${theme.font}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of logTicks(low, high, height - TOP - BOTTOM, TALL)) {
    context.fillText(tickLabel(tick), LEFT - 5, y(tick), LEFT - 7);
  }
  context.textBaseline = "top";
  context.fillText(short(steps[points - 1]!), width - RIGHT, height - BOTTOM + 4);
  context.textAlign = "left";
  context.fillText("1", LEFT, height - BOTTOM + 4);
  context.textAlign = "center";
  context.fillText("loss against step", (LEFT + width) / 2, height - BOTTOM + 16);
}
