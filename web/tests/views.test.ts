import { describe, expect, it } from "vitest";

import { featureColours } from "../src/colour/features";
import { css, cycle, parse, signed } from "../src/colour/scales";
import { fromPlace, PLACES, toPlace } from "../src/panels/fields";
import { isLive, numbersIn, valuesOf } from "../src/state/numbers";
import { DEFAULTS } from "../src/state/settings";
import { cellAt, gridOf } from "../src/views/heatmap";
import { Loop } from "../src/views/loop";
import { stacks } from "../src/views/neurons";
import { cellAtPoint, cellColour } from "../src/views/phase";
import { vectorsSvg } from "../src/views/picture";
import { Scene, weightsOf } from "../src/views/scene";
import { dotsOf, ranking } from "../src/views/seeds";
import { frameOf, nearestFeature } from "../src/views/vectors";
import type { Phase } from "../src/wire/messages";

const scene = (values: number[], m: number, n: number): Scene =>
  new Scene(weightsOf({ W: { data: Float32Array.from(values), shape: [m, n] } })!, [], "light");

describe("the plane of vectors", () => {
  // Two features: right and up; the box is 200 by 160 pixels.
  const points = Float64Array.from([1, 0, 0, 1]);
  const place = frameOf(points, 200, 160);

  it("has the unit circle in sight, and grows with long vectors in steps of a quarter", () => {
    expect(place).toEqual({ cx: 100, cy: 80, scale: 50 });
    expect(frameOf(Float64Array.from([0, 1.1]), 200, 160).scale).toBe(40);
    expect(frameOf(Float64Array.from([0, Number.NaN]), 200, 160).scale).toBe(50);
  });

  it("finds the feature at a tip, along a line, and none elsewhere", () => {
    expect(nearestFeature(points, place, 150, 82)).toBe(0);
    expect(nearestFeature(points, place, 128, 77)).toBe(0);
    expect(nearestFeature(points, place, 101, 32)).toBe(1);
    expect(nearestFeature(points, place, 60, 120)).toBeNull();
  });

  it("is the same picture as SVG", () => {
    const text = vectorsSvg(scene([1, -1, 0, 0], 2, 2), Float64Array.from([1, 0, -1, 0]), "a < b");
    expect(text).toContain("<title>a &lt; b</title>");
    // Centre 320, a margin of 30: the tips are 290 from it.
    expect(text).toContain('<circle cx="610.00" cy="320.00" r="7"');
    expect(text).toContain('<circle cx="30.00" cy="320.00" r="7"');
    expect(text.match(/stroke-opacity="0.85"/g)).toHaveLength(1); // the one edge, at −1
  });
});

describe("the other pictures", () => {
  it("find the cell of a matrix, and the bias beside it", () => {
    const grid = gridOf(4, 110, 300); // cells of 20 pixels, the bias 10 to the right of the square
    expect([grid.cell, grid.left, grid.top]).toEqual([20, 0, 18]);
    expect(cellAt(grid, 1, 19)).toEqual({ row: 0, column: 0 });
    expect(cellAt(grid, 79, 97)).toEqual({ row: 3, column: 3 });
    expect(cellAt(grid, 95, 50)).toEqual({ row: 1, column: 4 });
    expect(cellAt(grid, 85, 50)).toBeNull();
    expect(cellAt(grid, 5, 5)).toBeNull();
  });

  it("leave the bias of many features a column that is seen, within the width", () => {
    const { cell, left, bias } = gridOf(80, 310, 900);
    expect(bias).toBe(12);
    expect(left + 80 * cell + 10 + bias).toBeCloseTo(310);
  });

  it("stack positive weights up and negative ones down, the largest next to 0", () => {
    const pieces = stacks(scene([1, 3, -2, 0], 1, 4), 100, 150);
    expect(pieces.map(({ feature }) => feature)).toEqual([1, 2, 0]);
    const [b, c, a] = pieces; // 120 pixels for 4 up and 2 down: 20 each
    expect([b!.y, b!.height]).toEqual([28, 60]);
    expect([a!.y, a!.height]).toEqual([8, 20]);
    expect([c!.y, c!.height]).toEqual([88, 40]);
  });

  it("rank models by loss, those that diverged last and undrawn", () => {
    const losses = [0.3, Number.NaN, 0.1, 0.2];
    expect(ranking(losses)).toEqual([2, 3, 0, 1]);
    const dots = dotsOf(losses, 300, 200);
    expect(dots.map(({ seed }) => seed)).toEqual([2, 3, 0]);
    expect(dots[0]!.y).toBeGreaterThan(dots[1]!.y);
    expect(dots[2]!.x).toBeGreaterThan(dots[1]!.x);
    expect(dotsOf([], 300, 200)).toEqual([]);
  });

  it("colour a phase by length and superposition, and lay sparse rows on top", () => {
    expect(cellColour(0, 0.5, "light")).toEqual([255, 255, 255]);
    expect(cellColour(1, 0, "light")).toEqual(parse("#0072B2"));
    expect(cellColour(1.2, 3, "light")).toEqual(parse("#E69F00"));
    expect(cellColour(Number.NaN, 0, "light")).toEqual(parse("#d0d0d0"));
    const phase = { probabilities: [0.01, 0.1, 1], ratios: [0.1, 10] } as unknown as Phase;
    const size = { width: 266, height: 250 }; // a square of 200 from (58, 6)
    expect(cellAtPoint(phase, 60, 8, size)).toEqual({ row: 0, column: 0 });
    expect(cellAtPoint(phase, 250, 200, size)).toEqual({ row: 2, column: 1 });
    expect(cellAtPoint(phase, 50, 100, size)).toBeNull();
  });
});

