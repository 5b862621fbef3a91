/** The numbers of a running training, under the server's names and under the page's. */

import { importanceSettings, type Json } from "./problem";
import { type Settings, importances } from "./settings";

const NAMES = {
  p: "feature_probability",
  l1: "l1",
  learningRate: "learning_rate",
  weightDecay: "weight_decay",
  momentum: "momentum",
  steps: "steps",
} as const;

const IMPORTANCE: readonly string[] = ["ratio", "list", "form"];

/** The values of a `change` message for settings that have changed. */
export function valuesOf(
  s: Settings,
  changed: readonly (keyof Settings)[],
): Record<string, number | number[]> {
  const values: Record<string, number | number[]> = {};
  for (const name of changed) {
    if (IMPORTANCE.includes(name)) values.importance = importances(s);
    else if (name in NAMES) values[NAMES[name as keyof typeof NAMES]] = s[name] as number;
  }
  return values;
}

/** The settings that these numbers of a frame stand for. */
export function numbersIn(
  numbers: Record<string, number | number[]>,
  s: Settings,
): Partial<Settings> {
  const found: Partial<Settings> = {};
  for (const [name, theirs] of Object.entries(NAMES)) {
    const value = numbers[theirs];
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) found[name as keyof typeof NAMES] = first;
  }
  const given = numbers.importance;
  const now = importances(s);
  const list = Array.isArray(given) ? given : now.map(() => given ?? 1);
  if (given !== undefined && !alike(list, now)) {
    Object.assign(found, importanceSettings(list as Json));
  }
  return found;
}

/** Whether two settings give features the same importances, however they are written. */
export const sameImportances = (s: Settings, other: Settings): boolean =>
  alike(importances(s), importances(other));

const alike = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((x, i) => Math.abs(x - other[i]!) <= 1e-6 * Math.abs(x));
