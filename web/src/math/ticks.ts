/** Logarithmic axes: where they begin and end, and which ticks there is room for. */

import { raised } from "./format";

/** Digits of ticks within a decade, and the least ratio of two that follow one another. */
const WITHIN = [1, 2, 5];
const LEAST = Math.log10(2);

/** Logarithms of powers of ten may be off by the last bit. */
const SLACK = 1e-9;

/** The number that is written so: 5e-16, where 5 * 10 ** -16 is another. */
const written = (digit: number, power: number): number => Number(`${digit}e${power}`);

/** Every 1, 2 and 5 of a power of ten from `low` to `high`. */
function fine(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let k = Math.floor(Math.log10(low) - SLACK); k <= Math.log10(high) + SLACK; k++) {
    for (const digit of WITHIN) ticks.push(written(digit, k));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

/** The range of an axis that has all of [low, high]: from a 1, 2 or 5 to another. */
export function outward(low: number, high: number): [number, number] {
  const ticks = fine(low / 10, high * 10);
  const first = ticks.findLast((tick) => tick <= low)!;
  const last = ticks.find((tick) => tick >= high)!;
  return first < last ? [first, last] : [first, ticks[ticks.indexOf(first) + 1]!];
}

/** Ticks of an axis that is `length` long, at least `apart`: 1, 2 and 5, or powers of ten. */
export function logTicks(low: number, high: number, length: number, apart: number): number[] {
  const decade = length / Math.log10(high / low);
  if (LEAST * decade >= apart) return fine(low, high);
  const every = Math.max(Math.ceil(apart / decade), 1);
  const ticks: number[] = [];
  const first = Math.ceil(Math.log10(low) / every - SLACK) * every;
  for (let k = first; k <= Math.log10(high) + SLACK; k += every) {
    ticks.push(written(1, k));
  }
  return ticks;
}

/** How a tick is written: 0.01, 10⁻⁵, 2×10⁻⁵. */
export function tickLabel(tick: number): string {
  if (tick >= 1e-3 && tick < 1e5) return String(tick);
  const [digit, power] = tick.toExponential(0).split("e");
  const ten = raised(Number(power));
  return digit === "1" ? ten : `${digit}×${ten}`;
}
