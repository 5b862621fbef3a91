import { beforeEach, describe, expect, it } from "vitest";

import { ask, awaiting, expectNothing, hearAnswer, seen } from "../src/state/answers";
import * as session from "../src/state/session";
import { START } from "../src/state/view";
import type { Analysis, Frame, ServerState, Stamp, Traces } from "../src/wire/messages";

const { heard } = session;
const STATE = { problem: {}, training: {}, seeds: 2, seed: 0 } as ServerState;

const stamp = (changes: Partial<Stamp> = {}): Stamp => ({
  run: 1,
  step: 10,
  changes: 0,
  past: false,
  selected: { by: "seed", seed: 1 },
  ...changes,
});

const frame = (of: Stamp, status: Frame["status"] = "paused"): Frame => ({
  ...of,
  type: "frame",
  frame: 1,
  status,
  finite: true,
  loss: 0.5,
  measured: of.step,
  rate: { steps: 0, model_steps: 0 },
  diverged: 0,
  numbers: {},
  arrays: { losses: { data: new Float32Array([0.25, 0.5]), shape: [2] } },
});

const analysis = (of: Stamp, shapesStep: number | null): Analysis => ({
  ...of,
  type: "analysis",
  represented: 2,
  dimensions_per_feature: 0.5,
  factors: [],
  shape: "digon",
  shapes: [],
  shapes_step: shapesStep,
  arrays: {},
});

beforeEach(() => {
  session.awaited.value = null;
  heard.frame.value = frame(stamp());
  heard.analysis.value = analysis(stamp(), 10);
  session.clearTrace(1, 0);
  session.extendTrace(heard.frame.value);
});

describe("what is of another state than the picture is marked", () => {
  const marks = (): boolean[] => [
    session.analysisStale.value,
    session.censusStale.value,
    session.traceStale.value,
  ];

  it("marks nothing where all is of one state", () => {
    expect(marks()).toEqual([false, false, false]);
  });

  it.each<[string, Partial<Stamp>, boolean[]]>([
    ["step", { step: 11 }, [true, true, false]],
    ["time", { past: true }, [true, false, false]],
    ["number", { changes: 1 }, [true, false, false]],
    ["model", { selected: { by: "seed", seed: 0 } }, [true, false, true]],
    ["training", { run: 2 }, [true, true, true]],
  ])("another %s", (_, changes, marked) => {
    heard.frame.value = frame(stamp(changes));
    expect(marks()).toEqual(marked);
  });

  it("leaves what runs on unmarked, which has its step beside it, but for another model", () => {
    heard.frame.value = frame(stamp({ step: 12 }), "running");
    expect(marks()).toEqual([false, false, false]);
    heard.frame.value = frame(stamp({ step: 12, selected: { by: "seed", seed: 0 } }), "running");
    expect(marks()).toEqual([true, false, true]);
    expect(session.ownAnalysis.value).toBeNull();
  });

  it("appends to a curve what is of its own model alone", () => {
    session.extendTrace(frame(stamp({ step: 11, selected: { by: "seed", seed: 0 } })));
    session.extendTrace(frame(stamp({ step: 12 })));
    expect(session.trace.steps).toEqual([10, 12]);
    const arrays = { steps: { data: new Int32Array([3]), shape: [1] } };
    const other = stamp({ selected: { by: "seed", seed: 0 } });
    session.readTrace({ ...other, type: "traces", arrays } as Traces);
    expect(session.traceStale.value).toBe(true);
    session.extendTrace(frame(stamp({ step: 13 })));
    expect(session.trace.steps).toEqual([3]);
  });
});

describe("a training that is awaited", () => {
  it("hides every other, and gives it back if it does not come", () => {
    session.awaited.value = { id: 1, state: STATE, place: START };
    expect(session.blank.value).toBe(true);
    expect(session.analysis.value).toBeNull();
    expect(session.status.value).toBe("none");
    expect(session.state.value).toBe(STATE);
    session.awaited.value = null;
    expect(session.frame.value).toBe(heard.frame.value);
    expect(session.blank.value).toBe(false);
  });
});

describe("what was asked for is awaited", () => {
  it("until a picture comes after the last answer", () => {
    const [first, second] = [ask(), ask()];
    seen();
    hearAnswer(first);
    seen();
    expect(awaiting.value).toBe(true);
    hearAnswer(second);
    expect(awaiting.value).toBe(true);
    seen();
    expect(awaiting.value).toBe(false);
    ask();
    expectNothing();
    expect(awaiting.value).toBe(false);
  });
});
