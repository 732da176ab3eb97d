// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { coloured } from "../../src/plot/paint";
import { parsed, ramp } from "../../src/plot/ramp";

describe("a ramp of colours", () => {
  it("begins and ends with the colours that it was given", () => {
    const table = ramp([[10, 20, 30], [200, 30, 60], [250, 250, 240]]);
    expect([...table.slice(0, 3)]).toEqual([10, 20, 30]);
    expect([...table.slice(-3)]).toEqual([250, 250, 240]);
  });

  it("reads the colours that browsers say", () => {
    expect(parsed("rgb(1, 2, 3)")).toEqual([1, 2, 3]);
    expect(parsed("rgba(1, 2, 3, 0.5)")).toEqual([1, 2, 3]);
    expect(parsed("color(srgb 1 0.5 0)")).toEqual([255, 127.5, 0]);
  });
});

describe("a density", () => {
  const table = ramp([[0, 0, 0], [255, 255, 255]]);

  it("is clear where there is nothing, and brightest where there is most", () => {
    const pixels = coloured([0, 1, 1000], table);
    expect(pixels[3]).toBe(0);
    expect(pixels[7]).toBe(255);
    expect([...pixels.slice(8)]).toEqual([255, 255, 255, 255]);
    expect(pixels[4]).toBe(0);
  });

  it("without any rows is clear", () => {
    expect([...coloured([0, 0], table)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
