/** Settings as the JSON of tegum's Problem and Training, and back. */

import { type Json, type JsonObject, isObject } from "../wire/json";
import type { Offer, Part, ServerState } from "../wire/messages";
import { partsOf, scaled, sizeOf } from "./groups";
import { MIXTURE, withProbabilities, withoutProbabilities } from "./mixture";
import { DEFAULTS, type Settings, consistent, importances } from "./settings";
import { SAMPLED, enginesOf, fieldsOf } from "./vocabulary";

/** The fields that the page has settings of its own for; others are in `own`, as they are. */
const MINE: Record<Part, (s: Settings) => JsonObject> = {
  distribution: (s) => ({
    n_features: s.n,
    n_sets: s.n / s.setSize,
    set_size: s.setSize,
    feature_probability: s.p,
    magnitude: s.magnitude,
    parts: (s.data === MIXTURE ? withProbabilities : scaled)(partsOf(s.groups), s.p),
  }),
  model: (s) => ({
    n_hidden: s.m,
    bias: s.bias,
    activation: s.activation,
    hidden_bias: s.hiddenBias,
    hidden_activation: s.hiddenActivation,
  }),
  target: () => ({}),
};

const isMine = (part: Part, field: string): boolean => field in MINE[part](DEFAULTS);

/** The fields of a kind that the page has no settings of its own for. */
export const ownFields = (offer: Offer, part: Part, kind: string) =>
  Object.entries(fieldsOf(offer, part, kind)).filter(([name]) => !isMine(part, name));

/** What these fields are when a kind has just been chosen: their defaults, or its example's. */
export function startOf(offer: Offer, part: Part, kind: string): JsonObject {
  const example = offer.vocabulary[part][kind]?.example;
  return Object.fromEntries(
    ownFields(offer, part, kind).map(([name, field]) => [
      name,
      field.required ? (example?.[name] ?? null) : field.default,
    ]),
  );
}

function described(s: Settings, offer: Offer, part: Part, kind: string): JsonObject {
  const fields = fieldsOf(offer, part, kind);
  const mine = Object.entries(MINE[part](s)).filter(([name]) => name in fields);
  return { kind, ...Object.fromEntries(mine), ...s.own[part] };
}

/** The JSON of a tegum Problem. */
export function problemOf(s: Settings, offer: Offer): JsonObject {
  const equal = s.form === "equal" || (s.form === "geometric" && s.ratio === 1);
  return {
    kind: "problem",
    distribution: described(s, offer, "distribution", s.data),
    model: described(s, offer, "model", s.kind),
    importance: equal ? 1 : importances(s),
    target: Object.hasOwn(offer.vocabulary.target, s.target)
      ? described(s, offer, "target", s.target)
      : s.target,
    l1: s.l1,
  };
}

/** The JSON of a tegum Training. */
export function trainingOf(s: Settings, offer: Offer): JsonObject {
  const common = { kind: "training", steps: s.steps, learning_rate: s.learningRate };
  if (enginesOf(offer).includes(s.optimizer)) return { ...common, engine: s.optimizer };
  return {
    ...common,
    engine: SAMPLED,
    optimizer: s.optimizer,
    schedule: s.schedule,
    momentum: s.momentum,
    weight_decay: s.weightDecay,
    batch_size: s.batch,
  };
}

/** The state that these settings ask for, from step 0. */
export const stateOf = (s: Settings, offer: Offer): ServerState => ({
  problem: problemOf(s, offer),
  training: trainingOf(s, offer),
  seeds: s.seeds,
  seed: s.seed,
});

/**
 * The settings that ask for this state; what is not said keeps its default. `n`: how many features
 * it has, where that is known.
 */
export function settingsOf(state: ServerState, offer: Offer, n?: number): Settings {
  const { problem, training } = state;
  const [distribution, model] = [object(problem.distribution), object(problem.model)];
  const target = problem.target ?? DEFAULTS.target;
  const s: Settings = { ...DEFAULTS, ...distributionSettings(distribution) };
  s.own = {
    distribution: ownOf("distribution", distribution),
    model: ownOf("model", model),
    target: ownOf("target", object(target)),
  };
  s.n = n ?? s.n;
  s.m = Number(model.n_hidden ?? s.m);
  s.kind = text(model.kind, s.kind);
  s.activation = text(model.activation, s.activation);
  s.hiddenActivation = text(model.hidden_activation, s.hiddenActivation);
  s.bias = model.bias !== false;
  s.hiddenBias = model.hidden_bias === true;
  s.target = text(isObject(target) ? target.kind : target, s.target);
  s.l1 = Number(problem.l1 ?? 0);
  Object.assign(s, importanceSettings(problem.importance ?? 1));
  const engine = text(training.engine, SAMPLED);
  s.optimizer = engine === SAMPLED ? text(training.optimizer, s.optimizer) : engine;
  s.schedule = text(training.schedule, s.schedule);
  s.steps = Number(training.steps ?? s.steps);
  s.momentum = Number(training.momentum ?? s.momentum);
  s.learningRate = Number(training.learning_rate ?? s.learningRate);
  s.weightDecay = Number(training.weight_decay ?? s.weightDecay);
  s.batch = Number(training.batch_size ?? s.batch);
  return consistent({ ...s, seeds: state.seeds ?? s.seeds, seed: state.seed ?? s.seed }, offer);
}

function distributionSettings(d: JsonObject): Partial<Settings> {
  const parts = (Array.isArray(d.parts) ? d.parts : []).map(object);
  const p = parts[0]?.feature_probability ?? d.feature_probability ?? DEFAULTS.p;
  const setSize = Number(d.set_size ?? DEFAULTS.setSize);
  const kept = d.kind === MIXTURE ? withoutProbabilities(parts, p) : parts;
  return {
    data: text(d.kind, DEFAULTS.data),
    setSize,
    n: sizeOf(d) || DEFAULTS.n,
    p: Number(Array.isArray(p) ? p[0] : p),
    magnitude: text(d.magnitude, DEFAULTS.magnitude),
    ...(parts.length > 0 ? { groups: JSON.stringify(kept) } : {}),
  };
}

/** The simplest form that gives these importances. */
export function importanceSettings(given: Json): Partial<Settings> {
  if (!Array.isArray(given)) return { form: "equal" };
  const list = given.map(Number);
  const first = list[0] ?? 1;
  if (list.every((x) => close(x, first))) return { form: "equal" };
  const ratio = (list[1] ?? first) / first;
  if (first === 1 && list.length > 2 && list.every((x, i) => close(x, ratio ** i))) {
    return { form: "geometric", ratio };
  }
  if (list.slice(0, -1).every((x) => x === 1)) return { form: "last", ratio: list.at(-1)! };
  return { form: "list", list };
}

const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.abs(b);

const ownOf = (part: Part, given: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(given).filter(([name]) => name !== "kind" && !isMine(part, name)),
  );

const text = (value: Json | undefined, other: string): string =>
  typeof value === "string" ? value : other;

const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
