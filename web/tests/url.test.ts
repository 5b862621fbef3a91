import { describe, expect, it } from "vitest";

import { settingsOf } from "../src/state/problem";
import { DEFAULTS, type Settings, consistent, importances } from "../src/state/settings";
import { type Address, decode, encode, expresses, stateOf } from "../src/state/url";
import { DEFAULT_VIEW, START } from "../src/state/view";

const through = (address: Address): Address => decode(`#${encode(address)}`);

const address = (changes: Partial<Settings>): Address => ({
  state: stateOf(consistent({ ...DEFAULTS, ...changes })),
  view: DEFAULT_VIEW,
  place: START,
});

describe("the address", () => {
  const cases: Partial<Settings>[] = [
    {},
    { n: 80, m: 20, p: 0.012345678901234567, seed: 2 ** 53 - 1, seeds: 7, steps: 123 },
    { kind: "linear", bias: false, optimizer: "sgd", momentum: 0.5, weightDecay: 0.01 },
    {
      kind: "two_layer",
      hiddenActivation: "relu",
      hiddenBias: true,
      target: "abs",
      magnitude: "signed",
    },
    { kind: "relu_hidden", l1: 1e-3, activation: "gelu", schedule: "cosine" },
    { data: "correlated", n: 6, setSize: 3 },
    { data: "anticorrelated", n: 4, setSize: 2, form: "last", ratio: 0.25 },
    { form: "list", n: 3, list: [1, 0.5, 7] },
    { form: "equal", optimizer: "exact" },
    {
      data: "groups",
      groups:
        '[{"kind":"correlated","n_sets":1,"set_size":2},{"kind":"independent","n_features":3}]',
    },
  ];

  it.each(cases)("keeps %o", (changes) => {
    const before = address(changes);
    expect(through(before)).toEqual(before);
  });

  it("writes the settings by name, for people to read", () => {
    const text = encode(address({ n: 7, p: 0.2, seed: 42 }));
    expect(text).toContain("/live?n=7&m=2");
    expect(text).toContain("p=0.2");
    expect(text).toContain("seed=42");
    expect(text).not.toContain("state=");
  });

  it("writes a state whole that the settings cannot express", () => {
    const before = address({ n: 3 });
    const { distribution } = before.state!.problem as { distribution: object };
    before.state!.problem.distribution = { ...distribution, feature_probability: [0.1, 0.2, 0.3] };
    expect(encode(before)).toContain("state=");
    expect(through(before)).toEqual(before);
  });

  it("keeps changes made while training, so that an annealing can be repeated", () => {
    const before = address({});
    before.state!.changes = [
      [120, { feature_probability: 0.3 }],
      [400, { importance: [1, 2, 3, 4, 5] }],
    ];
    before.place = { at: 900, running: false, past: 300 };
    expect(through(before)).toEqual(before);
  });

  it("keeps the view", () => {
    const before = address({});
    before.view = {
      tab: "lessons",
      mode: "3d",
      plane: "factor",
      factor: 2,
      selected: 17,
      theme: "dark",
      steps: "linear",
      lesson: 4,
      diagram: 3,
    };
    expect(through(before)).toEqual(before);
  });

  it("has defaults for what is missing or cannot be read", () => {
    expect(decode("")).toEqual({ state: null, view: DEFAULT_VIEW, place: START });
    const odd = decode("#/nowhere?n=many&p=7&model=magic&at=-3&changes={&mode=4d");
    expect(odd.view).toEqual(DEFAULT_VIEW);
    expect(odd.place).toEqual(START);
    expect(odd.state).toEqual(stateOf({ ...DEFAULTS, p: 1 }));
  });
});

describe("settings and the server's descriptions", () => {
  it("read the canonical JSON of a Problem and a Training", () => {
    // Printed by tegum: Problem(Anticorrelated(2, 3, 0.1), ReLUHidden(2)), Training().
    const problem = JSON.parse(
      '{"distribution":{"feature_probability":0.1,"kind":"anticorrelated","magnitude":"uniform","n_sets":2,"set_size":3},' +
        '"importance":1.0,"kind":"problem","l1":0.0,"model":{"activation":"relu","bias":true,"hidden_bias":false,"kind":"relu_hidden","n_hidden":2},"target":"x"}',
    );
    const training = JSON.parse(
      '{"batch_size":1024,"checkpoints":[],"curve_points":64,"engine":"sampled","final_fraction":0.0,"held_out":65536,"init_std":null,' +
        '"kind":"training","learning_rate":0.001,"momentum":0.9,"optimizer":"adam","schedule":"constant","steps":10000,"warm_start":100,"warmup":0,"weight_decay":0.0}',
    );
    const s = settingsOf(problem, training, { seeds: 5, seed: 9 });
    expect(s).toMatchObject({
      n: 6,
      m: 2,
      setSize: 3,
      data: "anticorrelated",
      kind: "relu_hidden",
      p: 0.1,
      form: "equal",
      learningRate: 0.001,
      steps: 10000,
      seeds: 5,
      seed: 9,
    });
    const state = { problem, training, seeds: 5, seed: 9 };
    expect(expresses(s, state)).toBe(true);
    expect(expresses(s, { ...state, training: { ...training, warmup: 50 } })).toBe(false);
    expect(expresses(s, { ...state, problem: { ...problem, target: "abs" } })).toBe(false);
    expect(
      expresses(
        { ...s, seeds: 1 },
        { ...state, problem: { ...problem, importance: [1, 1, 1, 1, 1, 1] } },
      ),
    ).toBe(true);
  });

  it("recognise importance curves", () => {
    const form = (importance: number[]) =>
      settingsOf({
        distribution: { kind: "independent", n_features: importance.length },
        importance,
      });
    expect(form([1, 0.5, 0.25])).toMatchObject({ form: "geometric", ratio: 0.5 });
    expect(form([1, 1, 3])).toMatchObject({ form: "last", ratio: 3 });
    expect(form([1, 3])).toMatchObject({ form: "last", ratio: 3 });
    expect(form([2, 1, 5])).toMatchObject({ form: "list", list: [2, 1, 5] });
    expect(importances(form([1, 0.5, 0.25]))).toEqual([1, 0.5, 0.25]);
  });

  it("move what does not fit to the nearest that does", () => {
    expect(consistent({ ...DEFAULTS, data: "correlated", n: 7, setSize: 3 }).n).toBe(6);
    expect(consistent({ ...DEFAULTS, data: "correlated", n: 1, setSize: 3 }).n).toBe(1);
    expect(consistent({ ...DEFAULTS, p: 0 }).p).toBe(1e-4);
    expect(consistent({ ...DEFAULTS, n: 2.6 }).n).toBe(3);
    expect(consistent({ ...DEFAULTS, form: "list", n: 4, list: [1, 2] }).list).toEqual([
      1, 2, 2, 2,
    ]);
    expect(consistent({ ...DEFAULTS, data: "groups", groups: "nonsense" }).data).toBe(
      "independent",
    );
  });
});
