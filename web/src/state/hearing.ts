/** What the page hears: the server's answers and pictures, and what follows from them. */

import { batch } from "@preact/signals";

import type { BinaryMessage, Configured, ErrorMessage, Frame, TextMessage } from "../wire/messages";
import {
  DICTIONARY,
  PHASE,
  acknowledge,
  adopt,
  askForTraces,
  configure,
  connect,
  dictionaryRunning,
  phaseRunning,
  seek,
  select,
  upToDate,
  visit,
  watch,
  wishes,
} from "./actions";
import { allAnswered, expectNothing, hearAnswer, seen } from "./answers";
import { learn } from "./datasets";
import { numbersIn } from "./numbers";
import * as session from "./session";
import { heard } from "./session";
import { type Settings, consistent } from "./settings";

/** For so long after a change by hand, numbers that arrive do not move the controls. */
const BY_HAND = 600;
const TRACES_EVERY = 1500;

/** Choices that have no box to stand beside. */
const UNBOXED: ReadonlySet<keyof Settings> = new Set(["own", "groups", "bias", "hiddenBias"]);

let lastNumbers = "";
let lastTraces = 0;

/** Called for what is to be drawn; the loop draws it and acknowledges frames. */
let onData: () => void = () => undefined;

/** Open the connection; `changed` is called whenever there is something new to draw. */
export function listen(page: Location, changed: () => void): void {
  onData = changed;
  void connect(page, {
    text: hear,
    binary: see,
    connection: (status, reason) => {
      session.connection.value = status;
      // What is asked for in the meantime waits for the next hello.
      if (status === "lost") {
        session.hello.value = null;
        nothingBeside();
      }
      session.connectionReason.value = reason;
    },
  });
}

function hear(message: TextMessage): void {
  switch (message.type) {
    case "hello":
      session.offer.value = message;
      session.hello.value = message;
      watch();
      welcome();
      break;
    case "configured":
      begin(message);
      break;
    case "changed":
      hearAnswer(message.id);
      if (upToDate()) wishes.touched = [];
      heard.state.value = message.state;
      break;
    case "busy":
      session.preparing.value = true;
      break;
    case "history":
      heard.history.value = message.steps;
      fillIn();
      break;
    case "error":
      if (message.id === PHASE) phaseRunning.value = wishes.phase = false;
      if (message.id === DICTIONARY) dictionaryRunning.value = wishes.dictionary = false;
      hearAnswer(message.id);
      refuse(message);
      break;
    case "crashed":
      nothingBeside();
      complain(message.message, true);
      break;
    case "phase_stopped":
      phaseRunning.value = false;
      break;
    case "dictionary_stopped":
      dictionaryRunning.value = false;
      break;
    case "ok":
      if (message.id === PHASE) wishes.phase = false;
      if (message.id === DICTIONARY) wishes.dictionary = false;
      hearAnswer(message.id);
      break;
  }
}

function nothingBeside(): void {
  phaseRunning.value = wishes.phase = false;
  dictionaryRunning.value = wishes.dictionary = false;
}

/** The server is there: ask for what was asked for before it was, else for what the address says. */
function welcome(): void {
  const early = session.awaited.value;
  if (early) configure(early.state, early.place, wishes.place?.selected ?? null);
  else visit(globalThis.location.hash);
}

/** Another training is there; its first picture follows. */
function begin(message: Configured): void {
  hearAnswer(message.id);
  if (session.awaited.value) learn(session.awaited.value.state, message.state);
  batch(() => {
    heard.configured.value = message;
    heard.state.value = message.state;
    heard.analysis.value = null;
    heard.history.value = [];
    // Where the same description starts again, its last picture stays until the next one is there.
    if (session.awaited.value) heard.frame.value = null;
    session.clearTrace(message.run, message.n_features);
    if (session.awaited.value?.id === message.id) session.awaited.value = null;
  });
  lastNumbers = "";
  if (session.awaited.value) return; // another one is to come
  // Where the controls have been moved on meanwhile, they stay: what they ask for follows.
  if (upToDate()) {
    wishes.touched = [];
    adopt(message.state, message.n_features);
  }
  const seed = wishes.place ? wishes.place.selected : session.view.value.selected;
  select(seed !== null && seed < message.seeds ? seed : null);
  onData();
}

/** What was asked for is not to be had: what there was before is shown again. */
function refuse(message: ErrorMessage): void {
  const ours = typeof message.id === "number";
  if (ours && message.id === session.awaited.value?.id) session.awaited.value = null;
  // Other data bring other numbers of features along: the refusal stands beside the choice.
  const names = wishes.touched.includes("data") ? (["data"] as const) : wishes.touched;
  if (!session.state.value && session.hello.value) configure(session.hello.value.default);
  complain(message.message, message.code === "failed");
  if (ours && names.some((name) => !UNBOXED.has(name))) {
    session.trouble.value = "";
    session.refusal.value = { names: [...names], text: message.message };
  }
  if (ours) wishes.touched = [];
  if (upToDate()) seen();
  onData();
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
function fillIn(): void {
  const now = performance.now();
  if (now - lastTraces < TRACES_EVERY) return;
  lastTraces = now;
  askForTraces();
}

function see(message: BinaryMessage): void {
  if (message.type === "phase") {
    if (wishes.phase) return;
    session.phase.value = message;
    phaseRunning.value = message.status === "running";
    return;
  }
  if (message.type === "dictionary") {
    if (wishes.dictionary) return;
    session.dictionary.value = message;
    dictionaryRunning.value = message.status === "running";
    return onData();
  }
  if (message.run !== heard.configured.value?.run) return;
  if (message.type === "frame") {
    heard.frame.value = message;
    session.extendTrace(message);
    if (session.awaited.value) return acknowledge(message); // nobody draws it
    if (upToDate()) seen();
    if (upToDate() && isThere(message)) session.preparing.value = false;
    follow(message);
  } else if (message.type === "analysis") heard.analysis.value = message;
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
  const still = performance.now() - wishes.byHand > BY_HAND && upToDate();
  const offer = session.offer.value;
  if (text !== lastNumbers && still && offer) {
    lastNumbers = text;
    const s = session.settings.value;
    session.settings.value = consistent({ ...s, ...numbersIn(frame.numbers, s) }, offer);
  }
  const past = wishes.place?.past;
  if (past != null && frame.status === "paused") {
    wishes.place = null;
    seek(past);
  }
}
