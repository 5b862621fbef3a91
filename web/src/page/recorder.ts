/** A training as a film: each kept step in turn, drawn, and encoded as it comes. */

import { effect, signal } from "@preact/signals";

import { count, short } from "../math/format";
import { runOrPause, seek } from "../state/actions";
import { connection, frame, history, status } from "../state/session";
import type { Film, FilmKind } from "../views/film";
import type { Size } from "../views/space";
import type { Frame } from "../wire/messages";
import { type Painter, painterFor, sizeOf } from "./pictures";
import { currentScene } from "./stage";

/** How many frames the last step stays, so that it can be looked at. */
const HOLD = 25;
/** A step that has not come for so many milliseconds will not come. */
const PATIENCE = 20_000;

/** The film that is being made: frames done, of how many; null: none. */
export const filming = signal<{ done: number; total: number } | null>(null);
const stopped = signal(false);

export const stopFilming = (): void => void (stopped.value = true);

/** Whether this browser encodes films at all. */
export const canFilm = (): boolean => "VideoEncoder" in globalThis;

/**
 * A film of the kept steps up to the one that is shown, `pixels` wide, in the picture's present
 * plane. Null: it was stopped. Throws, in words, where it cannot be made.
 */
export async function record(kind: FilmKind, pixels: number): Promise<Blob | null> {
  const before = frame.peek();
  if (!before || filming.value) return null;
  const wasRunning = status.peek() === "running";
  stopped.value = false;
  filming.value = { done: 0, total: 1 };
  try {
    if (wasRunning) runOrPause();
    // What is kept is told every half a second; the step at which a training rests is the last.
    if (!before.past) {
      await until((f) => f.status !== "running" && (history.value.at(-1) ?? -1) >= f.step);
    }
    return await filmOf(moments(), kind, pixels);
  } finally {
    stopped.value = false;
    if (frame.peek()?.run === before.run && connection.peek() === "open" && !before.past) {
      seek(null);
      if (wasRunning) await until((f) => !f.past).then(runOrPause);
    }
    filming.value = null;
  }
}

/** The kept steps before the one that is shown, and that one; null: the present. */
function moments(): (number | null)[] {
  const { step, past } = frame.peek()!;
  const kept = history.peek().filter((earlier) => earlier < step);
  return [...kept, past ? step : null];
}

async function filmOf(
  steps: (number | null)[],
  kind: FilmKind,
  pixels: number,
): Promise<Blob | null> {
  const [scene, size] = [currentScene(), evenSize(pixels)];
  const draw = scene && painterFor(scene);
  if (!draw || !size) throw new Error("there is no picture on the screen");
  const canvas = document.createElement("canvas");
  const total = steps.length;
  draw(canvas, scene, size);
  const { startFilm } = await import("../views/film");
  const film = await startFilm(canvas, kind);
  try {
    for (const [done, step] of steps.entries()) {
      filming.value = { done, total };
      if (!(await show(step))) return await given(film);
      await addFrame(film, canvas, draw, size);
    }
    for (let k = 1; k < HOLD; k++) await film.add();
    return await film.finish();
  } catch (error) {
    await film.cancel();
    throw error;
  }
}

/** What comes of a film that was stopped. */
async function given(film: Film): Promise<null> {
  await film.cancel();
  return null;
}

async function addFrame(
  film: Film,
  canvas: HTMLCanvasElement,
  draw: Painter,
  size: Size,
): Promise<void> {
  const { step, loss, finite } = frame.peek()!;
  const told = finite ? (loss === null ? "" : `   loss ${short(loss)}`) : "   diverged";
  draw(canvas, currentScene()!, size, `step ${count(step)}${told}`);
  await film.add();
}

/** Until a step is the one that is shown; false: the film was stopped meanwhile. */
async function show(step: number | null): Promise<boolean> {
  if (stopped.peek()) return false;
  seek(step);
  return until((f) => (step === null ? !f.past : f.past && f.step === step));
}

/** Until a frame of this training is as it should be; false: the film was stopped meanwhile. */
function until(holds: (f: Frame) => boolean): Promise<boolean> {
  const run = frame.peek()!.run;
  return new Promise((resolve, reject) => {
    const over = (end: () => void): void => {
      clearTimeout(timer);
      end();
      queueMicrotask(() => release()); // the effect may end while it is made
    };
    const timer = setTimeout(
      () => over(() => reject(new Error("a step that was to be filmed did not come"))),
      PATIENCE,
    );
    const release = effect(() => {
      const f = frame.value!;
      if (connection.value !== "open") over(() => reject(new Error("the connection was lost")));
      else if (f.run !== run) over(() => reject(new Error("another training has begun")));
      else if (stopped.value) over(() => resolve(false));
      else if (holds(f)) over(() => resolve(true));
    });
  });
}

/** Encoders take even numbers of pixels. */
function evenSize(pixels: number): Size | null {
  const size = sizeOf(pixels);
  if (!size) return null;
  const even = (length: number): number =>
    (2 * Math.max(Math.round((length * size.ratio) / 2), 1)) / size.ratio;
  return { width: even(size.width), height: even(size.height), ratio: size.ratio };
}
