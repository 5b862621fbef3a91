/** What is trained: every choice of the control column, with its range and its default. */

import type { JsonObject } from "../wire/json";
import type { Limits, Offer, Part } from "../wire/messages";
import { partsOf, sizeOf } from "./groups";
import { fieldsOf } from "./vocabulary";

export const FORMS = ["equal", "geometric", "last", "list"] as const;

/** Names are the server's: one that it does not know is shown as it is, and refused by it. */
export interface Settings {
  n: number;
  m: number;
  kind: string;
  activation: string;
  hiddenActivation: string;
  bias: boolean;
  hiddenBias: boolean;
  /** A target's name, or its kind. */
  target: string;
  data: string;
  setSize: number;
  magnitude: string;
  /** Feature probability p = 1 − S, in [0, 1]; for sets, of a set. */
  p: number;
  /** JSON of the parts of a distribution that has several; read where `data` is one of those. */
  groups: string;
  /** What else the chosen kinds have, by field: settings that the page has no other name for. */
  own: Readonly<Record<Part, JsonObject>>;
  form: (typeof FORMS)[number];
  /** "geometric": I_i = ratioⁱ; "last": the importance of the last feature, the others 1. */
  ratio: number;
  /** "list": one importance per feature. */
  list: readonly number[];
  l1: number;
  /** The optimiser of the sampled engine, or another engine: "exact", without samples. */
  optimizer: string;
  schedule: string;
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
  own: { distribution: {}, model: {}, target: {} },
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

/** Whether the features are of several distributions. */
export const hasParts = (s: Settings): boolean => s.data === "groups" || s.data === "mixture";

/** What a server can be asked for, within its limits; what lies outside is moved to the nearest end. */
const ranges = (limits: Limits) =>
  ({
    n: [1, limits.features],
    m: [1, limits.hidden],
    setSize: [1, 40],
    p: [0, 1],
    ratio: [0, Infinity],
    l1: [0, Infinity],
    learningRate: [0, Infinity],
    momentum: [0, 1],
    weightDecay: [0, Infinity],
    batch: [1, limits.batch_size],
    steps: [1, limits.steps],
    seeds: [1, limits.seeds],
    seed: [0, 2 ** 53 - 1],
  }) as const satisfies Partial<Record<keyof Settings, readonly [number, number]>>;

export type RangeName = keyof ReturnType<typeof ranges>;

/** The ends of the range of a number. */
export const rangeOf = (name: RangeName, { limits }: Offer): readonly [number, number] =>
  ranges(limits)[name];

const WHOLE: readonly RangeName[] = ["n", "m", "setSize", "batch", "steps", "seeds", "seed"];

/** The nearest value that is allowed; NaN becomes the default. */
function clamp(name: RangeName, value: number, [low, high]: readonly [number, number]): number {
  const given = Number.isNaN(value) ? DEFAULTS[name] : value;
  const inside = Math.min(Math.max(given, low), high);
  return WHOLE.includes(name) ? Math.round(inside) : inside;
}

/** Whether a server takes this number as it is. */
export const isPossible = (name: RangeName, value: number, offer: Offer): boolean =>
  clamp(name, value, rangeOf(name, offer)) === value;

/** What a number must be, in words; ends that are not there are left out. */
export function ruleOf(name: RangeName, offer: Offer): string {
  const [low, high] = rangeOf(name, offer);
  const what = WHOLE.includes(name) ? "a whole number" : "a number";
  return Number.isFinite(high) ? `${what} from ${low} to ${high}` : `${what} of ${low} or more`;
}

/** Settings that fit together: sets that fill n, a list of n importances. */
export function consistent(given: Settings, offer: Offer): Settings {
  const s = { ...given };
  for (const [name, range] of Object.entries(ranges(offer.limits)) as [
    RangeName,
    readonly [number, number],
  ][]) {
    s[name] = clamp(name, s[name], range);
  }
  const law = hasParts(s) ? { kind: s.data, parts: partsOf(s.groups) } : s.own.distribution;
  const together = sizeOf(law);
  if (together > 0) s.n = together;
  else if (hasParts(s)) s.data = DEFAULTS.data;
  if ("set_size" in fieldsOf(offer, "distribution", s.data)) {
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
