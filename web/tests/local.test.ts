/** The protocol in a page without a server, message by message. */

import { describe, expect, it, vi } from "vitest";

import { encodeFrame, integers, tensor } from "../src/local/frames";
import { winner } from "../src/local/phases";
import { type Known, Worker } from "../src/local/worker";
import { type Decoded, decodeFrame } from "../src/wire/frame";
import type { ServerState } from "../src/wire/messages";
import { MEANS, state } from "./means";
import { CATALOGUE } from "./polytopes";

describe("a frame", () => {
  it("is read as it was written", () => {
    const arrays = { W: tensor([1, -2, Number.NaN], 1, 3), steps: integers([7, -1], 2) };
    const bytes = encodeFrame({ type: "frame", loss: Number.NaN, name: "δ" }, arrays);
    const { header, arrays: found } = decodeFrame(bytes);
    expect(header).toMatchObject({ type: "frame", loss: null, name: "δ" });
    expect([...found.W!.data]).toEqual([1, -2, Number.NaN]);
    expect([found.steps!.shape, ...found.steps!.data]).toEqual([[2], 7, -1]);
  });
});

// A machine may be busy.
vi.setConfig({ testTimeout: 120_000 });

/** A page that acknowledges every frame, unless it sleeps. */
class Visitor {
  texts: Record<string, unknown>[] = [];
  frames: Decoded[] = [];
  readonly worker: Worker;
  private readonly awake: boolean;
  /** How much faster its clock goes than ours. */
  private readonly pace: number;

  constructor(awake = true, pace = 1) {
    this.awake = awake;
    this.pace = pace;
    const page = {
      text: (message: object) => this.texts.push(message as Record<string, unknown>),
      frame: (bytes: ArrayBuffer) => {
        const decoded = decodeFrame(bytes);
        this.frames.push(decoded);
        if (this.awake && decoded.header.type === "frame")
          this.worker?.hear({ type: "ack", frame: decoded.header.frame });
      },
    };
    const catalogue = CATALOGUE.map((one) => ({ ...one, gram: one.gram.map((row) => [...row]) }));
    const hello = { type: "hello", ...MEANS, default: state() };
    this.worker = new Worker(page, { hello, catalogue } as unknown as Known);
  }

  /** Say something, and let the worker do all there is to do, for so many milliseconds at most. */
  async say(message: object, most = 20_000): Promise<void> {
    this.worker.hear(message);
    const end = performance.now() + most;
    for (;;) {
      const wait = this.worker.wait();
      if (wait === null || performance.now() > end) return;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait / this.pace));
      this.worker.work();
    }
  }

  last(type: string): Decoded {
    return this.frames.findLast(({ header }) => header.type === type)!;
  }

  answer(id: number): Record<string, unknown> | undefined {
    return this.texts.find((text) => text.id === id);
  }
}

