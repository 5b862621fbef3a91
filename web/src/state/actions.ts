/** What the page does: its wishes, as messages to the server. */

import { signal } from "@preact/signals";

import { isSite } from "../wire/data";
import { readData, written } from "./datasets";
import { type Handlers, type Link, Socket, socketAddress } from "../wire/socket";
import { type Frame, type Phase, type ServerState, isCounted } from "../wire/messages";
import { allAnswered, ask, awaiting } from "./answers";
import { isLive, sameImportances, valuesOf } from "./numbers";
import { settingsOf, stateOf } from "./problem";
import * as session from "./session";
import { type Settings, consistent } from "./settings";
import { decode, decodeView, impossible } from "./url";
import { type Place, START, type Wish } from "./view";

/** Milliseconds without a change of shape before the new training starts. */
const SETTLE = 180;
const FRAMES_PER_SECOND = 30;
/** What names the wish for a phase diagram in a refusal of it. */
export const PHASE = "phase";
export const DICTIONARY = "dictionary";

let socket: Link | undefined;
let settling: ReturnType<typeof setTimeout> | undefined;

/** What is remembered of wishes until they are there. */
export const wishes = {
  /** When a choice was last made by hand. */
  byHand: 0,
  /** The choices by hand that the server has not answered. */
  touched: [] as (keyof Settings)[],
  /** Where the training is to be when it has been configured: from the address, or a preset. */
  place: null as { past: number | null; selected: number | null } | null,
  /** Whether a phase diagram was asked for: pictures that still come are of the one before. */
  phase: false,
  /** Whether a dictionary was asked for, likewise. */
  dictionary: false,
};

/** Whether a phase diagram is being trained. */
export const phaseRunning = signal(false);
/** Whether a dictionary is. */
export const dictionaryRunning = signal(false);

/** To the server; a page of a site trains in a worker of its own, whose code no other page loads. */
export async function connect(page: Location, handlers: Handlers): Promise<void> {
  if (!isSite()) {
    socket = new Socket(socketAddress(page), handlers);
    return;
  }
  try {
    const { openLocal } = await import("../local/page");
    socket = await openLocal(handlers);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    handlers.text({ type: "crashed", run: 0, message: `this page cannot train: ${message}` });
  }
}

/** How often, and with what, pictures are to come. */
export const watch = (): void =>
  socket?.send({ type: "watch", all: false, fps: FRAMES_PER_SECOND });

/** Take the page to what an address says. */
export function visit(hash: string): void {
  session.view.value = decodeView(hash);
  const { hello } = session;
  if (!hello.value) return; // the next hello comes here again
  const { state, view, place } = decode(hash, hello.value);
  configure(state ?? session.state.value ?? hello.value.default, place, view.selected);
  session.impossible.value = impossible(hash, hello.value);
}

/** A new training; `selected`: the seed to look at, null the best; `touched`: what changed by hand. */
export function configure(
  state: ServerState,
  place: Place = START,
  selected: number | null = null,
  touched: (keyof Settings)[] = [],
): void {
  clearTimeout(settling);
  settling = undefined;
  session.trouble.value = "";
  session.refusal.value = null;
  session.impossible.value = [];
  session.look({ selected });
  wishes.place = { past: place.past, selected };
  wishes.touched = touched;
  session.preparing.value = true;
  if (!session.hello.value) {
    session.awaited.value = { id: null, state, place }; // the next hello asks for it again
    return;
  }
  adopt(state);
  const id = ask();
  session.awaited.value = { id, state, place };
  const run = place.running || place.at > 0;
  const until = place.running ? null : place.at || null;
  socket?.send({ type: "configure", id, state: written(state), run, until });
}

/** Whether the training runs, or will once it is there. */
function goesOn(): boolean {
  const place = session.awaited.value?.place;
  return place ? place.running : session.status.value !== "paused";
}

/** Go on, or stop. A training that is done gets as many steps again. */
export function runOrPause(): void {
  const status = session.status.value;
  if (status === "running") return void socket?.send({ type: "pause", id: ask() });
  if (session.frame.value?.past) seek(null);
  if (status === "done") change({ steps: session.settings.value.steps * 2 });
  socket?.send({ type: "run", id: ask(), until: null });
}

export const step = (steps = 1): void => socket?.send({ type: "step", id: ask(), steps });

/** From step 0, with the numbers as they are; of what is not there yet: ask for it once more. */
export const restart = (): void => {
  const { awaited } = session;
  if (awaited.value) return configure(awaited.value.state, awaited.value.place);
  session.trouble.value = "";
  socket?.send({ type: "restart", id: ask(), seed: null, run: goesOn() });
};

export const speed = (stepsPerSecond: number | null): void =>
  socket?.send({ type: "speed", steps_per_second: stepsPerSecond });

/** Look at a step of the past; null: the present. */
export const seek = (at: number | null): void =>
  socket?.send({ type: "seek", id: ask(), step: at });

/** Look at a seed; null: the one with the lowest loss. */
export function select(seed: number | null): void {
  session.look({ selected: seed });
  socket?.send({ type: "select", id: ask(), seed: seed ?? "best" });
}

