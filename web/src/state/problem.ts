/** Settings as the JSON of tegum's Problem and Training, and back. */

import { type Json, type JsonObject, isObject, partsOf, scaled, sizeOf } from "./groups";
import {
  ACTIVATIONS,
  DATA,
  DEFAULTS,
  KINDS,
  MAGNITUDES,
  TARGETS,
  OPTIMIZERS,
  SCHEDULES,
  type Settings,
  consistent,
  importances,
} from "./settings";

/** The JSON of a tegum Problem. */
export function problemOf(s: Settings): JsonObject {
  const equal = s.form === "equal" || (s.form === "geometric" && s.ratio === 1);
  return {
    kind: "problem",
    distribution: distributionOf(s),
    model: modelOf(s),
    importance: equal ? 1 : importances(s),
    target: s.target,
    l1: s.l1,
  };
}

/** The JSON of a tegum Training. */
export function trainingOf(s: Settings): JsonObject {
  const common = { kind: "training", steps: s.steps, learning_rate: s.learningRate };
  if (s.optimizer === "exact") return { ...common, engine: "exact" };
  return {
    ...common,
    engine: "sampled",
    optimizer: s.optimizer,
    schedule: s.schedule,
    momentum: s.momentum,
    weight_decay: s.weightDecay,
    batch_size: s.batch,
  };
}

function distributionOf(s: Settings): JsonObject {
  const common = { feature_probability: s.p, magnitude: s.magnitude };
  if (s.data === "groups") return { kind: "groups", parts: scaled(partsOf(s.groups), s.p) };
  if (s.data === "independent") return { kind: "independent", n_features: s.n, ...common };
  return { kind: s.data, n_sets: s.n / s.setSize, set_size: s.setSize, ...common };
}

function modelOf(s: Settings): JsonObject {
  const model: JsonObject = { kind: s.kind, n_hidden: s.m, bias: s.bias };
  if (s.kind !== "linear") model.activation = s.activation;
  if (s.kind === "relu_hidden" || s.kind === "two_layer") model.hidden_bias = s.hiddenBias;
  if (s.kind === "two_layer") model.hidden_activation = s.hiddenActivation;
  return model;
}

/** The settings that ask for this Problem and Training; what is not said keeps its default. */
export function settingsOf(
  problem: JsonObject,
  training: JsonObject = {},
  rest: Partial<Settings> = {},
): Settings {
  const model = object(problem.model);
  const s: Settings = { ...DEFAULTS, ...distributionSettings(object(problem.distribution)) };
  s.m = Number(model.n_hidden ?? s.m);
  s.kind = among(KINDS, model.kind, s.kind);
  s.activation = among(ACTIVATIONS, model.activation, s.activation);
  s.hiddenActivation = among(ACTIVATIONS, model.hidden_activation, s.hiddenActivation);
  s.bias = model.bias !== false;
  s.hiddenBias = model.hidden_bias === true;
  s.target = among(TARGETS, problem.target, "x");
  s.l1 = Number(problem.l1 ?? 0);
  Object.assign(s, importanceSettings(problem.importance ?? 1));
  s.optimizer = among(OPTIMIZERS, training.optimizer, s.optimizer);
  if (training.engine === "exact") s.optimizer = "exact";
  s.schedule = among(SCHEDULES, training.schedule, s.schedule);
  s.steps = Number(training.steps ?? s.steps);
  s.momentum = Number(training.momentum ?? s.momentum);
  s.learningRate = Number(training.learning_rate ?? s.learningRate);
  s.weightDecay = Number(training.weight_decay ?? s.weightDecay);
  s.batch = Number(training.batch_size ?? s.batch);
  return consistent({ ...s, ...rest });
}

function distributionSettings(d: JsonObject): Partial<Settings> {
  const first = (value: Json | undefined): number =>
    Number((Array.isArray(value) ? value[0] : value) ?? DEFAULTS.p);
  if (d.kind === "groups") {
    const parts = (Array.isArray(d.parts) ? d.parts : []).map(object);
    return {
      data: "groups",
      groups: JSON.stringify(parts),
      n: parts.reduce((sum, part) => sum + sizeOf(part), 0),
      p: first(parts[0]?.feature_probability),
    };
  }
  const data = among(DATA, d.kind, "independent");
  const setSize = Number(d.set_size ?? DEFAULTS.setSize);
  return {
    data,
    setSize,
    n: Number(d.n_features ?? Number(d.n_sets ?? DEFAULTS.n) * setSize),
    p: first(d.feature_probability),
    magnitude: among(MAGNITUDES, d.magnitude, "uniform"),
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

function among<T extends string>(names: readonly T[], value: Json | undefined, other: T): T {
  return names.find((name) => name === value) ?? other;
}

const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

export type { Json, JsonObject } from "./groups";
