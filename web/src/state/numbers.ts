/** The numbers of a running training, under the server's names and under the page's. */

import type { Json } from "../wire/json";
import { drawsWithP } from "./mixture";
import { importanceSettings } from "./problem";
import { type Settings, importances } from "./settings";

const IMPORTANCE = "importance";

/** The number of the server that a setting makes. */
const NAMES: Partial<Record<keyof Settings, string>> = {
  p: "feature_probability",
  ratio: IMPORTANCE,
  list: IMPORTANCE,
  form: IMPORTANCE,
  l1: "l1",
  learningRate: "learning_rate",
  weightDecay: "weight_decay",
  momentum: "momentum",
  steps: "steps",
};

/** Whether a setting acts on the running training, whose `live` numbers may change. */
export const isLive = (name: keyof Settings, live: readonly string[]): boolean =>
  live.includes(NAMES[name] ?? "");

/** The values of a `change` message for settings that have changed. */
export function valuesOf(
  s: Settings,
  changed: readonly (keyof Settings)[],
): Record<string, number | number[]> {
  const values: Record<string, number | number[]> = {};
  for (const name of changed) {
    const theirs = NAMES[name];
    const draws = name === "p" ? drawsWithP(s) : null;
    if (draws) for (const draw of draws) values[`${theirs}[${draw}]`] = s.p;
    else if (theirs) values[theirs] = theirs === IMPORTANCE ? importances(s) : (s[name] as number);
  }
  return values;
}

/** The settings that these numbers of a frame stand for. */
export function numbersIn(
  numbers: Record<string, number | number[]>,
  s: Settings,
): Partial<Settings> {
  const found: Record<string, number> = {};
  for (const [name, theirs] of Object.entries(NAMES)) {
    const value = theirs === IMPORTANCE ? undefined : numbers[theirs];
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) found[name] = first;
  }
  const given = numbers[IMPORTANCE];
  const now = importances(s);
  const list = Array.isArray(given) ? given : now.map(() => given ?? 1);
  const other = given !== undefined && !alike(list, now);
  return { ...found, ...(other ? importanceSettings(list as Json) : {}) };
}

/** Whether two settings give features the same importances, however they are written. */
export const sameImportances = (s: Settings, other: Settings): boolean =>
  alike(importances(s), importances(other));

const alike = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((x, i) => Math.abs(x - other[i]!) <= 1e-6 * Math.abs(x));
