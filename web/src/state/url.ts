/** The address is the state: what is after # reproduces the page, seed included. */

import { type JsonObject, isObject } from "../wire/json";
import type { Architecture, Offer, ServerState } from "../wire/messages";
import { problemOf, settingsOf, stateOf, trainingOf } from "./problem";
import {
  DEFAULTS,
  FORMS,
  type RangeName,
  type Settings,
  consistent,
  hasParts,
  isPossible,
} from "./settings";
import {
  DEFAULT_VIEW,
  PLANES,
  type Place,
  SCALES,
  START,
  TABS,
  THEMES,
  type View,
  WISH,
  type Wish,
} from "./view";

/** Everything that the address holds; no state: the server's first one. */
export interface Address {
  state: ServerState | null;
  view: View;
  place: Place;
}

/** Short names in the address, and the setting that each stands for. */
const NUMBERS: Record<RangeName, string> = {
  n: "n",
  m: "m",
  setSize: "set",
  p: "p",
  ratio: "r",
  l1: "l1",
  learningRate: "lr",
  momentum: "mom",
  weightDecay: "wd",
  batch: "batch",
  steps: "steps",
  seeds: "seeds",
  seed: "seed",
};

const CHOICES = {
  kind: "model",
  activation: "act",
  hiddenActivation: "hact",
  target: "target",
  data: "data",
  magnitude: "mag",
  form: "imp",
  optimizer: "opt",
  schedule: "sched",
} as const;

const VIEW_CHOICES = {
  mode: ["mode", ["2d", "3d"]],
  plane: ["plane", PLANES],
  theme: ["theme", THEMES],
  steps: ["axis", SCALES],
} as const;

/** What the address says of a dictionary. */
const WISHES: Record<keyof Wish, string> = {
  architecture: "sae",
  latents: "latents",
  l1: "price",
  k: "k",
  seeds: "saes",
  seed: "saeseed",
};
export const ARCHITECTURES: readonly Architecture[] = [
  "relu",
  "topk",
  "batchtopk",
  "jumprelu",
  "gated",
];

/** The text after # for an address: the tab as a path, all else as a query. */
export function encode({ state, view, place }: Address, offer: Offer): string {
  const query = new URLSearchParams();
  if (state) encodeState(query, state, offer);
  for (const [name, [key]] of Object.entries(VIEW_CHOICES)) {
    const value = view[name as keyof typeof VIEW_CHOICES];
    if (value !== DEFAULT_VIEW[name as keyof typeof VIEW_CHOICES]) query.set(key, value);
  }
  if (view.plane === "factor") query.set("factor", String(view.factor));
  if (view.selected !== null) query.set("show", String(view.selected));
  if (view.tab === "lessons") query.set("lesson", String(view.lesson));
  if (view.diagram === 3) query.set("diagram", "3");
  for (const [name, key] of Object.entries(WISHES)) {
    const value = view.wish[name as keyof Wish];
    if (value !== WISH[name as keyof Wish]) query.set(key, String(value));
  }
  if (!place.running) query.set("at", String(place.at));
  if (place.past !== null) query.set("past", String(place.past));
  // Commas, colons and slashes may stand in a fragment as they are, and read better so.
  const text = query.toString().replace(/%2C/g, ",").replace(/%3A/g, ":");
  return `/${view.tab}?${text}`;
}

/** The settings name by name; a state that they cannot express is written whole. */
function encodeState(query: URLSearchParams, state: ServerState, offer: Offer): void {
  const s = settingsOf(state, offer);
  if (expresses(s, state, offer)) {
    for (const [name, key] of Object.entries(NUMBERS)) query.set(key, String(s[name as RangeName]));
    for (const [name, key] of Object.entries(CHOICES)) {
      query.set(key, s[name as keyof typeof CHOICES]);
    }
    if (!s.bias) query.set("bias", "0");
    if (s.hiddenBias) query.set("hbias", "1");
    if (s.form === "list") query.set("list", s.list.join(","));
    if (hasParts(s)) query.set("groups", s.groups);
    if (!same(DEFAULTS.own, s.own)) query.set("own", JSON.stringify(s.own));
    if (state.changes?.length) query.set("changes", JSON.stringify(state.changes));
  } else query.set("state", JSON.stringify(state));
}

/** Whether the settings ask for just this problem and training; defaults need not be written. */
export function expresses(s: Settings, { problem, training }: ServerState, offer: Offer): boolean {
  const fields = Object.entries(offer.vocabulary.training);
  const usual = Object.fromEntries(fields.map(([name, field]) => [name, field.default]));
  const mine: JsonObject = { ...usual, ...trainingOf(s, offer) };
  return (
    same(plain(problemOf(s, offer)), plain(problem)) &&
    fields.every(([name]) => training[name] === undefined || same(mine[name], training[name]))
  );
}

/** The problem with one importance for all features where they are the same. */
function plain(problem: JsonObject): JsonObject {
  const given = problem.importance ?? 1;
  const equal = Array.isArray(given) && given.every((x) => x === given[0]);
  return { ...problem, importance: equal ? given[0]! : given };
}

