import { describe, expect, it } from "vitest";

import { ownFields, settingsOf, startOf, stateOf } from "../src/state/problem";
import { DEFAULTS, type Settings, consistent, importances, ruleOf } from "../src/state/settings";
import { type Address, decode, encode, expresses, impossible, namesState } from "../src/state/url";
import { DEFAULT_VIEW, START } from "../src/state/view";
import { OFFER } from "./offer";

const through = (address: Address): Address => decode(`#${encode(address, OFFER)}`, OFFER);

const fit = (changes: Partial<Settings>): Settings =>
  consistent({ ...DEFAULTS, ...changes }, OFFER);

const address = (changes: Partial<Settings>): Address => ({
  state: stateOf(fit(changes), OFFER),
  view: DEFAULT_VIEW,
  place: START,
});

/** Where the address says what no dictionary has. */
const LEAST = { ...DEFAULT_VIEW.wish, latents: 1, seeds: 1 };

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
    {
      data: "zipf",
      target: "pairs",
      own: {
        distribution: { exponent: 1.25, shuffled: false },
        model: {},
        target: { operation: "min", pairs: [[0, 1]] },
      },
    },
  ];

  it.each(cases)("keeps %o", (changes) => {
    const before = address(changes);
    expect(through(before)).toEqual(before);
    expect(encode(before, OFFER)).not.toContain("state=");
  });

  it("writes the settings by name, for people to read", () => {
    const text = encode(address({ n: 7, p: 0.2, seed: 42 }), OFFER);
    expect(text).toContain("/live?n=7&m=2");
    expect(text).toContain("p=0.2");
    expect(text).toContain("seed=42");
    expect(text).not.toContain("state=");
  });

  it("writes a state whole that the settings cannot express", () => {
    const before = address({ n: 3 });
    const { distribution } = before.state!.problem as { distribution: object };
    before.state!.problem.distribution = { ...distribution, feature_probability: [0.1, 0.2, 0.3] };
    expect(encode(before, OFFER)).toContain("state=");
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
      wish: { architecture: "topk", latents: 12, l1: 0.03, k: 2, seeds: 4, seed: 9 },
    };
    expect(through(before)).toEqual(before);
  });

  it("has defaults for what is missing or cannot be read", () => {
    expect(decode("", OFFER)).toEqual({ state: null, view: DEFAULT_VIEW, place: START });
    expect([namesState("#/live?mode=3d"), namesState("#/live?n=3")]).toEqual([false, true]);
    const odd = decode("#/nowhere?n=many&p=7&imp=magic&model=&at=-3&changes={&mode=4d", OFFER);
    expect(odd.view).toEqual(DEFAULT_VIEW);
    const none = decode("#/dictionary?sae=magic&latents=0&price=-1&k=x&saes=0&saeseed=1.5", OFFER);
    expect(none.view).toEqual({ ...DEFAULT_VIEW, tab: "dictionary", wish: LEAST });
    expect(odd.place).toEqual(START);
    expect(odd.state).toEqual(stateOf({ ...DEFAULTS, p: 1 }, OFFER));
  });

  it("tells which of its numbers nobody can have", () => {
    const asked = (text: string) => impossible(text, OFFER).map((one) => [one.name, one.asked]);
    expect(asked("#/live?n=5&m=2&p=0.05&seeds=100")).toEqual([]);
    expect(asked("#/live?n=500&m=2&p=7&lr=fast&batch=1.5&set=")).toEqual([
      ["n", "500"],
      ["p", "7"],
      ["learningRate", "fast"],
      ["batch", "1.5"],
    ]);
    expect([ruleOf("n", OFFER), ruleOf("l1", OFFER)]).toEqual([
      `a whole number from 1 to ${OFFER.limits.features}`,
      "a number of 0 or more",
    ]);
    expect(asked("#/live?n=500&state={}")).toEqual([]);
  });

  it("leaves names that nobody knows for the server to refuse", () => {
    const { state } = decode("#/live?model=magic&data=chaos&target=peace&opt=luck", OFFER);
    expect(state!.problem).toMatchObject({
      model: { kind: "magic" },
      distribution: { kind: "chaos" },
      target: "peace",
    });
    expect(state!.training).toMatchObject({ engine: "sampled", optimizer: "luck" });
    const s = settingsOf(state!, OFFER);
    expect([s.kind, s.data, s.target, s.optimizer]).toEqual(["magic", "chaos", "peace", "luck"]);
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
    const state = { problem, training, seeds: 5, seed: 9 };
    const s = settingsOf(state, OFFER);
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
    expect(expresses(s, state, OFFER)).toBe(true);
    expect(expresses(s, { ...state, training: { ...training, warmup: 50 } }, OFFER)).toBe(false);
    expect(expresses(s, { ...state, problem: { ...problem, target: "abs" } }, OFFER)).toBe(false);
    expect(
      expresses(
        { ...s, seeds: 1 },
        { ...state, problem: { ...problem, importance: [1, 1, 1, 1, 1, 1] } },
        OFFER,
      ),
    ).toBe(true);
  });

  it("have a setting for each field of a kind that the page does not know", () => {
    expect(ownFields(OFFER, "distribution", "independent")).toEqual([]);
    const start = startOf(OFFER, "distribution", "zipf");
    expect(start).toEqual({ exponent: 1.5, shuffled: true });
    const s = fit({ data: "zipf", n: 7, own: { ...DEFAULTS.own, distribution: start } });
    const state = stateOf(s, OFFER);
    expect(state.problem.distribution).toEqual({
      kind: "zipf",
      n_features: 7,
      feature_probability: 0.05,
      exponent: 1.5,
      shuffled: true,
    });
    expect(settingsOf(state, OFFER)).toEqual(s);
    expect(settingsOf(state, OFFER, 4).n).toBe(4);
  });

  it("recognise importance curves", () => {
    const form = (importance: number[]) =>
      settingsOf(
        {
          problem: {
            distribution: { kind: "independent", n_features: importance.length },
            importance,
          },
          training: {},
          seeds: 1,
          seed: 0,
        },
        OFFER,
      );
    expect(form([1, 0.5, 0.25])).toMatchObject({ form: "geometric", ratio: 0.5 });
    expect(form([1, 1, 3])).toMatchObject({ form: "last", ratio: 3 });
    expect(form([1, 3])).toMatchObject({ form: "last", ratio: 3 });
    expect(form([2, 1, 5])).toMatchObject({ form: "list", list: [2, 1, 5] });
    expect(importances(form([1, 0.5, 0.25]))).toEqual([1, 0.5, 0.25]);
  });

  it("move what does not fit to the nearest that does", () => {
    expect(fit({ data: "correlated", n: 7, setSize: 3 }).n).toBe(6);
    expect(fit({ data: "correlated", n: 1, setSize: 3 }).n).toBe(1);
    expect(fit({ p: -1 }).p).toBe(0);
    expect(fit({ p: 2 }).p).toBe(1);
    expect(fit({ n: 2.6 }).n).toBe(3);
    expect(fit({ form: "list", n: 4, list: [1, 2] }).list).toEqual([1, 2, 2, 2]);
    expect(fit({ data: "groups", groups: "nonsense" }).data).toBe("independent");
  });
});
