/** What the server says, as in docs/explorer-protocol.md. */

import type { Tensor } from "./frame";
import type { Json, JsonObject } from "./json";

/** The server's part of the state: a description, and the changes made while it was trained. */
export interface ServerState {
  problem: JsonObject;
  training: JsonObject;
  seeds: number;
  seed: number;
  changes?: [number, Record<string, number | number[]>][];
}

/** The largest that the server takes. */
export interface Limits {
  features: number;
  hidden: number;
  seeds: number;
  steps: number;
  batch_size: number;
  /** Of a message, and so of the numbers of a data set. */
  message_bytes: number;
  phase: { points: number; seeds: number; steps: number };
  dictionary: { latents: number; seeds: number; steps: number };
}

/** A field of a description: how its value is written, and between which bounds. */
export interface Field {
  form: "choice" | "flag" | "whole" | "number" | "vector" | "steps" | "pairs" | "json";
  required: boolean;
  default: Json;
  choices: string[];
  low: number | null;
  high: number | null;
  help: string;
}

export type Fields = Record<string, Field>;

/** The parts of a problem of which there are kinds. */
export type Part = "distribution" | "model" | "target";

/** One kind: its fields, and values to start from. */
export interface Kind {
  fields: Fields;
  example: JsonObject | null;
}

/** All that can be chosen. */
export interface Vocabulary extends Record<Part, Record<string, Kind>> {
  /** Targets that have a name. */
  targets: string[];
  training: Fields;
  /** The numbers that a `change` of the running training may have. */
  live: string[];
}

export interface Offer {
  limits: Limits;
  vocabulary: Vocabulary;
}

export interface Hello extends Offer {
  type: "hello";
  protocol: number;
  session: string;
  version: string;
  default: ServerState;
}

export interface Draw {
  kind: string;
  start: number;
  size: number;
}

export interface Configured {
  type: "configured";
  id?: number | string | null;
  run: number;
  state: ServerState;
  n_features: number;
  n_hidden: number;
  seeds: number;
  draws: Draw[];
  neurons: boolean;
}

export interface Changed {
  type: "changed";
  id?: number | string | null;
  run: number;
  step: number;
  state: ServerState;
}

export interface HistoryMessage {
  type: "history";
  run: number;
  steps: number[];
}

export interface ErrorMessage {
  type: "error";
  id?: number | string | null;
  code: string;
  message: string;
}

export interface Crashed {
  type: "crashed";
  run: number;
  message: string;
}

export type TextMessage =
  | Hello
  | Configured
  | Changed
  | HistoryMessage
  | ErrorMessage
  | Crashed
  | { type: "busy"; run: number; message: string }
  | { type: "ok"; id?: number | string | null }
  | { type: "phase_stopped"; phase: number }
  | { type: "dictionary_stopped"; dictionary: number };

export type Status = "running" | "paused" | "done" | "failed";

export interface Selected {
  by: "best" | "seed";
  seed: number;
}

/** Of which model something is, and when: what has another stamp belongs to another picture. */
export interface Stamp {
  run: number;
  step: number;
  /** How many changes of the numbers there had been. */
  changes: number;
  past: boolean;
  selected: Selected;
}

export interface Frame extends Stamp {
  type: "frame";
  frame: number;
  status: Status;
  /** Whether the model that is shown is: it has no loss where it is not. */
  finite: boolean;
  loss: number | null;
  /** The step of which the losses are; null before the first measurement. */
  measured: number | null;
  rate: { steps: number; model_steps: number };
  diverged: number;
  numbers: Record<string, number | number[]>;
  arrays: Record<string, Tensor>;
}

export interface Factor {
  features: number[];
  name: string;
  rank: number;
  tight: boolean;
  closest: string | null;
  distance: number | null;
}

export interface Analysis extends Stamp {
  type: "analysis";
  represented: number | null;
  dimensions_per_feature: number | null;
  factors: Factor[];
  shape: string;
  shapes: { name: string; seeds: number[] }[] | null;
  /** The step of all these shapes; null before the first count. */
  shapes_step: number | null;
  arrays: Record<string, Tensor>;
}

/** Its stamp is that of the last of its points. */
export interface Traces extends Stamp {
  type: "traces";
  arrays: Record<string, Tensor>;
}

export interface Phase {
  type: "phase";
  phase: number;
  done: number;
  total: number;
  status: "running" | "done";
  n_features: number;
  outcomes: string[];
  probabilities: number[];
  ratios: number[];
  state: ServerState;
  arrays: Record<string, Tensor>;
}

export type Architecture = "relu" | "topk" | "batchtopk" | "jumprelu" | "gated";

/** Those that say how many latents fire, in place of a price. */
export const isCounted = (architecture: Architecture): boolean =>
  architecture === "topk" || architecture === "batchtopk";

/** Dictionaries of one model's activations: the one of least objective, and how all of them fare. */
export interface Dictionary {
  type: "dictionary";
  dictionary: number;
  /** The model whose activations they are of. */
  of: { run: number; step: number; seed: number };
  step: number;
  steps: number;
  status: "running" | "done";
  /** The dictionary that is shown. */
  seed: number;
  architecture: Architecture;
  k: number | null;
  l1: number;
  /** Features that the model represents, and how many of them an atom lies along. */
  represented: number;
  found: number | null;
  l0: number | null;
  true_l0: number;
  dead: number;
  explained_variance: number | null;
  loss: number | null;
  arrays: Record<string, Tensor>;
}

export type BinaryMessage = Frame | Analysis | Traces | Phase | Dictionary;