describe("a worker speaks as the server does", () => {
  it("says hello, trains to a step, and shows it", async () => {
    const visitor = new Visitor();
    expect(visitor.texts[0]).toMatchObject({ type: "hello", limits: { seeds: 512 } });
    await visitor.say({ type: "configure", id: 1, state: state(), until: 400 });
    expect(visitor.answer(1)).toMatchObject({
      ...{ type: "configured", run: 1, n_features: 5, n_hidden: 2, seeds: 6 },
      parameters: { W: [2, 5], b: [5] },
    });
    const { header, arrays } = visitor.last("frame");
    expect(header).toMatchObject({ step: 400, status: "paused", measured: 400, diverged: 0 });
    expect([arrays.W!.shape, arrays.D!.shape, arrays.losses!.shape]).toEqual([[2, 5], [5], [6]]);
    const analysis = visitor.last("analysis");
    expect(analysis.header).toMatchObject({ step: 400, shapes_step: 400 });
    const shapes = analysis.header.shapes as { seeds: number[] }[];
    expect(shapes.flatMap(({ seeds }) => seeds).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    const scores = [...analysis.arrays.losses!.data];
    expect((header.selected as { seed: number }).seed).toBe(scores.indexOf(Math.min(...scores)));
    const steps = visitor.texts.findLast(({ type }) => type === "history")!.steps as number[];
    expect([steps[0], steps.at(-1)]).toEqual([0, 400]);
    expect([...visitor.last("traces").arrays.steps!.data].slice(0, 3)).toEqual([0, 1, 2]);
  });

  it("repeats a training that was changed by hand, to the last bit", async () => {
    const [one, other] = [new Visitor(), new Visitor()];
    await one.say({ type: "configure", id: 1, state: state(), until: 100 });
    const values = { feature_probability: 0.4, learning_rate: 0.02 };
    await one.say({ type: "change", id: 2, values });
    await one.say({ type: "run", id: 3, until: 300 });
    const told = one.answer(2)!.state as ServerState;
    expect(told.changes).toEqual([[100, values]]);
    await other.say({ type: "configure", id: 1, state: told, until: 300 });
    expect(other.last("frame").header).toMatchObject({ step: 300, changes: 1 });
    expect(other.last("frame").arrays.W!.data).toEqual(one.last("frame").arrays.W!.data);
  });

  it("shows the same of many models that are equally good, however often it looks at them", async () => {
    const shown = async (pace: number): Promise<unknown[]> => {
      const clock = performance.now.bind(performance);
      const spy = vi.spyOn(performance, "now").mockImplementation(() => pace * clock());
      const found: unknown[] = [];
      for (const seed of [1, 2]) {
        const visitor = new Visitor(true, pace);
        const even = {
          distribution: { kind: "independent", n_features: 2, feature_probability: 0.3 },
        };
        const many = {
          ...state(
            { ...even, model: { kind: "relu_output", n_hidden: 1 } },
            { schedule: "cosine", steps: 2000 },
            24,
          ),
          seed,
        };
        await visitor.say({ type: "configure", id: 1, state: many, until: 2000 }, pace * 20_000);
        found.push(visitor.last("frame").header.selected);
      }
      spy.mockRestore();
      return found;
    };
    expect(await shown(40)).toEqual(await shown(1));
  });

  it("looks at a seed, at the past, and at the present again", async () => {
    const visitor = new Visitor();
    await visitor.say({ type: "configure", id: 1, state: state(), until: 300 });
    await visitor.say({ type: "select", id: 2, seed: 4 });
    const now = visitor.last("frame");
    expect(now.header.selected).toEqual({ by: "seed", seed: 4 });
    await visitor.say({ type: "seek", id: 3, step: 0 });
    expect(visitor.last("frame").header).toMatchObject({ step: 0, past: true });
    expect(visitor.last("frame").arrays.W!.data).not.toEqual(now.arrays.W!.data);
    await visitor.say({ type: "seek", id: 4, step: null });
    expect(visitor.last("frame").arrays.W!.data).toEqual(now.arrays.W!.data);
    await visitor.say({ type: "watch", id: 5, all: true, fps: 60 });
    expect(visitor.last("frame").arrays.W_all!.shape).toEqual([6, 2, 5]);
  });

  it("ends at its horizon, goes on when it is raised, and starts again", async () => {
    const visitor = new Visitor();
    await visitor.say({ type: "configure", id: 1, state: state({}, { steps: 50 }) });
    expect(visitor.last("frame").header).toMatchObject({ step: 50, status: "done" });
    await visitor.say({ type: "run", id: 2 });
    expect(visitor.answer(2)).toMatchObject({ type: "error", code: "state" });
    await visitor.say({ type: "change", id: 3, values: { steps: 80 } });
    await visitor.say({ type: "run", id: 4 });
    expect(visitor.last("frame").header).toMatchObject({ step: 80, status: "done" });
    await visitor.say({ type: "restart", id: 5, run: false, seed: 9 });
    expect(visitor.answer(5)).toMatchObject({
      run: 2,
      state: { seed: 9, training: { steps: 80 } },
    });
    await visitor.say({ type: "step", id: 6, steps: 3 });
    expect(visitor.last("frame").header).toMatchObject({ step: 3, status: "paused", run: 2 });
  });

  it("sends no more than two frames that nobody draws", async () => {
    const visitor = new Visitor(false);
    await visitor.say({ type: "configure", id: 1, state: state({}, { steps: 1e6 }) }, 300);
    expect(visitor.frames.filter(({ header }) => header.type === "frame")).toHaveLength(2);
  });

  it.each([
    [{ type: "run", id: 7 }, "state"],
    [{ type: "fly", id: 7 }, "message"],
    [{ type: "step", id: 7, steps: 0 }, "message"],
    [{ type: "ping", id: 7, loud: true }, "message"],
    [{ type: "configure", id: 7, state: state({}, {}, 5000) }, "limit"],
    [{ type: "configure", id: 7, state: state({}, { engine: "exact" }) }, "engine"],
    [{ type: "configure", id: 7, state: state({ model: { kind: "deep" } }) }, "invalid"],
    [{ type: "phase", id: 7, points: 500 }, "limit"],
  ])("refuses %j", async (message, code) => {
    const visitor = new Visitor();
    await visitor.say(message);
    expect(visitor.answer(7)).toMatchObject({ type: "error", code });
    expect(String(visitor.answer(7)!.message)).not.toContain("\n");
  });

  it("goes on where a dictionary beside it fails, and says so", async () => {
    const visitor = new Visitor();
    await visitor.say({ type: "configure", id: 1, state: state(), until: 20 });
    visitor.worker.hear({ type: "dictionary", id: 2, n_latents: 3, seeds: 2, steps: 50 });
    const { dictionary } = visitor.worker as unknown as { dictionary: { job: object | null } };
    const advance = (): never => {
      throw new Error("no atoms");
    };
    dictionary.job = { ended: false, advance };
    await visitor.say({ type: "ping", id: 3 });
    expect(dictionary.job).toBeNull();
    const said = visitor.texts.slice(-2);
    expect(said).toMatchObject([
      { type: "dictionary_stopped", dictionary: 1 },
      { type: "error", code: "dictionary", message: "the dictionary failed: no atoms" },
    ]);
    await visitor.say({ type: "run", id: 4, until: 40 });
    expect(visitor.last("frame").header.step).toBe(40);
  });

  it("trains a phase diagram, whose cells open as they were", async () => {
    const visitor = new Visitor();
    const wish = { type: "phase", id: 1, n_features: 2, points: 2, seeds: 4, steps: 1200 };
    await visitor.say(wish);
    const { header, arrays } = visitor.last("phase");
    expect(header).toMatchObject({ status: "done", done: 4, total: 4, ratios: [0.1, 10] });
    // p = .01: in superposition whatever the importance; p = 1: the more important feature alone
    expect([...arrays.outcome!.data]).toEqual([2, 2, 0, 1]);
    expect([...arrays.theory!.data]).toEqual([2, 2, 0, 1]);
    const cell = structuredClone(header.state) as ServerState;
    cell.problem.importance = [1, 10];
    (cell.problem.distribution as { feature_probability: number }).feature_probability = 1;
    await visitor.say({ type: "configure", id: 2, state: cell, until: 1200 });
    await visitor.say({ type: "select", id: 3, seed: arrays.seed!.data[3] });
    const W = visitor.last("frame").arrays.W!.data;
    expect(Math.fround(Math.abs(W[1]!))).toBe(arrays.norm!.data[3]);
  });

  it("knows the candidates: by their losses where they cross", () => {
    // 4/7 is where all three lose alike at r = 1; a pair of others wins beyond it
    expect(winner(2, 1, 4 / 7 - 1e-9, true)).toBe(2);
    expect(winner(2, 0.99, 4 / 7 + 1e-2, true)).toBe(0);
    expect(winner(2, 1.01, 4 / 7 + 1e-2, true)).toBe(1);
    expect(winner(3, 2, 0.5, true)).toBe(3);
    expect(winner(3, 0.5, 0.1, false)).toBe(2);
  });
});
