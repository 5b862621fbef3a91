/** Mixtures: a sample is from one of several parts, kept as the JSON of the parts like groups. */

import type { Json, JsonObject } from "../wire/json";
import type { Offer } from "../wire/messages";
import { firstForest, forestOf, resized } from "./forest";
import { partsOf, sizeOf } from "./groups";
import type { Settings } from "./settings";
import { fieldsOf } from "./vocabulary";

export const MIXTURE = "mixture";
const P = "feature_probability";

/** The numbers that divide n, from 2 on; of a prime, and of 1, itself. */
export const divisors = (n: number): number[] =>
  n === 1 ? [1] : Array.from({ length: n - 1 }, (_, i) => i + 2).filter((k) => n % k === 0);

/** Sets that fill n features, of as many each as is wished, or the next number below that does. */
function sets(n: number, size: number): JsonObject {
  const fit = divisors(n);
  const set_size = fit.findLast((k) => k <= size) ?? fit[0]!;
  return { n_sets: n / set_size, set_size };
}

/** Factors (n, 1) of a copula whose features are all alike, of the correlation ρ. */
export const alike = (n: number, rho = 0.5): number[][] =>
  Array.from({ length: n }, () => [Number(Math.sqrt(rho).toPrecision(6))]);

/** ρ of such factors; null where they are others. */
export function correlationIn(factors: Json): number | null {
  const rows = Array.isArray(factors) ? factors : [];
  const first = Array.isArray(rows[0]) ? Number(rows[0][0]) : NaN;
  const same = rows.every((row) => Array.isArray(row) && row.length === 1 && row[0] === first);
  return same && first >= 0 && first <= 1 ? first ** 2 : null;
}

/** A part that has another number of features; as it is where it says itself how many. */
export function sized(part: JsonObject, n: number): JsonObject {
  if ("n_features" in part) return { ...part, n_features: n };
  if ("set_size" in part) return { ...part, ...sets(n, Number(part.set_size)) };
  const parents = forestOf(part.parents);
  if (parents) return { ...part, parents: resized(parents, n) };
  if ("factors" in part || "correlation" in part) {
    const rho = correlationIn(part.factors ?? null) ?? 0.5;
    return { ...part, correlation: null, factors: alike(n, rho) };
  }
  return part;
}

/** The kinds that a part may be of: those that can have any number of features. */
export const partKinds = (offer: Offer): string[] =>
  Object.entries(offer.vocabulary.distribution)
    .filter(([, { fields }]) =>
      ["n_features", "set_size", "parents", "factors"].some((name) => name in fields),
    )
    .map(([kind]) => kind);

/** A part of a kind as it starts, of n features. */
export function firstPart(offer: Offer, kind: string, n: number, setSize = 2): JsonObject {
  const fields = fieldsOf(offer, "distribution", kind);
  const example = offer.vocabulary.distribution[kind]?.example;
  const needed = Object.keys(fields).filter((name) => fields[name]!.required && name !== P);
  const part: JsonObject = { kind };
  for (const name of needed) part[name] = example?.[name] ?? null;
  if ("n_features" in fields) part.n_features = n;
  if ("set_size" in fields) Object.assign(part, sets(n, setSize));
  if ("parents" in fields) part.parents = firstForest(n);
  if ("factors" in fields) part.factors = alike(n);
  return part;
}

/** What a mixture starts from: features by themselves, or in sets that are active together. */
export const defaultMixture = (offer: Offer, n: number): string =>
  JSON.stringify(["independent", "correlated"].map((kind) => firstPart(offer, kind, n)));

/** Whether the probability p is for a part to have: a data set and what has parts have none. */
const isDrawn = (part: JsonObject): boolean => !("x" in part) && !("parts" in part);

/** The parts with their probabilities: p, but for those after the first that have their own. */
export const withProbabilities = (parts: readonly JsonObject[], p: number): JsonObject[] =>
  parts.map((part, k) => (isDrawn(part) ? { ...part, [P]: k > 0 ? (part[P] ?? p) : p } : part));

/** The parts as they are kept: without the probabilities that are the first part's. */
export const withoutProbabilities = (parts: readonly JsonObject[], p: Json): JsonObject[] =>
  parts.map((part, k) => {
    const { [P]: own, ...rest } = part;
    return k === 0 || own === p ? rest : part;
  });

/** On/off draws of a part. */
const drawsOf = (part: JsonObject): number =>
  isDrawn(part) ? Number(part.n_sets ?? sizeOf(part)) : 0;

/** The draws of the parts that p is of, from 0, part after part; null for all of them. */
export function drawsWithP(s: Settings): number[] | null {
  const parts = s.data === MIXTURE ? partsOf(s.groups) : [];
  if (parts.every((part, k) => k === 0 || !(P in part))) return null;
  const found: number[] = [];
  let start = 0;
  parts.forEach((part, k) => {
    const count = drawsOf(part);
    if (k === 0 || !(P in part)) for (let i = 0; i < count; i++) found.push(start + i);
    start += count;
  });
  return found;
}

/** The odds of the parts, as they are written: 1 where they are not. */
export function oddsOf(s: Settings, count: number): number[] {
  const { weights } = s.own.distribution;
  const given = Array.isArray(weights) ? weights.map(Number) : [];
  return Array.from({ length: count }, (_, k) => given[k] ?? 1);
}

/** The share of samples that come from each part; NaN where no part has any. */
export function sharesOf(odds: readonly number[]): number[] {
  const sum = odds.reduce((all, one) => all + one, 0);
  return odds.map((one) => one / sum);
}

/**
 * Settings with these parts and odds; equal odds are not written. Where another part is the first
 * now, p is its probability, and those that had p keep it.
 */
export function mixed(
  s: Settings,
  parts: readonly JsonObject[],
  odds: readonly number[],
): Partial<Settings> {
  const weights = odds.every((one) => one === 1) ? null : [...odds];
  const p = typeof parts[0]?.[P] === "number" ? parts[0][P] : s.p;
  const all = parts.map((part) => (isDrawn(part) ? { [P]: s.p, ...part } : part));
  return {
    p,
    groups: JSON.stringify(withoutProbabilities(all, p)),
    own: { ...s.own, distribution: { ...s.own.distribution, weights } },
  };
}
