/** The live session: what the server said last, and the connection. Views read; actions write. */

import { type ReadonlySignal, type Signal, computed, signal } from "@preact/signals";

import { type Membership, featureColours } from "../colour/features";
import { css } from "../colour/scales";
import type { Trace } from "../views/curves";
import type {
  Analysis,
  Configured,
  Dictionary,
  Frame,
  Hello,
  Offer,
  Phase,
  ServerState,
  Stamp,
  Status,
  Traces,
} from "../wire/messages";
import { DEFAULTS, type Settings } from "./settings";
import type { Impossible } from "./url";
import { DEFAULT_VIEW, type Place, type View } from "./view";

export type Connection = "connecting" | "open" | "lost";

export const connection = signal<Connection>("connecting");
export const connectionReason = signal("");
export const hello = signal<Hello | null>(null);
/** What the server offers; still there when the connection is lost. */
export const offer = signal<Offer | null>(null);

/** The choices of the control column, as they are now. */
export const settings = signal<Settings>(DEFAULTS);
/** What the server said last of a training, whatever is waited for. */
export const heard = {
  state: signal<ServerState | null>(null),
  configured: signal<Configured | null>(null),
  frame: signal<Frame | null>(null),
  analysis: signal<Analysis | null>(null),
  history: signal<number[]>([]),
};

/** A training that was asked for, and is not there yet. */
export interface Awaited {
  /** Of the message that asked for it; null: it waits for the server's hello. */
  id: number | null;
  state: ServerState;
  place: Place;
}

/** While one is awaited nothing of another is shown: what is heard of that is not for the page. */
export const awaited = signal<Awaited | null>(null);

const unlessAwaited = <T>(said: Signal<T>, none: T): ReadonlySignal<T> =>
  computed(() => (awaited.value ? none : said.value));

/** The description that the run started from, with the changes made since. */
export const state = computed(() => awaited.value?.state ?? heard.state.value);
export const configured = unlessAwaited(heard.configured, null);

/** The last frame; its arrays change many times a second, so views draw from `scene` instead. */
export const frame = unlessAwaited(heard.frame, null);
export const analysis = unlessAwaited(heard.analysis, null);
export const history = unlessAwaited(heard.history, []);
export const phase = signal<Phase | null>(null);
export const dictionary = signal<Dictionary | null>(null);

/** Whether there is no model to show: the one that was asked for has no picture yet. */
export const blank = computed(() => frame.value === null);

export const view = signal<View>(DEFAULT_VIEW);
/** The feature under the pointer, in whichever view; null: none. */
export const hovered = signal<number | null>(null);
/** Whether a model that was asked for is not there yet: its process starts, its kernels compile. */
export const preparing = signal(false);
/** One line of trouble to show, or nothing. */
export const trouble = signal("");
/** Why choices made by hand are not to be had: it stands beside them. */
export const refusal = signal<{ names: (keyof Settings)[]; text: string } | null>(null);
/** Numbers of the address in whose place there are others: that is said beside them. */
export const impossible = signal<Impossible[]>([]);
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
/** The model that the trace is of; null: none yet. */
export const traced = signal<{ run: number; seed: number } | null>(null);

/** Start over, with n features. */
export function clearTrace(run: number, n: number): void {
  trace = emptyTrace(run, n);
  traced.value = null;
}

/** The trace that the server sent: the past of one model, which frames then go on with. */
export function readTrace({ run, selected, arrays }: Traces): void {
  traced.value = { run, seed: selected.seed };
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

/** Whether two are of one model, though perhaps of different steps. */
export const isOf = (a: Stamp, f: Stamp): boolean =>
  a.run === f.run && a.past === f.past && a.selected.seed === f.selected.seed;

/** Whether they are of one and the same state of it. */
export const isSame = (a: Stamp, f: Stamp): boolean =>
  isOf(a, f) && a.step === f.step && a.changes === f.changes;

/** Whether the analysis is of other models than the picture; one that runs on has its step beside it. */
export const analysisStale = computed(() => {
  const [a, f] = [analysis.value, frame.value];
  if (!a || !f) return f !== null;
  return f.status === "running" ? !isOf(a, f) : !isSame(a, f);
});
/** The analysis, as far as it is of the model that is shown. */
export const ownAnalysis = computed(() => {
  const [a, f] = [analysis.value, frame.value];
  return a && f && isOf(a, f) ? a : null;
});
/** Whether the shapes of all models are not counted yet at the step that is shown. */
export const censusStale = computed(() => {
  const [a, f] = [analysis.value, frame.value];
  if (!a || !f || a.run !== f.run) return f !== null;
  return f.status !== "running" && a.shapes_step !== f.step;
});
/** Whether the curves are of another model than the picture. */
export const traceStale = computed(() => {
  const [t, f] = [traced.value, frame.value];
  return f !== null && t !== null && (t.run !== f.run || t.seed !== f.selected.seed);
});

/** Append what a frame says of the present, if it is of that model and its losses of its step. */
export function extendTrace(f: Frame): void {
  if (f.measured !== f.step || f.past || f.run !== trace.run) return;
  traced.value ??= { run: f.run, seed: f.selected.seed };
  if (f.selected.seed !== traced.value.seed || f.step <= (trace.steps.at(-1) ?? -1)) return;
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
