// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { axesOf } from "../../src/plot/axes";
import { boxOf, isClick, lassoOf, outlineOf, pixelAt, rangesOf, valueAt } from "../../src/plot/gestures";
import { contains, simplified, type Corner } from "../../src/plot/lasso";
import { Nearest } from "../../src/plot/nearest";

const FRAME = { left: 50, top: 10, width: 400, height: 200 };
const AXES = axesOf(
  { kind: "density", width: 2, height: 2, x: [0, 40], y: [1, 100], counts: [1, 1, 1, 1], total: 4 },
  { label: "g − r" },
  { label: "flux", unit: "nJy", log: true, reversed: true },
);

describe("a drag over a plot", () => {
  it("encloses values on both axes, in whatever direction it went", () => {
    const there = rangesOf(boxOf([150, 60], [250, 110], FRAME), AXES, FRAME);
    expect(there).toEqual(rangesOf(boxOf([250, 110], [150, 60], FRAME), AXES, FRAME));
    expect(there.x).toEqual([10, 20]);
    expect(there.y![0]).toBeCloseTo(100 ** 0.25, 9);
    expect(there.y![1]).toBeCloseTo(10, 9);
  });

  it("that begins beside the frame encloses values of that axis only", () => {
    expect(rangesOf(boxOf([150, 220], [250, 150], FRAME), AXES, FRAME).y).toBeNull();
    expect(rangesOf(boxOf([20, 60], [250, 110], FRAME), AXES, FRAME).x).toBeNull();
  });

  it("ends at the frame", () => {
    expect(rangesOf(boxOf([150, 60], [9999, -50], FRAME), AXES, FRAME).x).toEqual([10, 40]);
  });

  it("of a few pixels is a click", () => {
    expect(isClick(boxOf([150, 60], [152, 61], FRAME))).toBe(true);
    expect(isClick(boxOf([150, 60], [152, 90], FRAME))).toBe(false);
  });

  it("is drawn again where it was, also after the axes have moved", () => {
    const ranges = rangesOf(boxOf([150, 60], [250, 110], FRAME), AXES, FRAME);
    const corners = outlineOf(ranges, AXES, FRAME);
    expect(Math.min(...corners.map(([x]) => x))).toBeCloseTo(150, 6);
    expect(Math.max(...corners.map(([, y]) => y))).toBeCloseTo(110, 6);
  });
});

describe("a lasso", () => {
  const circle: Corner[] = Array.from({ length: 2000 }, (_, i) => [250 + 80 * Math.cos(i / 318.3), 110 + 80 * Math.sin(i / 318.3)]);

  it("holds what lies in it by the even-odd rule", () => {
    const star: Corner[] = [[0, 0], [10, 0], [10, 10], [5, 5], [0, 10]];
    expect(contains(star, 2, 2)).toBe(true);
    expect(contains(star, 5, 8)).toBe(false);
    expect(contains(star, -1, 2)).toBe(false);
  });

  it("needs few corners, none farther than a pixel from where it was drawn", () => {
    const kept = simplified(circle, 1);
    expect(kept.length).toBeLessThan(60);
    for (const [x, y] of kept) expect(Math.hypot(x - 250, y - 110)).toBeCloseTo(80, 6);
    expect(contains(kept, 250 + 78, 110)).toBe(true);
  });

  it("has at most five hundred corners", () => {
    const scribble: Corner[] = Array.from({ length: 5000 }, (_, i) => [i % 97, (i * 31) % 89]);
    expect(simplified(scribble, 1).length).toBeLessThanOrEqual(500);
  });

  it("is told in values, and is nothing where nothing lies in it", () => {
    const lasso = lassoOf(circle, AXES, FRAME)!;
    expect(Math.max(...lasso.corners.map(([x]) => x))).toBeCloseTo(valueAt(330, true, AXES, FRAME), 3);
    expect(lassoOf([[1, 1], [2, 2]], AXES, FRAME)).toBeNull();
  });
});

describe("the point under the pointer", () => {
  it("is the nearest within reach", () => {
    const nearest = new Nearest([10, 14, NaN, 300], [10, 10, 5, 300]);
    expect(nearest.find(13, 11)).toBe(1);
    expect(nearest.find(10, 12)).toBe(0);
    expect(nearest.find(100, 100)).toBeNull();
    expect(nearest.find(309, 300, 8)).toBeNull();
  });
});

it("pixels and values are each other's inverse on every kind of axis", () => {
  for (const isX of [true, false]) {
    for (const pixel of [60, 111.5, 200]) expect(pixelAt(valueAt(pixel, isX, AXES, FRAME), isX, AXES, FRAME)).toBeCloseTo(pixel, 6);
  }
});
