/** What the page may say: checked before anything acts on it. */

import { type Json, type JsonObject, isObject } from "../wire/json";
import { Refusal } from "./refusal";

const whole =
  (low: number, high = 2 ** 53 - 1) =>
  (x: Json): boolean =>
    Number.isInteger(x) && Number(x) >= low && Number(x) <= high;
const number =
  (low: number, high: number) =>
  (x: Json): boolean =>
    typeof x === "number" && x >= low && x <= high;
const flag = (x: Json): boolean => typeof x === "boolean";
const maybe =
  (rule: (x: Json) => boolean) =>
  (x: Json): boolean =>
    x === null || rule(x);

const ARCHITECTURES = ["relu", "topk", "batchtopk", "jumprelu", "gated"];

type Rules = Record<string, [rule: (x: Json) => boolean, usual?: Json]>;

const step: Rules[string] = [maybe(whole(0)), null];

/** By type: its fields, their rules, and what they are where nothing is said. */
const KNOWN: Record<string, Rules> = {
  configure: { state: [isObject], run: [flag, true], until: step },
  run: { until: step },
  pause: {},
  step: { steps: [whole(1, 100_000), 1] },
  restart: { seed: step, run: [flag, true] },
  change: { values: [(x) => isObject(x) && Object.keys(x).length > 0] },
  speed: { steps_per_second: [maybe(number(0.1, 1e9)), null] },
  select: { seed: [(x) => x === "best" || whole(0)(x)] },
  watch: { all: [flag, false], fps: [number(1, 60), 30] },
  seek: { step: [maybe(whole(0))] },
  traces: {},
  phase: {
    n_features: [(x) => x === 2 || x === 3, 2],
    points: [whole(2), 12],
    seeds: [whole(1), 10],
    steps: [whole(1), 3000],
    bias: [flag, true],
    seed: [whole(0), 0],
  },
  phase_stop: {},
  dictionary: {
    n_latents: [whole(1), 5],
    architecture: [(x) => ARCHITECTURES.includes(String(x)), "relu"],
    k: [maybe(whole(1)), null],
    l1: [number(0, 1e6), 0.1],
    learning_rate: [number(Number.MIN_VALUE, 1e3), 3e-3],
    seeds: [whole(1), 8],
    steps: [whole(1), 20_000],
    steps_per_second: [maybe(number(0.1, 1e9)), null],
    seed: [whole(0), 0],
  },
  dictionary_change: { l1: [number(0, 1e6)] },
  dictionary_stop: {},
  ack: { frame: [whole(0)] },
  ping: {},
};

/** A message with all its fields. Throws a `Refusal`. */
export function checked(data: unknown): JsonObject & { type: string } {
  if (!isObject(data)) throw new Refusal("message", "a message must be a JSON object");
  const type = String(data.type);
  if (!Object.hasOwn(KNOWN, type)) throw new Refusal("message", `unknown message type "${type}"`);
  const rules = KNOWN[type]!;
  const found: JsonObject = { id: data.id ?? null };
  for (const [name, [rule, usual]] of Object.entries(rules)) {
    const value = data[name] === undefined ? usual : data[name];
    if (value === undefined) throw new Refusal("message", `message ${type}.${name} is required`);
    if (!rule(value)) throw new Refusal("message", `message ${type}.${name} cannot be that`);
    found[name] = value;
  }
  const other = Object.keys(data).find(
    (name) => !["type", "id"].includes(name) && !(name in rules),
  );
  if (other) throw new Refusal("message", `message ${type}.${other} is no field`);
  return { ...found, type };
}
