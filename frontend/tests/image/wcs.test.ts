// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { compass, pixelSize, scaleBar } from "../../src/image/signs";
import { separation } from "../../src/image/sphere";
import { wcsOf } from "../../src/image/wcs";

const STEP = 0.2 / 3600;
const TAN = { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRVAL1: 25.6, CRVAL2: 0.3, CRPIX1: 513, CRPIX2: 257, CD1_1: -STEP, CD1_2: 0, CD2_1: 0, CD2_2: STEP };

const cards = (more: Record<string, string | number> = {}) => wcsOf({ kind: "cards", cards: { ...TAN, ...more } });

// How they agree with astropy is tested in tests/images/test_wcs_in_a_browser.py.
describe("world coordinates of cards", () => {
  it("have the reference position at the reference pixel, counted from 0", () => {
    const { ra, dec } = cards().toSky(512, 256)!;
    expect([ra, dec]).toEqual([expect.closeTo(25.6, 12), expect.closeTo(0.3, 12)]);
  });

  it.each([
    ["a plane", {}],
    ["a plane at the pole", { CRVAL2: 90 }],
    ["a turned plane", { LONPOLE: 150 }],
    ["a polynomial of pixels", { CTYPE1: "RA---TAN-SIP", CTYPE2: "DEC--TAN-SIP", A_ORDER: 2, B_ORDER: 2, A_2_0: 2e-6, A_1_1: -1e-6, B_0_2: 3e-6 }],
    ["a polynomial of the plane", { CTYPE1: "RA---TPV", CTYPE2: "DEC--TPV", PV1_1: 1.01, PV1_4: 0.02, PV2_1: 0.99, PV2_5: 0.01, PV1_7: 3 }],
  ])("lead back from the sky, by %s", (_, more) => {
    const wcs = cards(more);
    for (const [x, y] of [[0, 0], [1023, 511], [300.25, 17.5]] as const) {
      const { ra, dec } = wcs.toSky(x, y)!;
      const back = wcs.toPixel(ra, dec)!;
      expect(Math.hypot(back.x - x, back.y - y)).toBeLessThan(1e-5);
    }
  });

  it("do not show the other half of the sky", () => {
    expect(cards().toPixel(205.6, -0.3)).toBeNull();
  });
});

describe("world coordinates of a grid", () => {
  const flat = cards();
  const nodes = 5;
  const vectors = Array.from({ length: nodes }, (_, row) =>
    Array.from({ length: nodes }, (_, column): [number, number, number] => {
      const { ra, dec } = flat.toSky(column * 256 - 0.5, row * 128 - 0.5)!;
      const [a, d] = [(ra * Math.PI) / 180, (dec * Math.PI) / 180];
      return [Math.cos(d) * Math.cos(a), Math.cos(d) * Math.sin(a), Math.sin(d)];
    }),
  );
  const grid = (holes: [number, number][] = []) =>
    wcsOf({
      kind: "grid",
      first: [-0.5, -0.5],
      step: [256, 128],
      error: 0,
      vectors: vectors.map((row, y) => row.map((each, x) => (holes.some(([i, j]) => i === x && j === y) ? null : each))),
    });

  it("are those that it was made of", () => {
    for (const [x, y] of [[0, 0], [700.5, 333], [1023, 511]] as const) {
      expect(separation(grid().toSky(x, y)!, flat.toSky(x, y)!)).toBeLessThan(1e-8);
      const { ra, dec } = flat.toSky(x, y)!;
      const back = grid().toPixel(ra, dec)!;
      expect(Math.hypot(back.x - x, back.y - y)).toBeLessThan(0.01);
    }
  });

  it("have no sky beside a node that has none", () => {
    expect(grid([[0, 0]]).toSky(10, 10)).toBeNull();
    expect(grid([[0, 0]]).toSky(600, 300)).not.toBeNull();
  });
});

describe("signs on an image", () => {
  it("a bar is a round angle, and as long as that", () => {
    const bar = scaleBar(cards(), { x: 512, y: 256 }, 2, 160)!;
    expect(bar.label).toBe("10\u2033");
    expect(bar.length).toBeCloseTo(100, 6);
    expect(pixelSize(cards(), { x: 0, y: 0 })! * 3600).toBeCloseTo(0.2, 4);
  });

  it("north is up and east is left where right ascension grows to the left", () => {
    const { north, east } = compass(cards(), { x: 512, y: 256 })!;
    expect(north).toBeCloseTo(0, 3);
    expect(east).toBeCloseTo(-90, 3);
  });

  it("turn with the image", () => {
    const { north, east } = compass(cards({ CD1_1: 0, CD1_2: STEP, CD2_1: STEP, CD2_2: 0 }), { x: 512, y: 256 })!;
    expect(north).toBeCloseTo(90, 3);
    expect(east).toBeCloseTo(0, 3);
  });
});
