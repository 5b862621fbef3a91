/** Keeps the address bar and the state of the page the same. */

import { effect } from "@preact/signals";

import { look, state, status, view } from "../state/session";
import * as session from "../state/session";
import { select, visit } from "../state/actions";
import { decode, decodeView, encode } from "../state/url";

/** Browsers refuse to change the address too often. */
const LEAST_INTERVAL = 400;

let timer: ReturnType<typeof setTimeout> | undefined;
let lastWritten = Number.NEGATIVE_INFINITY;
let written = "";

/** The address of what is shown now. */
export function currentHash(): string {
  const offer = session.offer.peek();
  if (!offer) return globalThis.location.hash;
  const asked = session.awaited.peek();
  if (asked)
    return `#${encode({ state: asked.state, view: view.peek(), place: asked.place }, offer)}`;
  const frame = session.frame.peek();
  const past = frame?.past ? frame.step : null;
  const at = past === null ? (frame?.step ?? 0) : (session.history.peek().at(-1) ?? 0);
  const place = { at, running: status.peek() === "running", past };
  return `#${encode({ state: state.peek(), view: view.peek(), place }, offer)}`;
}

function write(): void {
  timer = undefined;
  lastWritten = performance.now();
  const hash = currentHash();
  if (hash === written || !state.peek()) return;
  const sameTab = decodeView(hash).tab === decodeView(written).tab;
  written = hash;
  // The back button goes from tab to tab; changes within one replace its entry.
  if (sameTab) globalThis.history.replaceState(null, "", hash);
  else globalThis.history.pushState(null, "", hash);
}

export function keepAddress(): void {
  written = globalThis.location.hash;
  effect(() => {
    state.value;
    view.value;
    status.value;
    if (status.value !== "running") session.frame.value;
    const wait = lastWritten + LEAST_INTERVAL - performance.now();
    timer ??= setTimeout(write, Math.max(wait, 0));
  });
  globalThis.addEventListener("popstate", () => {
    const hash = globalThis.location.hash;
    if (hash === written) return;
    const offer = session.offer.peek();
    if (!offer) return visit(hash);
    const [before, after] = [decode(written, offer), decode(hash, offer)];
    written = hash;
    const sameTraining = JSON.stringify(before.state) === JSON.stringify(after.state);
    if (!sameTraining) return visit(hash);
    const { selected } = view.peek();
    look(after.view);
    if (after.view.selected !== selected) select(after.view.selected);
  });
}
