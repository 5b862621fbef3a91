/** A state as tegum describes it, with every field that has a default filled in. */

import { type Json, type JsonObject, isObject } from "../wire/json";
import type { Field, Fields, Offer, Part, ServerState } from "../wire/messages";
import { Refusal, broken, elsewhere } from "./refusal";

/** Fields of a training that the page's backend sets itself. */
const OWN: JsonObject = { checkpoints: [], curve_points: 0, held_out: 8192, kind: "training" };
const MOST_SEED = 2 ** 53;

/** "relu_output" as its class is called: ReLUOutput. */
const className = (kind: string): string =>
  kind
    .split("_")
    .map((word) => (word === "relu" ? "ReLU" : word.charAt(0).toUpperCase() + word.slice(1)))
    .join("");

const isWhole = (x: Json, least: number): boolean =>
  typeof x === "number" && Number.isInteger(x) && x >= least;

/** Refuse a value that a field cannot have. */
function check(owner: string, name: string, field: Field, value: Json): void {
  const called = `${owner}.${name}`;
  const [low, high] = [field.low ?? -Infinity, field.high ?? Infinity];
  const inside = (x: Json): boolean => typeof x === "number" && x >= low && x <= high;
  const range = field.high === null ? `>= ${field.low}` : `in [${field.low}, ${field.high}]`;
  if (value === null && field.default === null && !field.required) return;
  if (field.form === "choice" && !field.choices.includes(String(value)))
    throw broken(called, `must be one of ${field.choices.join(", ")}`, value);
  if (field.form === "flag" && typeof value !== "boolean")
    throw broken(called, "must be true or false", value);
  if (field.form === "whole" && !field.choices.includes(String(value)) && !isWhole(value, low))
    throw broken(called, `must be an integer${field.low === null ? "" : ` ${range}`}`, value);
  if (field.form === "number" && !inside(value)) throw broken(called, `must be ${range}`, value);
  if (field.form === "vector" && !(Array.isArray(value) ? value : [value]).every(inside))
    throw broken(called, `must be ${range}`, value);
}

/** What is given of these fields, and the defaults of the others. */
function filled(
  owner: string,
  fields: Fields,
  given: JsonObject,
  own: JsonObject = {},
): JsonObject {
  const found: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = given[name] ?? (field.required ? undefined : field.default);
    if (value === undefined) throw new Refusal("invalid", `${owner}.${name} is required`);
    check(owner, name, field, value);
    found[name] = value;
  }
  const unknown = Object.keys(given).find((name) => !(name in fields) && !(name in own));
  if (unknown) throw new Refusal("invalid", `${owner}.${unknown} is no field of it`);
  return { ...found, ...own };
}

/** One part of a problem, of one of the kinds that are offered. */
function part(offer: Offer, what: Part, given: Json | undefined): JsonObject {
  if (!isObject(given)) throw broken(`Problem.${what}`, "must be an object with a kind", given);
  const kind = String(given.kind);
  const known = offer.vocabulary[what];
  const fields = Object.hasOwn(known, kind) ? known[kind]!.fields : null;
  if (!fields)
    throw broken(`Problem.${what}`, `must be of a kind of ${Object.keys(known).join(", ")}`, kind);
  const counted = ["n_features", "set_size", "parts"].some((name) => name in fields);
  if (what === "distribution" && (!counted || "weights" in fields))
    throw elsewhere(`the distribution ${kind}`);
  const found = filled(className(kind), fields, given, { kind });
  if (kind === "groups") {
    const parts = found.parts;
    if (!Array.isArray(parts) || parts.length === 0)
      throw broken("Groups.parts", "must be a list of distributions", parts);
    found.parts = parts.map((one) => part(offer, "distribution", one));
  }
  return found;
}

/** How many features a distribution has. */
export function featuresOf(distribution: JsonObject): number {
  if (Array.isArray(distribution.parts))
    return distribution.parts.reduce<number>((sum, one) => sum + featuresOf(one as JsonObject), 0);
  const { n_features, n_sets, set_size } = distribution;
  return n_features === undefined ? Number(n_sets) * Number(set_size) : Number(n_features);
}

function problem(offer: Offer, given: Json | undefined): JsonObject {
  if (!isObject(given)) throw broken("PageState.problem", "must be an object", given);
  const distribution = part(offer, "distribution", given.distribution);
  const model = part(offer, "model", given.model);
  const n = featuresOf(distribution);
  const importance = given.importance ?? 1;
  const list = Array.isArray(importance) ? importance : [importance];
  const positive = (x: Json): boolean => typeof x === "number" && x >= 0;
  if (!list.every(positive)) throw broken("Problem.importance", "must be >= 0", importance);
  if (Array.isArray(importance) && list.length !== n)
    throw broken("Problem.importance", `must be a number or have ${n} entries`, importance);
  if (!list.some((x) => x !== 0))
    throw broken("Problem.importance", "must not be all zero", importance);
  const l1 = given.l1 ?? 0;
  if (!positive(l1)) throw broken("Problem.l1", "must be >= 0", l1);
  const target = given.target ?? "x";
  if (isObject(target)) part(offer, "target", target);
  else if (!offer.vocabulary.targets.includes(String(target)))
    throw broken("Problem.target", `must be one of ${offer.vocabulary.targets.join(", ")}`, target);
  return { ...given, kind: "problem", distribution, model, importance, target, l1 };
}