describe("colours", () => {
  const alone = (n: number) => Array.from({ length: n }, (_, set) => ({ set, place: 0, size: 1 }));

  it("are the categorical ones for few features, and a scale for many", () => {
    expect(featureColours(alone(2), "light").map((c) => css(c))).toEqual([
      "rgb(0, 114, 178)",
      "rgb(213, 94, 0)",
    ]);
    const many = featureColours(alone(40), "light");
    expect(new Set(many.map((c) => css(c))).size).toBe(40);
  });

  it("are of one hue within a set", () => {
    const members = [0, 1].flatMap((set) => [0, 1, 2].map((place) => ({ set, place, size: 3 })));
    const colours = featureColours(members, "light");
    expect(colours[1]).toEqual(cycle(0, "light"));
    expect(colours[4]).toEqual(cycle(1, "light"));
    const sum = (k: number): number => colours[k]!.reduce((a, b) => a + b, 0);
    expect(sum(0)).toBeGreaterThan(sum(1));
    expect(sum(1)).toBeGreaterThan(sum(2));
  });

  it("of signed values are the page's surface at 0", () => {
    expect(signed(0, "light")).toEqual([255, 255, 255]);
    expect(signed(-5, "light")).toEqual(parse("#b2182b"));
    expect(signed(1, "light")).toEqual(parse("#1c5fa8"));
  });
});

describe("controls", () => {
  it("have sliders whose ends and middle are exact", () => {
    expect(fromPlace(0, 1e-3, 1, true)).toBe(1e-3);
    expect(fromPlace(PLACES, 1e-3, 1, true)).toBe(1);
    expect(fromPlace(PLACES / 2, 0.01, 1, true)).toBe(0.1);
    for (const place of [0, 1, 137, 399, 400]) {
      expect(toPlace(fromPlace(place, 1e-3, 1, true), 1e-3, 1, true)).toBe(place);
    }
  });

  it("send numbers under the server's names, and read them back", () => {
    const s = { ...DEFAULTS, p: 0.3, learningRate: 0.01, ratio: 0.5, n: 3 };
    expect(valuesOf(s, ["p", "learningRate", "ratio"])).toEqual({
      feature_probability: 0.3,
      learning_rate: 0.01,
      importance: [1, 0.5, 0.25],
    });
    const read = numbersIn(
      { feature_probability: [0.2, 0.2, 0.2], importance: [1, 0.1, 0.01], l1: 0.5 },
      s,
    );
    expect(read).toEqual({ p: 0.2, l1: 0.5, form: "geometric", ratio: 0.1 });
    expect(numbersIn({ importance: [1, 0.5, 0.25] }, s)).toEqual({});
  });

  it("act on the running training where the server says so", () => {
    const live = ["importance", "learning_rate"];
    const names = ["ratio", "list", "form", "learningRate", "p", "n", "kind", "own"] as const;
    expect(names.filter((name) => isLive(name, live))).toEqual(names.slice(0, 4));
  });
});

describe("the loop", () => {
  it("draws each stale view once a frame, hidden ones not, slow ones when their time has come", () => {
    const frames: FrameRequestCallback[] = [];
    globalThis.requestAnimationFrame = (callback) => frames.push(callback);
    const run = (now: number): void => frames.splice(0).forEach((callback) => callback(now));
    const loop = new Loop();
    const drawn: string[] = [];
    const view = (name: string, interval: number, visible = true) => ({
      interval,
      visible,
      draw: () => void drawn.push(name),
    });
    loop.add(view("slow", 100));
    loop.add(view("hero", 0));
    loop.add(view("hidden", 0, false));
    run(1000);
    expect(drawn.splice(0)).toEqual(["hero", "slow"]);
    expect(loop.idle).toBe(true); // nobody sees the hidden one
    loop.invalidate();
    loop.invalidate();
    run(1016);
    expect(drawn.splice(0)).toEqual(["hero"]);
    expect(loop.idle).toBe(false);
    run(1050);
    expect(drawn).toEqual([]);
    run(1101);
    expect(drawn).toEqual(["slow"]);
    run(1200);
    expect(frames).toHaveLength(0);
  });
});
