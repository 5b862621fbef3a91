/** One colour per feature, the same in every view. */

import { type Rgb, type Scheme, cycle, importance, mix, parse } from "./scales";

/** Up to this many features have categorical colours of their own. */
const CATEGORIES = 6;

/** Where a feature belongs: the set, its place in it, and how many the set has. */
export interface Membership {
  set: number;
  place: number;
  size: number;
}

/**
 * Features in sets are bundles: one hue for each set, its members lighter and darker. Few
 * features have a colour each. Many run from light (the first, most important) to dark.
 */
export function featureColours(members: readonly Membership[], scheme: Scheme): Rgb[] {
  const n = members.length;
  const inSets = members.some(({ size }) => size > 1);
  return members.map((member, i) => {
    if (inSets) return bundled(member, scheme);
    if (n <= CATEGORIES) return cycle(i, scheme);
    return importance(1 - i / (n - 1), scheme);
  });
}

const BLACK = parse("#000000");
const WHITE = parse("#ffffff");

function bundled({ set, place, size }: Membership, scheme: Scheme): Rgb {
  const hue = cycle(set, scheme);
  const where = size === 1 ? 0 : (2 * place) / (size - 1) - 1;
  return where < 0 ? mix(hue, WHITE, -where * 0.3) : mix(hue, BLACK, where * 0.25);
}
