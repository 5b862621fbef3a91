/** What a site tells its pages, in brief, and a state to train. */

import type { ServerState } from "../src/wire/messages";
import { OFFER } from "./offer";

const LIMITS = {
  ...{ ...OFFER.limits, features: 200, hidden: 100, seeds: 512, batch_size: 4096 },
  ...{ weights: 1_000_000, step_work: 1e8, changes: 256, watch_weights: 20_000 },
  history_bytes: 32_000_000,
  dictionary: { ...OFFER.limits.dictionary, weights: 40_000 },
};
export const MEANS = { ...OFFER, limits: LIMITS };

export const state = (problem: object = {}, training: object = {}, seeds = 6): ServerState => ({
  problem: {
    distribution: { kind: "independent", n_features: 5, feature_probability: 0.1 },
    model: { kind: "relu_output", n_hidden: 2 },
    ...problem,
  },
  training: { steps: 600, learning_rate: 0.01, batch_size: 64, ...training },
  seeds,
  seed: 3,
});
