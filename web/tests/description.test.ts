/** Descriptions in a page without a server: their defaults, their numbers, and refusals. */

import { describe, expect, it } from "vitest";

import { changed, complete, numbersOf } from "../src/local/description";
import { planOf } from "../src/local/plan";
import { Refusal } from "../src/local/refusal";
import { MEANS, state } from "./means";

const refused = (wish: () => unknown): string => {
  try {
    wish();
  } catch (error) {
    if (error instanceof Refusal) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "taken";
};

describe("a description", () => {
  it("has its defaults, and numbers that can be changed", () => {
    const found = complete(MEANS, state());
    expect(found.training).toMatchObject({ optimizer: "adam", momentum: 0.9, held_out: 8192 });
    expect(found.problem).toMatchObject({ importance: 1, target: "x", l1: 0 });
    const next = changed(MEANS, found, { "importance[1]": 0.5, feature_probability: 0.3, l1: 0.1 });
    expect(numbersOf(next)).toMatchObject({ feature_probability: 0.3, l1: 0.1 });
    expect(numbersOf(next).importance).toEqual([1, 0.5, 1, 1, 1]);
    const groups = complete(
      MEANS,
      state({
        distribution: {
          kind: "groups",
          parts: [
            { kind: "correlated", n_sets: 2, set_size: 2, feature_probability: 0.2 },
            { kind: "independent", n_features: 1, feature_probability: 0.1 },
          ],
        },
      }),
    );
    const set = changed(MEANS, groups, { "feature_probability[2]": 0.4 });
    expect(numbersOf(set).feature_probability).toEqual([0.2, 0.2, 0.4]);
    expect(planOf(groups).blocks.map(({ start, size }) => [start, size])).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
    ]);
  });

  it.each([
    [{ distribution: { kind: "independent", n_features: 5, feature_probability: 1.2 } }, {}],
    [{ distribution: { kind: "independent", n_features: 5 } }, {}],
    [{ model: { kind: "relu_output", n_hidden: 0 } }, {}],
    [{ model: { kind: "relu_output", n_hidden: 2, width: 3 } }, {}],
    [{ importance: [1, 2] }, {}],
    [{ importance: 0 }, {}],
    [{}, { optimizer: "lion" }],
  ])("is refused by name, rule and value: %j %j", (problem, training) => {
    const said = refused(() => planOf(complete(MEANS, state(problem, training))));
    expect(said).toMatch(/^invalid: (Independent|ReLUOutput|Problem|Training)\.\w+ (must|is) /);
  });

  it.each([
    [{}, { engine: "exact" }, "the exact engine"],
    [{}, { attack: 0.1 }, "training with attack"],
    [{ model: { kind: "relu_output", n_hidden: 2, activation: "gelu" } }, {}, "activation gelu"],
    [{ target: { kind: "pairs", operation: "min", pairs: [] } }, {}, "a target of its own"],
    [{ loss_power: 4 }, {}, "other powers"],
    [
      {
        distribution: {
          kind: "mixture",
          parts: [{ kind: "independent", n_features: 5, feature_probability: 0.1 }],
        },
      },
      {},
      "the distribution mixture",
    ],
  ])("that only Python trains says so: %j %j", (problem, training, what) => {
    const said = refused(() => planOf(complete(MEANS, state(problem, training))));
    expect(said).toContain("engine: ");
    expect(said).toContain(what);
    expect(said).toContain("needs `tegum explore`");
  });
});
