/** What the page does: messages to the server, and what follows from its answers. */

import { signal } from "@preact/signals";

import { Socket, socketAddress } from "../wire/socket";
import type { BinaryMessage, Frame, Phase, ServerState, TextMessage } from "../wire/messages";
import { allAnswered, ask, expectNothing, hearAnswer } from "./answers";
import { isLive, numbersIn, sameImportances, valuesOf } from "./numbers";
import { settingsOf, stateOf } from "./problem";
import * as session from "./session";
import { type Settings, consistent } from "./settings";
import { decode, decodeView } from "./url";
import { type Place, START } from "./view";

/** Milliseconds without a change of shape before the new training starts. */
const SETTLE = 180;
/** For so long after a change by hand, numbers that arrive do not move the controls. */
const BY_HAND = 600;
const FRAMES_PER_SECOND = 30;
/** What names the wish for a phase diagram in a refusal of it. */
const PHASE = "phase";
const TRACES_EVERY = 1500;

let socket: Socket | undefined;
let settling: ReturnType<typeof setTimeout> | undefined;
let lastByHand = 0;
let lastNumbers = "";
/** What was asked for before the server had said hello. */
let early: Parameters<typeof configure> | undefined;
let lastTraces = 0;
/** Where the training is to be when it has been configured: from the address, or a preset. */
let wanted: { past: number | null; selected: number | null } | undefined;

/** Whether a phase diagram is being trained. */
export const phaseRunning = signal(false);

/** Called for each frame of the present run; the loop draws it and acknowledges it. */
let onData: () => void = () => undefined;

export function connect(page: Location, changed: () => void): void {
  onData = changed;
  socket = new Socket(socketAddress(page), {
    text: hear,
    binary: see,
    connection: (status, reason) => {
      session.connection.value = status;
      // What is asked for in the meantime waits for the next hello.
      if (status === "lost") {
        session.hello.value = null;
        phaseRunning.value = false;
      }
      session.connectionReason.value = reason;
    },
  });
}

/** Take the page to what an address says. */
export function visit(hash: string): void {
  session.view.value = decodeView(hash);
  const { hello } = session;
  if (!hello.value) return; // the next hello comes here again
  const { state, view, place } = decode(hash, hello.value);
  configure(state ?? session.state.value ?? hello.value.default, place, view.selected);
}

/** A new training; `selected`: the seed to look at, null the best. */
export function configure(
  state: ServerState,
  place: Place = START,
  selected: number | null = null,
): void {
  if (!session.hello.value) {
    early = [state, place, selected];
    return;
  }
  clearTimeout(settling);
  settling = undefined;
  session.trouble.value = "";
  session.look({ selected });
  adopt(state);
  wanted = { past: place.past, selected };
  const run = place.running || place.at > 0;
  session.preparing.value = true;
  const until = place.running ? null : place.at || null;
  socket?.send({ type: "configure", id: ask(), state, run, until });
}

/** Go on, or stop. A training that is done gets as many steps again. */
export function runOrPause(): void {
  const status = session.status.value;
  if (status === "running") return void socket?.send({ type: "pause" });
  if (session.frame.value?.past) seek(null);
  if (status === "done") change({ steps: session.settings.value.steps * 2 });
  socket?.send({ type: "run", until: null });
}

export const step = (steps = 1): void => socket?.send({ type: "step", steps });

export const restart = (): void => {
  session.trouble.value = "";
  socket?.send({ type: "restart", seed: null, run: session.status.value !== "paused" });
};

export const speed = (stepsPerSecond: number | null): void =>
  socket?.send({ type: "speed", steps_per_second: stepsPerSecond });

/** Look at a step of the past; null: the present. */
export const seek = (at: number | null): void => socket?.send({ type: "seek", step: at });

/** Look at a seed; null: the one with the lowest loss. */
export function select(seed: number | null): void {
  session.look({ selected: seed });
  socket?.send({ type: "select", seed: seed ?? "best" });
}

export const acknowledge = (frame: Frame): void =>
  socket?.send({ type: "ack", frame: frame.frame });

/** Whether no change is on its way: nothing waits to be sent, and what was sent is there. */
export const atRest = (): boolean => upToDate() && !session.preparing.value;

/** Whether the server has answered all that the controls ask for. */
const upToDate = (): boolean => settling === undefined && allAnswered();

