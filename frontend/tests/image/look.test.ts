// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { COLOUR_MAPS, coloursOf } from "../../src/image/colours";
import type { Statistics, Tile } from "../../src/image/facts";
import { nearestMark, placed } from "../../src/image/marks";
import { looksOf, maskColours, planesIn } from "../../src/image/masks";
import { STRETCHES, histogramOf, histogramRange, limits, stretched, unstretched } from "../../src/image/stretch";
import { degrees, hours } from "../../src/image/sexagesimal";
import { wcsOf } from "../../src/image/wcs";

const STATISTICS: Statistics = {
  pixels: 100,
  least: -10,
  greatest: 1000,
  median: 2,
  sigma: 3,
  percentiles: { "0.25": -8, "0.5": -7, "99.0": 90, "99.5": 100, "99.75": 120 },
  zscale: [-5, 12],
};

describe("a stretch", () => {
  it.each(STRETCHES)("%s rises from 0 to 1, and back", (stretch) => {
    expect(stretched(stretch, 0)).toBeCloseTo(0, 12);
    expect(stretched(stretch, 1)).toBeCloseTo(1, 12);
    for (let t = 0.05; t < 1; t += 0.05) {
      expect(stretched(stretch, t)).toBeGreaterThan(stretched(stretch, t - 0.05));
      expect(unstretched(stretch, stretched(stretch, t))).toBeCloseTo(t, 9);
    }
  });
});

describe("cuts", () => {
  it("come from the statistics that the instance tells, or are one's own", () => {
    expect(limits("zscale", STATISTICS)).toEqual([-5, 12]);
    expect(limits("99%", STATISTICS)).toEqual([-7, 100]);
    expect(limits("minmax", STATISTICS)).toEqual([-10, 1000]);
    expect(limits([1, 2], STATISTICS)).toEqual([1, 2]);
  });

  it("are a range also where all pixels are the same, or none has a value", () => {
    expect(limits("minmax", { ...STATISTICS, least: 5, greatest: 5 })).toEqual([5, 10]);
    expect(limits("zscale", null)).toEqual([0, 1]);
  });

  it("are chosen in a histogram that holds them, with some room", () => {
    const [low, high] = histogramRange(STATISTICS, [-5, 12]);
    expect([low, high]).toEqual([-8, 120]);
    expect(histogramRange(STATISTICS, [0, 1000])[1]).toBe(1150);
  });
});

describe("a histogram", () => {
  it("counts pixels, but those without a value", () => {
    const image = Float32Array.from([0, 0.5, 1, 1.5, 2, NaN, -1, 3, Infinity]);
    const tile: Tile = { level: 0, width: 9, height: 1, image, mask: null };
    expect(histogramOf([tile], 0, 2, 2)).toEqual({ low: 0, high: 2, counts: [2, 3], below: 1, above: 2 });
  });
});

describe("a map of colours", () => {
  const lightness = (rgb: ArrayLike<number>, at: number) => {
    const linear = (each: number) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = [0, 1, 2].map((channel) => linear(rgb[4 * at + channel]! / 255)) as [number, number, number];
    const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
  };

  it.each(COLOUR_MAPS.filter((each) => each !== "balance"))("%s goes from black to white without a step back", (map) => {
    const colours = coloursOf(map);
    expect(lightness(colours, 0)).toBeLessThan(3);
    expect(lightness(colours, 255)).toBeGreaterThan(97);
    for (let shade = 4; shade < 256; shade++) expect(lightness(colours, shade)).toBeGreaterThan(lightness(colours, shade - 4) - 0.6);
  });

  it("balance is lightest in the middle, and has two colours", () => {
    const colours = coloursOf("balance");
    expect(lightness(colours, 127)).toBeGreaterThan(97);
    expect(Math.abs(lightness(colours, 0) - lightness(colours, 255))).toBeLessThan(6);
    expect(colours[2]!).toBeGreaterThan(colours[0]!);
    expect(colours[4 * 255]!).toBeGreaterThan(colours[4 * 255 + 2]!);
  });

  it("can be turned about", () => {
    expect([...coloursOf("ember", true).slice(0, 4)]).toEqual([...coloursOf("ember").slice(-4)]);
  });
});

describe("mask planes", () => {
  const planes = [
    { name: "BAD", bit: 0, meaning: null },
    { name: "BIT31", bit: 31, meaning: null },
  ];

  it("are hidden until somebody shows them", () => {
    expect(maskColours(planes, looksOf(planes)).every((each) => each === 0)).toBe(true);
    const shown = looksOf(planes, { BAD: { visible: true, colour: "#ff8000", opacity: 0.25 } });
    expect([...maskColours(planes, shown).slice(0, 4)]).toEqual([1, expect.closeTo(0.502, 3), 0, 0.25]);
  });

  it("are named by the bits of a pixel, up to the last", () => {
    expect(planesIn(-2147483648, planes)).toEqual(["BIT31"]);
    expect(planesIn(1, planes)).toEqual(["BAD"]);
    expect(planesIn(2, planes)).toEqual([]);
  });
});

describe("marks", () => {
  const step = 1 / 3600;
  const wcs = wcsOf({ kind: "cards", cards: { CTYPE1: "RA---TAN", CRVAL1: 10, CRVAL2: 20, CRPIX1: 51, CRPIX2: 51, CD1_1: -step, CD1_2: 0, CD2_1: 0, CD2_2: step } });

  it("are placed by position or by pixel of the full image", () => {
    const { pixels } = placed({ colour: "#ffffff", ra: [10, 190], dec: [20, -20] }, wcs, [0, 0]);
    expect([...pixels]).toEqual([expect.closeTo(50, 9), expect.closeTo(50, 9), NaN, NaN]);
    expect([...placed({ colour: "#ffffff", x: [105], y: [207] }, wcs, [100, 200]).pixels]).toEqual([5, 7]);
  });

  it("are found near a place, the nearest one", () => {
    const lists = [placed({ colour: "#ffffff", x: [1, 5], y: [1, 5] }, wcs, [0, 0]), placed({ colour: "#ffffff", x: [5.5], y: [5] }, wcs, [0, 0])];
    expect(nearestMark(lists, 5.4, 5, 2)).toEqual({ list: 1, index: 0 });
    expect(nearestMark(lists, 20, 20, 2)).toBeNull();
  });

  it("of a large catalog are placed within a moment", () => {
    const count = 100_000;
    const ra = Float64Array.from({ length: count }, (_, index) => 10 + (index % 1000) * 1e-5);
    const dec = Float64Array.from({ length: count }, (_, index) => 20 + Math.floor(index / 1000) * 1e-5);
    const { pixels } = placed({ colour: "#ffffff", ra, dec }, wcs, [0, 0]);
    expect(pixels.every(Number.isFinite)).toBe(true);
  });
});

describe("sexagesimal angles", () => {
  it("are written as astronomers do", () => {
    expect(hours(25.6)).toBe("01:42:24.000");
    expect(degrees(0.3)).toBe("+00:18:00.00");
    expect(degrees(-0.0001)).toBe("\u221200:00:00.36");
  });

  it("never show sixty", () => {
    expect(hours(359.9999999)).toBe("00:00:00.000");
    expect(degrees(29.99999999)).toBe("+30:00:00.00");
    expect(hours(15 - 1e-9)).toBe("01:00:00.000");
  });
});
