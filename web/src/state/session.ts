/** The live session: what the server said last, and the connection. Views read; actions write. */

import { computed, signal } from "@preact/signals";

import { type Membership, featureColours } from "../colour/features";
import { css } from "../colour/scales";
import type { Trace } from "../views/curves";
import type {
  Analysis,
  Configured,
  Frame,
  Hello,
  Offer,
  Phase,
  ServerState,
  Status,
  Traces,
} from "../wire/messages";
import { DEFAULTS, type Settings } from "./settings";
import { DEFAULT_VIEW, type View } from "./view";

export type Connection = "connecting" | "open" | "lost";

export const connection = signal<Connection>("connecting");
export const connectionReason = signal("");
export const hello = signal<Hello | null>(null);
/** What the server offers; still there when the connection is lost. */
export const offer = signal<Offer | null>(null);

/** The choices of the control column, as they are now. */
export const settings = signal<Settings>(DEFAULTS);
/** The description that the run started from, with the changes made since. */
export const state = signal<ServerState | null>(null);
export const configured = signal<Configured | null>(null);

/** The last frame; its arrays change many times a second, so views draw from `scene` instead. */
export const frame = signal<Frame | null>(null);
export const analysis = signal<Analysis | null>(null);
export const history = signal<number[]>([]);
export const phase = signal<Phase | null>(null);

export const view = signal<View>(DEFAULT_VIEW);
/** The feature under the pointer, in whichever view; null: none. */
export const hovered = signal<number | null>(null);
/** Whether a model that was asked for is not there yet: its process starts, its kernels compile. */
export const preparing = signal(false);
/** One line of trouble to show, or nothing. */
export const trouble = signal("");
/** Whether the training is over because of it, so that only a new one goes on. */
export const over = signal(false);

export const status = computed<Status | "none">(() => frame.value?.status ?? "none");
export const systemDark = signal(false);
export const scheme = computed(() => {
  const { theme } = view.value;
  if (theme !== "auto") return theme;
  return systemDark.value ? "dark" : "light";
});

/** Features that are drawn as bundles: the set of each, from the on/off draws of the data. */
export const members = computed<Membership[]>(() => {
  const rows: Membership[] = [];
  configured.value?.draws.forEach(({ size }, set) => {
    for (let place = 0; place < size; place++) rows.push({ set, place, size });
  });
  return rows;
});

/** The colour of each feature, as style sheets write it. */
export const colours = computed(() =>
  featureColours(members.value, scheme.value).map((colour) => css(colour)),
);

/** Change some of how the model is looked at. */
export function look(changes: Partial<View>): void {
  view.value = { ...view.value, ...changes };
}

const emptyTrace = (run: number, n: number): Trace => ({
  run,
  steps: [],
  loss: [],
  best: [],
  median: [],
  D: Array.from({ length: n }, () => []),
});

export let trace: Trace = emptyTrace(0, 0);

/** Start over, with n features. */
export function clearTrace(run: number, n: number): void {
  trace = emptyTrace(run, n);
}

/** The trace that the server sent: the past of one model, which frames then go on with. */
export function readTrace({ run, arrays }: Traces): void {
  const steps = Array.from(arrays.steps?.data ?? []);
  const D = arrays.D;
  const n = D?.shape[1] ?? 0;
  trace = {
    run,
    steps,
    loss: Array.from(arrays.loss?.data ?? []),
    best: Array.from(arrays.best?.data ?? []),
    median: Array.from(arrays.median?.data ?? []),
    D: Array.from({ length: n }, (_, i) => steps.map((_, k) => D!.data[k * n + i]!)),
  };
}

/** More points than this are more than a curve has pixels. */
const MOST_POINTS = 1500;

/** Whether an analysis is of the model that a frame shows, though perhaps of an earlier step. */
export const isOf = (a: Analysis, f: Frame): boolean =>
  a.run === f.run && a.past === f.past && a.selected.seed === f.selected.seed;

/** Append what a frame says of the present, if its losses are of its step. */
export function extendTrace(f: Frame): void {
  if (
    f.measured !== f.step ||
    f.past ||
    f.run !== trace.run ||
    f.step <= (trace.steps.at(-1) ?? -1)
  )
    return;
  const losses = Array.from(f.arrays.losses?.data ?? []).filter(Number.isFinite);
  losses.sort((a, b) => a - b);
  trace.steps.push(f.step);
  trace.loss.push(f.loss ?? Number.NaN);
  trace.best.push(losses[0] ?? Number.NaN);
  trace.median.push(losses[losses.length >> 1] ?? Number.NaN);
  trace.D.forEach((row, i) => row.push(f.arrays.D?.data[i] ?? Number.NaN));
  if (trace.steps.length > MOST_POINTS) thin(trace);
}

/** Drop every second point, oldest kept. */
function thin(t: Trace): void {
  const half = (row: number[]): number[] => row.filter((_, k) => k % 2 === 0);
  t.steps = half(t.steps);
  t.loss = half(t.loss);
  t.best = half(t.best);
  t.median = half(t.median);
  t.D = t.D.map(half);
}
