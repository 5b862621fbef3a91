/** Mixtures: their parts as JSON, whose probability is whose, and how many features they have. */

import { describe, expect, it } from "vitest";

import { partsOf, sizeOf } from "../src/state/groups";
import {
  defaultMixture,
  divisors,
  drawsWithP,
  firstPart,
  mixed,
  oddsOf,
  partKinds,
  sharesOf,
  sized,
} from "../src/state/mixture";
import { valuesOf } from "../src/state/numbers";
import { settingsOf, stateOf } from "../src/state/problem";
import { DEFAULTS, type Settings, consistent } from "../src/state/settings";
import { decode, encode } from "../src/state/url";
import { DEFAULT_VIEW, START } from "../src/state/view";
import { OFFER } from "./offer";

const own = (weights: number[] | null) => ({
  distribution: { weights },
  model: {},
  target: {},
});

const SETS = { kind: "correlated", n_sets: 3, set_size: 2 };
const ALONE = { kind: "independent", n_features: 6 };
const mixture = (parts: object[], weights: number[] | null = null): Settings =>
  consistent(
    { ...DEFAULTS, data: "mixture", p: 0.1, groups: JSON.stringify(parts), own: own(weights) },
    OFFER,
  );

const law = (s: Settings) => stateOf(s, OFFER).problem.distribution;

describe("a mixture", () => {
  it("begins with two parts of all features", () => {
    for (const n of [1, 2, 5, 6, 9]) {
      const parts = partsOf(defaultMixture(OFFER, n));
      expect(parts.map(sizeOf)).toEqual([n, n]);
      expect(parts.map(({ kind }) => kind)).toEqual(["independent", "correlated"]);
    }
    expect([1, 7, 12].map(divisors)).toEqual([[1], [7], [2, 3, 4, 6, 12]]);
    expect(partKinds(OFFER)).not.toContain("groups");
  });

  it("gives every part p, but for those that have their own", () => {
    const s = mixture([ALONE, SETS, { ...ALONE, feature_probability: 0.5 }], [2, 1, 1]);
    expect(s.n).toBe(6);
    expect(law(s)).toEqual({
      kind: "mixture",
      parts: [
        { ...ALONE, feature_probability: 0.1 },
        { ...SETS, feature_probability: 0.1 },
        { ...ALONE, feature_probability: 0.5 },
      ],
      weights: [2, 1, 1],
    });
    const back = settingsOf(stateOf(s, OFFER), OFFER);
    expect(law(back)).toEqual(law(s));
    expect(partsOf(back.groups)).toEqual(partsOf(s.groups));
  });

  it("changes p of the draws that have it, six features and three sets", () => {
    const apart = mixture([ALONE, { ...ALONE, feature_probability: 0.5 }, SETS]);
    expect(drawsWithP(apart)).toEqual([0, 1, 2, 3, 4, 5, 12, 13, 14]);
    expect(valuesOf({ ...apart, p: 0.3 }, ["p"])).toEqual(
      Object.fromEntries(drawsWithP(apart)!.map((i) => [`feature_probability[${i}]`, 0.3])),
    );
    expect(drawsWithP(mixture([ALONE, SETS]))).toBeNull();
    expect(valuesOf(mixture([ALONE, SETS]), ["p"])).toEqual({ feature_probability: 0.1 });
  });

  it("keeps probabilities when another part becomes the first", () => {
    const s = mixture([SETS, { ...ALONE, feature_probability: 0.5 }, ALONE], [1, 2, 3]);
    const after = { ...s, ...mixed(s, partsOf(s.groups).slice(1), [2, 3]) };
    expect(after.p).toBe(0.5);
    expect(law(after)).toEqual({
      kind: "mixture",
      parts: [
        { ...ALONE, feature_probability: 0.5 },
        { ...ALONE, feature_probability: 0.1 },
      ],
      weights: [2, 3],
    });
    expect(mixed(s, partsOf(s.groups), [1, 1, 1]).own!.distribution.weights).toBeNull();
  });

  it("has parts of another size", () => {
    const tree = firstPart(OFFER, "hierarchy", 6);
    const factors = { kind: "copula", factors: [[0.6], [0.6]] };
    const list = [ALONE, SETS, tree, factors];
    for (const n of [1, 4, 5, 9])
      expect(list.map((part) => sizeOf(sized(part, n)))).toEqual([n, n, n, n]);
    expect(sized(SETS, 9)).toEqual({ kind: "correlated", n_sets: 3, set_size: 3 });
    expect(sized(factors, 3).factors).toEqual([[0.6], [0.6], [0.6]]);
  });

  it("says how often samples are from each part", () => {
    expect(sharesOf(oddsOf(mixture([ALONE, SETS], [3, 1]), 2))).toEqual([0.75, 0.25]);
    expect(oddsOf(mixture([ALONE, SETS]), 2)).toEqual([1, 1]);
  });

  it("stands in the address by its parts", () => {
    const s = mixture([ALONE, { ...SETS, feature_probability: 0.4 }], [1, 3]);
    const address = { state: stateOf(s, OFFER), view: DEFAULT_VIEW, place: START };
    const text = encode(address, OFFER);
    expect(text).not.toContain("state=");
    expect(decode(`#${text}`, OFFER)).toEqual(address);
  });
});
