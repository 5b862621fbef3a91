/** Forests of features: of each its parent, -1 for a root. */

import type { Json } from "../wire/json";

/** What is drawn of a feature: where it stands, in columns and rows. */
export interface Spot {
  x: number;
  y: number;
}

/** The parents in a value, if they are a forest: whole numbers, none above itself. */
export function forestOf(value: Json | undefined): number[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const parents = value.map(Number);
  const whole = parents.every((p) => Number.isInteger(p) && p >= -1 && p < parents.length);
  return whole && parents.every((_, i) => depthOf(parents, i) < Infinity) ? parents : null;
}

/** How many are above a feature; ∞ where it is above itself. */
export function depthOf(parents: readonly number[], i: number): number {
  let depth = 0;
  for (let at = parents[i]!; at >= 0; at = parents[at]!)
    if (++depth > parents.length) return Infinity;
  return depth;
}

/** A forest to begin with: for three features a root with two children. */
export function firstForest(n: number): number[] {
  const roots = Math.ceil(n / 3);
  return Array.from({ length: n }, (_, i) => (i < roots ? -1 : (i - roots) % roots));
}

/** Of n features: those that come are roots, and so are those whose parent goes. */
export const resized = (parents: readonly number[], n: number): number[] =>
  Array.from({ length: n }, (_, i) => {
    const parent = parents[i] ?? -1;
    return parent < n ? parent : -1;
  });

/** With a feature below another, or as a root (-1); null where that other is below it. */
export function hung(parents: readonly number[], child: number, under: number): number[] | null {
  for (let at = under; at >= 0; at = parents[at]!) if (at === child) return null;
  return parents.map((parent, i) => (i === child ? under : parent));
}

/** Without a feature: its children are its parent's. */
export const without = (parents: readonly number[], gone: number): number[] =>
  parents
    .map((parent) => (parent === gone ? parents[gone]! : parent))
    .filter((_, i) => i !== gone)
    .map((parent) => (parent > gone ? parent - 1 : parent));

/** Trees side by side, children below their parents: leaves one after the other, others in their middle. */
export function layout(parents: readonly number[]): Spot[] {
  const children = parents.map((): number[] => []);
  const roots: number[] = [];
  parents.forEach((parent, i) => (parent < 0 ? roots : children[parent]!).push(i));
  const spots: Spot[] = parents.map((_, i) => ({ x: 0, y: depthOf(parents, i) }));
  const order = [...roots].reverse();
  const seen: number[] = []; // parents before their children, from left to right
  while (order.length > 0) {
    const i = order.pop()!;
    seen.push(i);
    order.push(...[...children[i]!].reverse());
  }
  let column = 0;
  for (const i of seen) if (children[i]!.length === 0) spots[i]!.x = column++;
  for (const i of seen.reverse()) {
    const below = children[i]!;
    if (below.length > 0)
      spots[i]!.x = below.reduce((sum, k) => sum + spots[k]!.x, 0) / below.length;
  }
  return spots;
}
