/** What is trained: every choice of the control column, with its range and its default. */

import { groupsSize } from "./groups";

export const KINDS = ["linear", "relu_output", "relu_hidden", "two_layer"] as const;
export const ACTIVATIONS = ["relu", "gelu", "leaky", "quadratic", "identity"] as const;
export const DATA = ["independent", "correlated", "anticorrelated", "groups"] as const;
export const MAGNITUDES = ["uniform", "signed", "exponential", "one"] as const;
export const TARGETS = ["x", "abs", "relu", "square", "cube", "sign", "step"] as const;
export const OPTIMIZERS = ["adam", "adamw", "sgd", "exact"] as const;
export const SCHEDULES = ["constant", "linear", "cosine"] as const;
export const FORMS = ["equal", "geometric", "last", "list"] as const;

export interface Settings {
  n: number;
  m: number;
  kind: (typeof KINDS)[number];
  activation: (typeof ACTIVATIONS)[number];
  hiddenActivation: (typeof ACTIVATIONS)[number];
  bias: boolean;
  hiddenBias: boolean;
  target: (typeof TARGETS)[number];
  data: (typeof DATA)[number];
  setSize: number;
  magnitude: (typeof MAGNITUDES)[number];
  /** Feature probability p = 1 − S, in (0, 1]; for sets, of a set. */
  p: number;
  /** JSON of a distribution that has several parts; read where `data` is "groups". */
  groups: string;
  form: (typeof FORMS)[number];
  /** "geometric": I_i = ratioⁱ; "last": the importance of the last feature, the others 1. */
  ratio: number;
  /** "list": one importance per feature. */
  list: readonly number[];
  l1: number;
  /** "exact": descent on the expected loss, without samples. */
  optimizer: (typeof OPTIMIZERS)[number];
  schedule: (typeof SCHEDULES)[number];
  learningRate: number;
  momentum: number;
  weightDecay: number;
  batch: number;
  /** The training is done after so many steps. */
  steps: number;
  seeds: number;
  seed: number;
}

export const DEFAULTS: Settings = {
  n: 5,
  m: 2,
  kind: "relu_output",
  activation: "relu",
  hiddenActivation: "relu",
  bias: true,
  hiddenBias: false,
  target: "x",
  data: "independent",
  setSize: 2,
  magnitude: "uniform",
  p: 0.05,
  groups: "",
  form: "geometric",
  ratio: 0.9,
  list: [],
  l1: 0,
  optimizer: "adam",
  schedule: "constant",
  learningRate: 5e-3,
  momentum: 0.9,
  weightDecay: 0,
  batch: 1024,
  steps: 10_000,
  seeds: 100,
  seed: 0,
};

/** Closed ranges of the numbers; what lies outside is moved to the nearest end. */
export const RANGES = {
  n: [1, 400],
  m: [1, 200],
  setSize: [1, 40],
  p: [1e-4, 1],
  ratio: [1e-3, 100],
  l1: [0, 1],
  learningRate: [1e-5, 1],
  momentum: [0, 0.999],
  weightDecay: [0, 1],
  batch: [1, 16384],
  steps: [1, 10_000_000],
  seeds: [1, 1000],
  seed: [0, 2 ** 53 - 1],
} as const satisfies Partial<Record<keyof Settings, readonly [number, number]>>;

export type RangeName = keyof typeof RANGES;

const WHOLE: readonly RangeName[] = ["n", "m", "setSize", "batch", "steps", "seeds", "seed"];

/** The nearest value that is allowed; NaN becomes the default. */
export function clamp(name: RangeName, value: number): number {
  const [low, high] = RANGES[name];
  const given = Number.isNaN(value) ? DEFAULTS[name] : value;
  const inside = Math.min(Math.max(given, low), high);
  return WHOLE.includes(name) ? Math.round(inside) : inside;
}

/** Settings that fit together: sets that fill n, a list of n importances. */
export function consistent(given: Settings): Settings {
  const s = { ...given };
  for (const name of Object.keys(RANGES) as RangeName[]) s[name] = clamp(name, s[name]);
  const together = s.data === "groups" ? groupsSize(s.groups) : 0;
  if (together > 0) s.n = together;
  else if (s.data === "groups") s.data = "independent";
  if (s.data === "correlated" || s.data === "anticorrelated") {
    s.setSize = Math.min(s.setSize, s.n);
    s.n = Math.max(1, Math.round(s.n / s.setSize)) * s.setSize;
  }
  if (s.form === "list") {
    const filled = Array.from({ length: s.n }, (_, i) => s.list[i] ?? s.list.at(-1) ?? 1);
    s.list = filled.some((x) => x > 0) ? filled : filled.map(() => 1);
  }
  return s;
}

/** I_i of each feature. */
export function importances(s: Settings): number[] {
  return Array.from({ length: s.n }, (_, i) => {
    if (s.form === "geometric") return s.ratio ** i;
    if (s.form === "last") return i === s.n - 1 ? s.ratio : 1;
    if (s.form === "list") return s.list[i] ?? 1;
    return 1;
  });
}

/** Models whose hidden dimensions are neurons, a basis with a meaning of its own. */
export const hasNeurons = (s: Settings): boolean =>
  s.kind === "relu_hidden" || (s.kind === "two_layer" && s.hiddenActivation !== "identity");
