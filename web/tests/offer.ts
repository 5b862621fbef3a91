/** What a server might offer, in brief; "zipf" is a distribution that the page does not know. */

import type { Field, Fields, Kind, Offer } from "../src/wire/messages";

const field = (changes: Partial<Field>): Field => ({
  form: "number",
  required: false,
  default: null,
  choices: [],
  low: null,
  high: null,
  help: "",
  ...changes,
});

const whole = field({ form: "whole", required: true, low: 1 });
const p = field({ form: "vector", required: true, low: 0, high: 1 });
const flag = (value: boolean): Field => field({ form: "flag", default: value });
const choice = (...choices: string[]): Field =>
  field({ form: "choice", choices, default: choices[0]! });

const magnitude = choice("uniform", "signed", "exponential", "one");
const activation = choice("relu", "gelu", "leaky", "quadratic", "identity");
const sets: Fields = { n_sets: whole, set_size: whole, feature_probability: p, magnitude };
const model: Fields = { n_hidden: whole, bias: flag(true) };
const kind = (fields: Fields, example: Kind["example"] = null): Kind => ({ fields, example });

export const OFFER: Offer = {
  limits: {
    features: 400,
    hidden: 200,
    seeds: 1000,
    steps: 10_000_000,
    batch_size: 16384,
    message_bytes: 262_144,
    phase: { points: 40, seeds: 64, steps: 20000 },
    dictionary: { latents: 400, seeds: 64, steps: 1_000_000 },
  },
  vocabulary: {
    distribution: {
      independent: kind({ n_features: whole, feature_probability: p, magnitude }),
      anticorrelated: kind(sets),
      correlated: kind(sets),
      groups: kind({ parts: field({ form: "json", required: true }) }),
      mixture: kind({
        parts: field({ form: "json", required: true }),
        weights: field({ form: "json" }),
      }),
      hierarchy: kind(
        {
          parents: field({ form: "json", required: true }),
          feature_probability: p,
          exclusive: flag(false),
          magnitude,
        },
        { kind: "hierarchy", parents: [-1, 0], feature_probability: 0.5 },
      ),
      zipf: kind(
        {
          n_features: whole,
          feature_probability: p,
          exponent: field({ required: true, low: 0 }),
          shuffled: flag(true),
        },
        { kind: "zipf", n_features: 3, feature_probability: 0.5, exponent: 1.5 },
      ),
    },
    model: {
      relu_output: kind({ ...model, activation }),
      linear: kind(model),
      relu_hidden: kind({ ...model, hidden_bias: flag(false), activation }),
      two_layer: kind({
        ...model,
        hidden_bias: flag(false),
        hidden_activation: choice("identity", "relu"),
        activation,
      }),
    },
    target: {
      pairs: kind({ operation: choice("product", "min"), pairs: field({ form: "pairs" }) }),
    },
    targets: ["x", "abs", "relu", "square", "cube", "sign", "step"],
    training: {
      steps: field({ form: "whole", default: 10_000 }),
      batch_size: field({ form: "whole", default: 1024 }),
      learning_rate: field({ default: 1e-3 }),
      engine: choice("sampled", "exact"),
      optimizer: choice("adam", "adamw", "sgd"),
      attack: field({ default: 0 }),
      momentum: field({ default: 0.9 }),
      weight_decay: field({ default: 0 }),
      schedule: choice("constant", "linear", "cosine"),
      warmup: field({ form: "whole", default: 0 }),
      warm_start: field({ form: "whole", default: 100 }),
      final_fraction: field({ default: 0 }),
      init_std: field({ default: null }),
    },
    live: [
      "feature_probability",
      "importance",
      "l1",
      "learning_rate",
      "weight_decay",
      "momentum",
      "steps",
    ],
  },
};
