// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { between, extent, fitted, fromUnit, moved, toUnit, zoomed, type Axis } from "../../src/plot/axis";

const LINEAR: Axis = { low: -2, high: 8, log: false, reversed: false };
const LOG: Axis = { low: 0.01, high: 100, log: true, reversed: false };

describe("an axis", () => {
  it("has its ends at 0 and 1, and finds the value of each place again", () => {
    for (const axis of [LINEAR, LOG]) {
      expect(toUnit(axis, axis.low)).toBeCloseTo(0, 12);
      expect(toUnit(axis, axis.high)).toBeCloseTo(1, 12);
      for (const place of [0, 0.3, 0.5, 1, 1.7]) expect(toUnit(axis, fromUnit(axis, place))).toBeCloseTo(place, 12);
    }
  });

  it("has powers of ten evenly apart where it is logarithmic, and no place for what is not positive", () => {
    expect(toUnit(LOG, 1)).toBeCloseTo(0.5, 12);
    expect(toUnit(LOG, 0)).toBeNaN();
    expect(toUnit(LOG, -3)).toBeNaN();
  });

  it("keeps what is under the pointer when it comes closer", () => {
    for (const axis of [LINEAR, LOG]) {
      const under = fromUnit(axis, 0.3);
      expect(fromUnit(zoomed(axis, 0.3, 0.5), 0.3) / under).toBeCloseTo(1, 12);
    }
  });

  it("moves by a part of its width", () => {
    expect(moved(LINEAR, 0.1)).toMatchObject({ low: -1, high: 9 });
    expect(moved(LOG, 0.25).low).toBeCloseTo(0.1, 12);
  });

  it("stays as it is where doubles could not tell its ends apart, or they are none", () => {
    expect(between(LINEAR, 5, 5)).toBe(LINEAR);
    expect(between(LINEAR, 1e9, 1e9 + 1e-9)).toBe(LINEAR);
    expect(between(LINEAR, NaN, 4)).toBe(LINEAR);
    expect(between(LOG, -1, 4)).toBe(LOG);
    expect(between(LINEAR, 7, 3)).toMatchObject({ low: 3, high: 7 });
  });
});

describe("the axis that data need", () => {
  it("shows all of them with a margin", () => {
    const axis = fitted(0, 100);
    expect(axis.low).toBeCloseTo(-4, 9);
    expect(axis.high).toBeCloseTo(104, 9);
  });

  it("gives room about one value, and has ends where there is none", () => {
    for (const axis of [fitted(5, 5), fitted(0, 0), fitted(-3, -3), fitted(5, 5, true), fitted(NaN, NaN), fitted(Infinity, -Infinity, true), fitted(-5, -1, true)])
      expect(axis.high).toBeGreaterThan(axis.low);
    expect(fitted(Infinity, -Infinity, true).low).toBeGreaterThan(0);
    expect(fitted(-1, 100, true).low).toBeGreaterThan(0);
  });

  it("does not mind values that are no numbers", () => {
    expect(extent([NaN, 3, -Infinity, -1, Infinity, 2])).toEqual([-1, 3]);
    expect(extent([0, -1, 3, 0.5], true)).toEqual([0.5, 3]);
    expect(extent([NaN])).toEqual([Infinity, -Infinity]);
  });
});
