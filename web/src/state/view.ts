/** How the model is looked at; nothing here changes what is trained. */

import type { Architecture } from "../wire/messages";

export const TABS = ["live", "lessons", "phase", "dictionary", "gallery"] as const;
export const PLANES = ["principal", "factor", "axes"] as const;
export const THEMES = ["auto", "light", "dark"] as const;

export const SCALES = ["log", "linear"] as const;

/** A sparse autoencoder as it is asked for. */
export interface Wish {
  architecture: Architecture;
  latents: number;
  /** The price of activity, where no k says how many fire. */
  l1: number;
  /** How many latents fire, of topk and, on average, of batchtopk. */
  k: number;
  seeds: number;
  seed: number;
}

export const WISH: Wish = {
  architecture: "relu",
  latents: 5,
  l1: 0.3,
  k: 1,
  seeds: 8,
  seed: 0,
};

export interface View {
  tab: (typeof TABS)[number];
  mode: "2d" | "3d";
  /** The plane to look at when the hidden space has more dimensions than the picture. */
  plane: (typeof PLANES)[number];
  /** Position of the tegum factor whose plane is shown, where `plane` is "factor". */
  factor: number;
  /** The seed to look at; null: the one with the lowest loss. */
  selected: number | null;
  theme: (typeof THEMES)[number];
  /** How the axis of steps is divided in the curves. */
  steps: (typeof SCALES)[number];
  lesson: number;
  /** How many features the phase diagram has: 2 in one dimension or 3 in two. */
  diagram: 2 | 3;
  wish: Wish;
}

export const DEFAULT_VIEW: View = {
  tab: "live",
  mode: "2d",
  plane: "principal",
  factor: 0,
  selected: null,
  theme: "auto",
  steps: "log",
  lesson: 0,
  diagram: 2,
  wish: WISH,
};

/** Where the training stands. */
export interface Place {
  /** The step reached; 0 before the first. */
  at: number;
  /** Whether it is running on. */
  running: boolean;
  /** The earlier step that is looked at; null: the present. */
  past: number | null;
}

export const START: Place = { at: 0, running: true, past: null };
