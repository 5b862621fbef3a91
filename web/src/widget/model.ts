/** The traits of the widget as signals, in step with the notebook both ways. */

import { type Signal, effect, signal } from "@preact/signals";

import { type Dataset, readDataset } from "./dataset";

/** The part of anywidget's model that is used. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, callback: () => void): void;
  off(event: string, callback: () => void): void;
}

export interface Bound {
  dataset: Signal<Dataset | null>;
  /** What is wrong with the frame, or nothing. */
  trouble: Signal<string>;
  point: Signal<number>;
  /** −1: the seed with the lowest loss. */
  seed: Signal<number>;
  mode: Signal<"live" | "space">;
  /** −1: none. */
  feature: Signal<number>;
  release(): void;
}

export function bind(model: Model): Bound {
  const releases: (() => void)[] = [];

  const trait = <T>(name: string, other: T): Signal<T> => {
    const value = signal((model.get(name) ?? other) as T);
    const heard = (): void => void (value.value = (model.get(name) ?? other) as T);
    model.on(`change:${name}`, heard);
    const stop = effect(() => {
      if (value.value === model.get(name)) return;
      model.set(name, value.value);
      model.save_changes();
    });
    releases.push(stop, () => model.off(`change:${name}`, heard));
    return value;
  };

  const dataset = signal<Dataset | null>(null);
  const trouble = signal("");
  const read = (): void => {
    try {
      dataset.value = readDataset(bytesOf(model.get("frame")));
      trouble.value = "";
    } catch (error) {
      dataset.value = null;
      trouble.value = error instanceof Error ? error.message : String(error);
    }
  };
  read();
  model.on("change:frame", read);
  releases.push(() => model.off("change:frame", read));

  return {
    dataset,
    trouble,
    point: trait("point", 0),
    seed: trait("seed", -1),
    mode: trait<"live" | "space">("mode", "live"),
    feature: trait("selected_feature", -1),
    release: () => releases.forEach((stop) => stop()),
  };
}

/** Bytes arrive as a DataView, or as an array of bytes; arrays in a frame need their own buffer. */
export function bytesOf(value: unknown): ArrayBuffer {
  if (value instanceof ArrayBuffer) return value;
  if (!ArrayBuffer.isView(value)) throw new Error("the widget has no data");
  const { buffer, byteOffset, byteLength } = value;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