/** Controls as a state has it; importances that are the same stay as they are written. */
function adopt(state: ServerState, n?: number): void {
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
  lastByHand = performance.now();
  const names = Object.keys(after) as (keyof Settings)[];
  const changed = names.filter((name) => after[name] !== before[name]);
  if (changed.length === 0) return;
  if (settling === undefined && changed.every((name) => isLive(name, offer.vocabulary.live))) {
    socket?.send({ type: "change", id: ask(), values: valuesOf(after, changed) });
    return;
  }
  clearTimeout(settling);
  settling = setTimeout(() => {
    settling = undefined;
    const running = session.status.value !== "paused";
    configure(stateOf(session.settings.value, offer), { ...START, running });
  }, SETTLE);
}

export function startPhase(n: 2 | 3, points: number, seeds: number, steps: number): void {
  session.phase.value = null;
  phaseRunning.value = true;
  socket?.send({ type: "phase", id: PHASE, n_features: n, points, seeds, steps, bias: true });
}

export const stopPhase = (): void => socket?.send({ type: "phase_stop" });

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

function hear(message: TextMessage): void {
  switch (message.type) {
    case "hello":
      session.offer.value = message;
      session.hello.value = message;
      socket?.send({ type: "watch", all: false, fps: FRAMES_PER_SECOND });
      if (early) configure(...early);
      else visit(globalThis.location.hash);
      early = undefined;
      break;
    case "configured": {
      const { state } = message;
      hearAnswer(message.id);
      session.configured.value = message;
      session.state.value = state;
      // Where the controls have been moved on meanwhile, they stay: what they ask for follows.
      if (upToDate()) adopt(state, message.n_features);
      session.analysis.value = null;
      session.history.value = [];
      session.clearTrace(message.run, message.n_features);
      lastNumbers = "";
      const seed = wanted ? wanted.selected : session.view.value.selected;
      select(seed !== null && seed < message.seeds ? seed : null);
      break;
    }
    case "changed":
      hearAnswer(message.id);
      session.state.value = message.state;
      break;
    case "busy":
      session.preparing.value = true;
      break;
    case "history":
      session.history.value = message.steps;
      askForTraces();
      break;
    case "error":
      if (message.id === PHASE) phaseRunning.value = false;
      hearAnswer(message.id);
      if (!session.state.value && session.hello.value) configure(session.hello.value.default);
      complain(message.message, message.code === "failed");
      break;
    case "crashed":
      phaseRunning.value = false;
      complain(message.message, true);
      break;
    case "phase_stopped":
      phaseRunning.value = false;
      break;
    case "ok":
      break;
  }
}

function complain(text: string, over: boolean): void {
  if (over) expectNothing();
  if (allAnswered()) session.preparing.value = false;
  session.trouble.value = text;
  session.over.value = over;
}

/**
 * Between two frames many steps may pass; the server has kept some of them. Its traces fill the
 * curves in, now and then while the training runs.
 */
function askForTraces(): void {
  const now = performance.now();
  if (now - lastTraces < TRACES_EVERY) return;
  lastTraces = now;
  socket?.send({ type: "traces" });
}

function see(message: BinaryMessage): void {
  if (message.type === "phase") {
    session.phase.value = message;
    phaseRunning.value = message.status === "running";
    return;
  }
  if (message.run !== session.configured.value?.run) return;
  if (message.type === "frame") {
    session.frame.value = message;
    if (upToDate() && isThere(message)) session.preparing.value = false;
    session.extendTrace(message);
    follow(message);
  } else if (message.type === "analysis") session.analysis.value = message;
  else session.readTrace(message);
  onData();
}

/** Whether a frame shows what was asked for: losses are measured, and a step is done if any is to be. */
const isThere = ({ status, step, loss, finite }: Frame): boolean =>
  (loss !== null || !finite) && (status !== "running" || step > 0);

/** Controls show the numbers that the training has; a wanted look at the past comes when it can. */
function follow(frame: Frame): void {
  if (frame.past) return;
  const text = JSON.stringify(frame.numbers);
  const still = performance.now() - lastByHand > BY_HAND && upToDate();
  const offer = session.offer.value;
  if (text !== lastNumbers && still && offer) {
    lastNumbers = text;
    const s = session.settings.value;
    session.settings.value = consistent({ ...s, ...numbersIn(frame.numbers, s) }, offer);
  }
  if (wanted?.past != null && frame.status === "paused") {
    const { past } = wanted;
    wanted = undefined;
    seek(past);
  }
}
