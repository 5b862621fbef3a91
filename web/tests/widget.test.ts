import { describe, expect, it } from "vitest";

import { type Dataset, pointOf, placesOf, sceneOf } from "../src/widget/dataset";
import { bind, bytesOf, type Model } from "../src/widget/model";

const axes = [
  { name: "p", values: [1, 0.1, 0.01] },
  { name: "r", values: [0.5, 2] },
];

describe("points of axes", () => {
  it("are counted in C order", () => {
    expect(placesOf(axes, 0)).toEqual([0, 0]);
    expect(placesOf(axes, 3)).toEqual([1, 1]);
    expect(placesOf(axes, 4)).toEqual([2, 0]);
    for (let point = 0; point < 6; point++)
      expect(pointOf(axes, placesOf(axes, point))).toBe(point);
    expect(placesOf([], 0)).toEqual([]);
    expect(pointOf([], [])).toBe(0);
  });
});

describe("the model of a dataset", () => {
  const tensor = (values: number[], shape: number[]) => ({
    data: Float32Array.from(values),
    shape,
  });
  // P = 2 points, N = 2 seeds, m = 1, n = 2; the best seeds are 1 and 0.
  const d: Dataset = {
    n_features: 2,
    n_hidden: 1,
    seeds: 2,
    neurons: false,
    axes: [{ name: "p", values: [1, 0.1] }],
    draws: [{ kind: "correlated", start: 0, size: 2 }],
    checkpoints: [0],
    shapes: ["a", "b"],
    factors: [[], []],
    arrays: {
      W: tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 1, 2]),
      b: tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [2, 2, 2]),
      loss: tensor([2, 1, 3, 4], [2, 2]),
      best: { data: Int32Array.from([1, 0]), shape: [2] },
      W_checkpoint: tensor([-1, -2, -3, -4], [2, 1, 1, 2]),
    },
  };
  const wish = { point: 0, seed: -1, checkpoint: null, hovered: null };

  it("is the best seed's, or the one that is asked for", () => {
    expect([...sceneOf(d, wish, "light")!.weights.W]).toEqual([3, 4]);
    expect([...sceneOf(d, { ...wish, seed: 0 }, "light")!.weights.W]).toEqual([1, 2]);
    const second = sceneOf(d, { ...wish, point: 1 }, "light")!;
    expect([...second.weights.W]).toEqual([5, 6]);
    expect([...second.losses]).toEqual([3, 4]);
    expect(second.members).toEqual([
      { set: 0, place: 0, size: 2 },
      { set: 0, place: 1, size: 2 },
    ]);
  });

  it("is an earlier one at a checkpoint, whose biases were not kept", () => {
    const early = sceneOf(d, { ...wish, point: 1, checkpoint: 0 }, "light")!;
    expect([...early.weights.W]).toEqual([-3, -4]);
    expect([...early.weights.b]).toEqual([0, 0]);
  });
});

describe("traits", () => {
  function notebook(traits: Record<string, unknown>) {
    const heard: Record<string, (() => void)[]> = {};
    let saved = 0;
    const model: Model = {
      get: (name) => traits[name],
      set: (name, value) => void (traits[name] = value),
      save_changes: () => void saved++,
      on: (event, callback) => void (heard[event] ??= []).push(callback),
      off: (event, callback) => void (heard[event] = heard[event]!.filter((f) => f !== callback)),
    };
    const say = (name: string, value: unknown): void => {
      traits[name] = value;
      heard[`change:${name}`]?.forEach((f) => f());
    };
    return { model, traits, say, saves: () => saved };
  }

  it("go both ways, until the widget is gone", () => {
    const { model, traits, say, saves } = notebook({ point: 2, seed: -1, mode: "space" });
    const bound = bind(model);
    expect([bound.point.value, bound.mode.value, bound.feature.value]).toEqual([2, "space", -1]);
    expect(bound.trouble.value).toContain("no data");
    bound.point.value = 4;
    expect([traits.point, saves() > 0]).toEqual([4, true]);
    say("point", 1);
    expect(bound.point.value).toBe(1);
    bound.release();
    say("point", 3);
    expect(bound.point.value).toBe(1);
  });

  it("carry bytes in a buffer of their own, however they come", () => {
    const all = Uint8Array.from([9, 1, 2, 3]);
    expect([...new Uint8Array(bytesOf(new DataView(all.buffer, 1, 2)))]).toEqual([1, 2]);
    expect(bytesOf(all.buffer)).toBe(all.buffer);
    expect(() => bytesOf("text")).toThrow("no data");
  });
});
