/** Distributions of several parts side by side, kept as the JSON of their parts. */

import { type JsonObject, isObject } from "../wire/json";

/** The parts in the JSON of a groups distribution; none when it cannot be read. */
export function partsOf(groups: string): JsonObject[] {
  try {
    const parts: unknown = JSON.parse(groups);
    return Array.isArray(parts) ? parts.filter(isObject) : [];
  } catch {
    return [];
  }
}

/** Every draw of the parts with probability p. */
export const scaled = (parts: JsonObject[], p: number): JsonObject[] =>
  parts.map((part) => ({ ...part, feature_probability: p }));

/** How many features a part has: said, or to be counted in what it lists for each. */
export function sizeOf(part: JsonObject): number {
  const { parents, factors, correlation, x, parts } = part;
  if (Array.isArray(parts)) {
    const sizes = parts.filter(isObject).map(sizeOf);
    return part.kind === "groups" ? sizes.reduce((sum, n) => sum + n, 0) : (sizes[0] ?? 0);
  }
  const listed = [parents, factors, correlation].find(Array.isArray);
  if (listed) return listed.length;
  if (Array.isArray(x)) return Array.isArray(x[0]) ? x[0].length : 0;
  if (isObject(x)) return Array.isArray(x.shape) ? Number(x.shape[1]) : 0;
  return Number(part.n_features ?? Number(part.n_sets) * Number(part.set_size));
}

/** Half of the sets correlated, the others anticorrelated: what "side by side" starts from. */
export function defaultGroups(n: number, setSize: number): string {
  const size = Math.max(2, setSize);
  const sets = Math.max(2, Math.round(n / size));
  const half = Math.ceil(sets / 2);
  return JSON.stringify([
    { kind: "correlated", n_sets: half, set_size: size },
    { kind: "anticorrelated", n_sets: sets - half, set_size: size },
  ]);
}
