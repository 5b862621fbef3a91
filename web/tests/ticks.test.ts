import { describe, expect, it } from "vitest";

import { logTicks, outward, tickLabel } from "../src/math/ticks";
import { abscissa, gapped } from "../src/views/axes";

describe("logarithmic axes", () => {
  it("end at a 1, 2 or 5 of a power of ten", () => {
    expect(outward(0.021, 0.3)).toEqual([0.02, 0.5]);
    expect(outward(1e-16, 1)).toEqual([1e-16, 1]);
    expect(outward(3, 3)).toEqual([2, 5]);
    expect(outward(5, 5)).toEqual([5, 10]);
  });

  it("have as many ticks as there is room for", () => {
    // 16 decades in 160 pixels: every third has 30.
    const ticks = [1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1];
    expect(logTicks(1e-16, 1, 160, 22)).toEqual(ticks);
    // 100 pixels for a decade, 30 for a factor of two.
    expect(logTicks(0.01, 1, 200, 22)).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]);
    expect(logTicks(0.01, 1, 200, 40)).toEqual([0.01, 0.1, 1]);
    expect(logTicks(1, 20000, 300, 44)).toEqual([1, 10, 100, 1000, 10000]);
  });

  it("have ticks apart, within, and two at least, whatever the range", () => {
    for (let k = -17; k < 6; k++) {
      for (let over = 0; over < 12; over += 0.37) {
        const [low, high] = outward(3.3 * 10 ** k, 3.3 * 10 ** (k + over));
        const ticks = logTicks(low, high, 200, 22);
        const places = ticks.map((t) => (200 * Math.log(t / low)) / Math.log(high / low));
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(places[0]!).toBeGreaterThan(-1e-6);
        expect(places.at(-1)!).toBeLessThan(200 + 1e-6);
        places.slice(1).forEach((x, i) => expect(x - places[i]!).toBeGreaterThan(22 - 1e-6));
      }
    }
  });

  it("name their ticks as powers where zeros would be many", () => {
    const names = [1e-15, 2e-5, 1e-4, 0.001, 0.5, 20, 1e4, 1e5].map(tickLabel);
    expect(names).toEqual(["10⁻¹⁵", "2×10⁻⁵", "10⁻⁴", "0.001", "0.5", "20", "10000", "10⁵"]);
  });

  it("leave a gap for what has no logarithm, or diverged", () => {
    const row = [1, Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 1e-16];
    expect(gapped(row, 0)).toEqual([1, null, null, null, null, 1e-16]);
    expect(gapped(row)).toEqual([1, null, null, 0, -1, 1e-16]);
    expect(abscissa([0, 1, 7], true)).toEqual([1, 1, 7]);
  });
});