/** The past of the model that is shown, once more. */
export const askForTraces = (): void => socket?.send({ type: "traces" });

export const acknowledge = (frame: Frame): void =>
  socket?.send({ type: "ack", frame: frame.frame });

/** Whether no change is on its way: nothing waits to be sent, and what was sent is there. */
export const atRest = (): boolean => upToDate() && !session.preparing.value;

/** Whether the server has answered all that the controls ask for. */
export const upToDate = (): boolean => settling === undefined && allAnswered();

/** Controls as a state has it; importances that are the same stay as they are written. */
export function adopt(state: ServerState, n?: number): void {
  const theirs = settingsOf(state, session.offer.value!, n);
  const ours = session.settings.value;
  const { form, ratio, list } = sameImportances(theirs, ours) ? ours : theirs;
  session.settings.value = { ...theirs, form, ratio, list };
}

/** Change some choices: numbers act on the running training, all else starts a new one. */
export function change(wish: Partial<Settings>): void {
  const offer = session.offer.value;
  if (!offer) return;
  const before = session.settings.value;
  const after = consistent({ ...before, ...wish }, offer);
  session.settings.value = after;
  wishes.byHand = performance.now();
  const names = Object.keys(after) as (keyof Settings)[];
  const changed = names.filter((name) => after[name] !== before[name]);
  if (changed.length === 0) return;
  const touched = upToDate() ? changed : [...new Set([...wishes.touched, ...changed])];
  wishes.touched = touched;
  session.refusal.value = null;
  session.impossible.value = [];
  if (settling === undefined && changed.every((name) => isLive(name, offer.vocabulary.live))) {
    socket?.send({ type: "change", id: ask(), values: valuesOf(after, changed) });
    return;
  }
  awaiting.value = true;
  clearTimeout(settling);
  settling = setTimeout(() => {
    settling = undefined;
    const place = { ...START, running: goesOn() };
    configure(stateOf(session.settings.value, offer), place, null, touched);
  }, SETTLE);
}

/** The rows in a file are the data. */
export async function openData(file: File): Promise<void> {
  const offer = session.offer.value;
  if (!offer) return;
  session.trouble.value = "";
  session.refusal.value = null;
  try {
    if (isSite()) throw new Error("a data set needs `tegum explore`, this page has no Python");
    const x = await readData(file, offer.limits);
    const { own } = session.settings.value;
    change({ data: "samples", form: "equal", own: { ...own, distribution: { x, weights: null } } });
  } catch (error) {
    session.trouble.value = `${file.name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export function startPhase(n: 2 | 3, points: number, seeds: number, steps: number): void {
  session.phase.value = null;
  wishes.phase = true;
  phaseRunning.value = true;
  socket?.send({ type: "phase", id: PHASE, n_features: n, points, seeds, steps, bias: true });
}

export const stopPhase = (): void => socket?.send({ type: "phase_stop" });

/** Updates of a dictionary in a second: so many that one can look on. */
const PACE = 1500;
const DICTIONARY_STEPS = 20_000;

/** Dictionaries of the model that is shown, as it is now; it rests meanwhile. */
export function startDictionary(): void {
  const { architecture, latents, l1, k, seeds, seed } = session.view.value.wish;
  const counted = isCounted(architecture);
  session.trouble.value = "";
  session.dictionary.value = null;
  wishes.dictionary = true;
  dictionaryRunning.value = true;
  socket?.send({
    type: "dictionary",
    id: DICTIONARY,
    n_latents: latents,
    architecture,
    k: counted ? Math.min(k, latents) : null,
    l1: counted ? 0 : l1,
    learning_rate: 0.003,
    seeds,
    steps: DICTIONARY_STEPS,
    steps_per_second: PACE,
    seed,
  });
}

export const stopDictionary = (): void => socket?.send({ type: "dictionary_stop" });

export const trainOrStop = (): void =>
  dictionaryRunning.value ? stopDictionary() : startDictionary();

/** Other wishes: the price acts on dictionaries in training, all else asks for new ones. */
export function wish(changes: Partial<Wish>): void {
  const before = session.view.value.wish;
  session.look({ wish: { ...before, ...changes } });
  const priced = Object.keys(changes).every((name) => name === "l1");
  if (priced && dictionaryRunning.value && !wishes.dictionary) {
    socket?.send({ type: "dictionary_change", id: DICTIONARY, l1: changes.l1! });
  } else startDictionary();
}

/** The model of a cell of the phase diagram, in the live view. */
export function openCell(phase: Phase, row: number, column: number): void {
  const state = structuredClone(phase.state);
  const { problem } = state;
  const ratio = phase.ratios[column]!;
  const given = problem.importance;
  const list = Array.isArray(given) ? [...given] : new Array<number>(phase.n_features).fill(1);
  list[list.length - 1] = ratio;
  problem.importance = list;
  problem.distribution = {
    ...(problem.distribution as object),
    feature_probability: phase.probabilities[row]!,
  };
  const seed = phase.arrays.seed?.data[row * phase.ratios.length + column] ?? -1;
  const at = Number(state.training.steps);
  session.look({ tab: "live" });
  configure(state, { at, running: false, past: null }, seed >= 0 ? seed : null);
}
