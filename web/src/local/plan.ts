/** What the kernel is told of a state; what it cannot train is refused here. */

import type { JsonObject } from "../wire/json";
import type { Draw, ServerState } from "../wire/messages";
import { drawsOf, featuresOf, importancesOf } from "./description";
import { Refusal, broken, elsewhere } from "./refusal";

const ACTIVATIONS = ["relu", "identity", "leaky", "quadratic"];
const TARGETS = ["x", "abs", "relu", "square", "cube", "sign", "step"];
const MAGNITUDES = ["uniform", "signed", "exponential", "one"];
const KINDS = ["independent", "correlated", "anticorrelated"];
const OPTIMISERS = ["adam", "adamw", "sgd"];
const SCHEDULES = ["constant", "linear", "cosine"];

/** Features that are on together. */
export interface Block extends Draw {
  magnitude: number;
  p: number;
}

export interface Plan {
  n: number;
  m: number;
  tied: boolean;
  bias: boolean;
  hiddenBias: boolean;
  reluHidden: boolean;
  /** Codes of the kernel. */
  activation: number;
  target: number;
  optimiser: number;
  schedule: number;
  l1: number;
  blocks: Block[];
  importance: number[];
  batch: number;
  heldOut: number;
  steps: number;
  warmup: number;
  final: number;
  rate: number;
  decay: number;
  momentum: number;
  sigma: number;
}

/** The place of a name that the kernel has a code for. */
function code(names: readonly string[], name: unknown, what: string): number {
  const place = names.indexOf(String(name));
  if (place < 0) throw elsewhere(`${what} ${typeof name === "string" ? name : "of its own"}`);
  return place;
}

function blocksOf(distribution: JsonObject, start = 0): Block[] {
  if (Array.isArray(distribution.parts)) {
    let at = start;
    return distribution.parts.flatMap((part) => {
      const blocks = blocksOf(part as JsonObject, at);
      at += featuresOf(part as JsonObject);
      return blocks;
    });
  }
  const kind = String(distribution.kind);
  code(KINDS, kind, "the distribution");
  const count = drawsOf(distribution);
  const size = kind === "independent" ? 1 : Number(distribution.set_size);
  const given = distribution.feature_probability;
  if (Array.isArray(given) && given.length !== count)
    throw broken("feature_probability", `must be a number or have ${count} entries`, given);
  const magnitude = code(MAGNITUDES, distribution.magnitude, "the magnitude");
  return Array.from({ length: count }, (_, g) => {
    const p = Number(Array.isArray(given) ? given[g] : given);
    return { kind, start: start + g * size, size, magnitude, p };
  });
}

/** Refuse what only Python trains: fields that must have their defaults. */
function refuseOthers({ problem, training }: ServerState): void {
  if (training.engine !== "sampled") throw elsewhere(`the ${String(training.engine)} engine`);
  for (const name of ["attack", "hidden_noise", "hidden_dropout"])
    if (training[name]) throw elsewhere(`training with ${name.replace("_", " ")}`);
  const power = problem.loss_power ?? 2;
  if (power !== 2 || problem.weight_l1 || problem.weight_l2 || problem.unit_norm)
    throw elsewhere("other powers of errors and costs of weights");
  if (typeof training.batch_size !== "number") throw elsewhere("batches of all samples");
}

/** The plan of a state that `complete` made. Throws a `Refusal`. */
export function planOf(state: ServerState): Plan {
  refuseOthers(state);
  const { problem, training } = state;
  const model = problem.model as JsonObject;
  const distribution = problem.distribution as JsonObject;
  const [n, m] = [featuresOf(distribution), Number(model.n_hidden)];
  const kind = String(model.kind);
  const tied = kind !== "two_layer";
  const hidden = kind === "relu_hidden" ? "relu" : (model.hidden_activation ?? "identity");
  if (hidden !== "relu" && hidden !== "identity")
    throw elsewhere(`the hidden activation ${String(hidden)}`);
  const activation = kind === "linear" ? "identity" : model.activation;
  const given = training.init_std;
  return {
    n,
    m,
    tied,
    bias: model.bias === true,
    hiddenBias: model.hidden_bias === true,
    reluHidden: hidden === "relu",
    activation: code(ACTIVATIONS, activation, "the activation"),
    target: code(TARGETS, problem.target, "a target"),
    optimiser: code(OPTIMISERS, training.optimizer, "the optimiser"),
    schedule: code(SCHEDULES, training.schedule, "the schedule"),
    l1: Number(problem.l1),
    blocks: blocksOf(distribution),
    importance: importancesOf(problem),
    batch: Number(training.batch_size),
    heldOut: Number(training.held_out),
    steps: Number(training.steps),
    warmup: Number(training.warmup),
    final: Number(training.final_fraction),
    rate: Number(training.learning_rate),
    decay: Number(training.weight_decay),
    momentum: Number(training.momentum),
    sigma: given === null ? Math.sqrt(2 / (n + m)) : Number(given),
  };
}

/** How much a page may ask for: less than a server with many cores. */
export interface LocalLimits {
  features: number;
  hidden: number;
  seeds: number;
  steps: number;
  batch_size: number;
  weights: number;
  step_work: number;
}

export function admit(plan: Plan, seeds: number, limits: LocalLimits): void {
  const atMost = (what: string, asked: number, most: number): void => {
    if (asked > most)
      throw new Refusal("limit", `too many ${what}: ${asked} asked for, ${most} at most`);
  };
  const { n, m, batch } = plan;
  atMost("features", n, limits.features);
  atMost("hidden dimensions", m, limits.hidden);
  atMost("seeds", seeds, limits.seeds);
  atMost("steps", plan.steps, limits.steps);
  atMost("samples in a batch", batch, limits.batch_size);
  atMost("weights of all seeds together", n * m * seeds * (plan.tied ? 1 : 2), limits.weights);
  atMost("multiply-adds in one step of all seeds", seeds * batch * n * (m + 2), limits.step_work);
}
