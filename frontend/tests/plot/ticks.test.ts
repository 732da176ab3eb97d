// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { linearTicks, logTicks, tickLabels } from "../../src/plot/ticks";

const log = (low: number, high: number) => logTicks({ low, high, log: true, reversed: false });

describe("the marks of an axis", () => {
  it("are multiples of 1, 2 or 5 times a power of ten", () => {
    expect(linearTicks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(tickLabels(linearTicks(-0.13, 0.31, 6))).toEqual(["−0.1", "0.0", "0.1", "0.2", "0.3"]);
    expect(linearTicks(60000, 60800, 8)).toHaveLength(9);
  });

  it("are powers of ten on a logarithmic axis, fewer where there are many", () => {
    expect(log(0.5, 2e3)).toEqual([1, 10, 100, 1000]);
    expect(log(1e-30, 1e30).length).toBeLessThanOrEqual(9);
  });

  it("are finer on a logarithmic axis of a decade or less", () => {
    expect(log(0.9, 30)).toEqual([1, 2, 5, 10, 20]);
    expect(log(3, 4).length).toBeGreaterThan(1);
  });

  it("are written so that each differs", () => {
    for (const ticks of [linearTicks(25.60001, 25.60002, 6), linearTicks(1e-12, 9e-12, 6), linearTicks(1e12, 5e12, 5), log(1e-9, 1e3)])
      expect(new Set(tickLabels(ticks)).size).toBe(ticks.length);
  });

  it("are written as powers of ten where they are very large or small", () => {
    expect(tickLabels([0, 1e8, 2e8])).toEqual(["0", "10⁸", "2·10⁸"]);
    expect(tickLabels([1e-6, 1e-3, 1])).toEqual(["10⁻⁶", "0.001", "1"]);
    expect(tickLabels([-2e-7, 0])).toEqual(["−2·10⁻⁷", "0"]);
  });
});