/** The state in a message, complete. Throws a `Refusal`. */
export function complete(offer: Offer, given: ServerState): ServerState {
  if (!isObject(given)) throw broken("configure", "must have a state", given);
  const { training = {}, seeds = 1, seed = 0, changes = [] } = given;
  if (!isObject(training)) throw broken("PageState.training", "must be an object", training);
  if (!isWhole(seeds, 1)) throw broken("PageState.seeds", "must be an integer >= 1", seeds);
  if (!isWhole(seed, 0) || seed >= MOST_SEED)
    throw broken("PageState.seed", "must be an integer in [0, 2^53)", seed);
  let last = -1;
  for (const entry of changes) {
    if (!Array.isArray(entry) || entry.length !== 2 || !isWhole(entry[0], last + 1))
      throw broken(
        "PageState.changes",
        "must be a list of [step, {name: number}], rising",
        changes,
      );
    last = entry[0];
  }
  const told = Object.fromEntries(Object.entries(training).filter(([name]) => !(name in OWN)));
  const { device: _, dtype: __, ...rest } = told;
  return {
    problem: problem(offer, given.problem),
    training: filled("Training", offer.vocabulary.training, rest, OWN),
    seeds,
    seed,
    changes: [...changes],
  };
}

type Values = Record<string, number | number[]>;

/** Names of parts of lists: importance[2]. */
const ENTRY = /^(\w+)(?:\[(\d+)\])?$/;

/** The description with other numbers. Throws a `Refusal`. */
export function changed(offer: Offer, state: ServerState, values: Values): ServerState {
  const next = structuredClone({ ...state, changes: [] });
  for (const [name, value] of Object.entries(values)) {
    const [, base = name, at] = ENTRY.exec(name) ?? [];
    if (!offer.vocabulary.live.includes(base))
      throw new Refusal(
        "invalid",
        `unknown number "${name}"; there are ${offer.vocabulary.live.join(", ")}`,
      );
    if (base === "feature_probability") switchOften(next.problem, at, value, name);
    else if (base === "importance")
      next.problem.importance = weighed(next.problem, at, value, name);
    else if (base === "l1") next.problem.l1 = value;
    else next.training[base] = value;
  }
  return { ...complete(offer, next), changes: state.changes ?? [] };
}

/** The distributions that a distribution is made of, and how many on/off draws each has. */
const parted = (distribution: JsonObject): JsonObject[] =>
  Array.isArray(distribution.parts) ? (distribution.parts as JsonObject[]) : [distribution];

export const drawsOf = (one: JsonObject): number => Number(one.n_sets ?? one.n_features);

function switchOften(problem: JsonObject, at: string | undefined, value: Json, name: string): void {
  const parts = parted(problem.distribution as JsonObject);
  if (at === undefined) {
    for (const one of parts) one.feature_probability = value;
    return;
  }
  let place = Number(at);
  for (const one of parts) {
    const count = drawsOf(one);
    if (place < count) {
      const now = one.feature_probability!;
      const list = Array.isArray(now) ? now : new Array<Json>(count).fill(now);
      one.feature_probability = list.map((p, i) => (i === place ? value : p));
      return;
    }
    place -= count;
  }
  throw new Refusal("invalid", `${name} is of no on/off draw of this distribution`);
}

function weighed(problem: JsonObject, at: string | undefined, value: Json, name: string): Json {
  if (at === undefined) return value;
  const n = featuresOf(problem.distribution as JsonObject);
  if (Number(at) >= n) throw new Refusal("invalid", `${name} is of none of the ${n} features`);
  const list = importancesOf(problem);
  return list.map((x, i) => (i === Number(at) ? value : x));
}

/** I_i of each feature. */
export function importancesOf(problem: JsonObject): number[] {
  const given = problem.importance ?? 1;
  const n = featuresOf(problem.distribution as JsonObject);
  return Array.isArray(given) ? given.map(Number) : new Array<number>(n).fill(Number(given));
}

/** The numbers that may change, as they are. */
export function numbersOf({ problem, training }: ServerState): Values {
  const parts = parted(problem.distribution as JsonObject);
  const all = parts.flatMap((one) => {
    const p = one.feature_probability!;
    return Array.isArray(p) ? p.map(Number) : new Array<number>(drawsOf(one)).fill(Number(p));
  });
  const alone = parts.length === 1 && !Array.isArray(parts[0]!.feature_probability);
  return {
    feature_probability: alone ? all[0]! : all,
    importance: importancesOf(problem),
    l1: Number(problem.l1),
    learning_rate: Number(training.learning_rate),
    weight_decay: Number(training.weight_decay),
    momentum: Number(training.momentum),
    steps: Number(training.steps),
  };
}