/** Equal up to the order of keys and the last bits of numbers; what `b` leaves out is no matter. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") {
    return Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((x, i) => same(x, b[i]));
  }
  if (a instanceof Object && b instanceof Object) {
    return Object.entries(b).every(([key, value]) => same((a as JsonObject)[key], value));
  }
  return a === b;
}

/** The address in the text after #; what is missing or cannot be read has its default. */
export function decode(text: string, offer: Offer): Address {
  const query = queryOf(text);
  const at = natural(query.get("at"));
  const place =
    at === null ? { ...START } : { at, running: false, past: natural(query.get("past")) };
  return { state: decodeState(query, offer), view: decodeView(text), place };
}

/** How an address looks at the model: to be read before the server has said anything. */
export function decodeView(text: string): View {
  const query = queryOf(text);
  const view: View = { ...DEFAULT_VIEW };
  view.tab = TABS.find((tab) => tab === bareOf(text)[0]) ?? view.tab;
  for (const [name, [key, allowed]] of Object.entries(VIEW_CHOICES)) {
    const found = (allowed as readonly string[]).find((value) => value === query.get(key));
    if (found) Object.assign(view, { [name]: found });
  }
  view.selected = natural(query.get("show"));
  view.factor = natural(query.get("factor")) ?? 0;
  view.lesson = natural(query.get("lesson")) ?? 0;
  view.diagram = query.get("diagram") === "3" ? 3 : 2;
  view.wish = decodeWish(query);
  return view;
}

function decodeWish(query: URLSearchParams): Wish {
  const price = Number(query.get(WISHES.l1) ?? NaN);
  const whole = (name: "latents" | "k" | "seeds" | "seed"): number =>
    natural(query.get(WISHES[name])) ?? WISH[name];
  return {
    architecture:
      ARCHITECTURES.find((one) => one === query.get(WISHES.architecture)) ?? WISH.architecture,
    latents: Math.max(whole("latents"), 1),
    l1: price >= 0 && price <= 1e6 ? price : WISH.l1,
    k: Math.max(whole("k"), 1),
    seeds: Math.max(whole("seeds"), 1),
    seed: whole("seed"),
  };
}

/** Path and query of the text after #. */
function bareOf(text: string): [string, string] {
  const bare = text.replace(/^#/, "");
  const cut = bare.indexOf("?");
  const path = cut < 0 ? bare : bare.slice(0, cut);
  return [path.replace(/^\//, ""), cut < 0 ? "" : bare.slice(cut + 1)];
}

const queryOf = (text: string): URLSearchParams => new URLSearchParams(bareOf(text)[1]);

/** Whether an address says what is to be trained. */
export const namesState = (text: string): boolean =>
  [...queryOf(text).keys()].some((key) => STATE_KEYS.has(key));

const STATE_KEYS = new Set<string>(["state", ...Object.values(NUMBERS), ...Object.values(CHOICES)]);

function decodeState(query: URLSearchParams, offer: Offer): ServerState | null {
  const whole = json(query.get("state"));
  if (whole instanceof Object && "problem" in whole) return whole as unknown as ServerState;
  if (![...query.keys()].some((key) => STATE_KEYS.has(key))) return null;
  const state = stateOf(decodeSettings(query, offer), offer);
  const changes = json(query.get("changes"));
  if (Array.isArray(changes)) state.changes = changes as NonNullable<ServerState["changes"]>;
  return state;
}

/** A number that an address asks for and that nobody can have, as it is written there. */
export interface Impossible {
  name: RangeName;
  asked: string;
}

/** The numbers of an address in whose place there are others. */
export function impossible(text: string, offer: Offer): Impossible[] {
  const query = queryOf(text);
  if (query.has("state")) return []; // the server reads these
  return (Object.entries(NUMBERS) as [RangeName, string][])
    .map(([name, key]) => ({ name, asked: query.get(key) ?? "" }))
    .filter(({ name, asked }) => asked !== "" && !isPossible(name, Number(asked), offer));
}

function decodeSettings(query: URLSearchParams, offer: Offer): Settings {
  const s: Settings = { ...DEFAULTS };
  for (const [name, key] of Object.entries(NUMBERS)) {
    const value = query.get(key);
    if (value !== null && value !== "") s[name as RangeName] = Number(value);
  }
  for (const [name, key] of Object.entries(CHOICES)) {
    const value = query.get(key);
    if (value) Object.assign(s, { [name]: value });
  }
  // Names are for the server to know, but for this one.
  s.form = FORMS.find((form) => form === s.form) ?? DEFAULTS.form;
  s.bias = query.get("bias") !== "0";
  s.hiddenBias = query.get("hbias") === "1";
  s.list = (query.get("list") ?? "")
    .split(",")
    .map(Number)
    .filter((x) => x >= 0);
  s.groups = query.get("groups") ?? "";
  const own = json(query.get("own"));
  if (isObject(own)) s.own = { ...s.own, ...(own as Settings["own"]) };
  return consistent(s, offer);
}

function json(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function natural(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}
