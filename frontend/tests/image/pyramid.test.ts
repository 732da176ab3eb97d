// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { Pyramid, keyOf } from "../../src/image/pyramid";
import { Viewport } from "../../src/image/viewport";

/** An image as the instance describes it. */
function facts(width: number, height: number) {
  const levels = [];
  for (let level = 0; ; level++) {
    const [w, h] = [Math.ceil(width / 2 ** level), Math.ceil(height / 2 ** level)];
    levels.push({ level, width: w, height: h, columns: Math.ceil(w / 256), rows: Math.ceil(h / 256) });
    if (w <= 256 && h <= 256) return { width, height, tile: 256, levels };
  }
}

const IMAGE = facts(4096, 4096);
const whole = Viewport.fit(IMAGE, { width: 800, height: 800 });

describe("the pyramid of an image", () => {
  const pyramid = new Pyramid(IMAGE);

  it("has a level whose pixels are as large as those of the screen", () => {
    expect(pyramid.levelFor(whole.centre.zoom, 1)).toBe(2);
    expect(pyramid.levelFor(whole.centre.zoom, 2)).toBe(1);
    expect(pyramid.levelFor(1, 1)).toBe(0);
    expect(pyramid.levelFor(30, 1)).toBe(0);
    expect(pyramid.levelFor(1e-4, 1)).toBe(4);
  });

  it("gives the tiles that are seen, from the middle outwards", () => {
    expect(pyramid.seen(whole, 2)).toHaveLength(16);
    const near = pyramid.seen(whole.at({ x: 1000, y: 3000, zoom: 1 }), 0);
    expect(near[0]).toEqual({ level: 0, column: 3, row: 11 });
    const away = near.map(({ row, column }) => Math.hypot(column * 256 + 127.5 - 1000, row * 256 + 127.5 - 3000));
    expect(away).toEqual([...away].sort((a, b) => a - b));
    for (const { row, column } of near) {
      expect(column * 256 - 0.5).toBeLessThan(1400);
      expect((column + 1) * 256 - 0.5).toBeGreaterThan(600);
      expect((row + 1) * 256 - 0.5).toBeGreaterThan(2600);
    }
    expect(near).toHaveLength(16);
  });

  it("draws in place of a tile that is not here what is here of it, the coarser first", () => {
    const here = new Set(["4/0/0", "3/0/0", "0/1/0"]);
    const found = pyramid.patches([{ level: 1, row: 0, column: 0 }], (tile) => here.has(keyOf(tile)));
    expect(found.map(({ tile }) => keyOf(tile))).toEqual(["3/0/0", "0/1/0"]);
    expect(found[0]!.part).toEqual({ left: -0.5, right: 511.5, low: -0.5, high: 511.5 });
  });

  it("draws nothing where nothing is here", () => {
    expect(pyramid.patches(pyramid.seen(whole, 2), () => false)).toEqual([]);
  });
});

describe("an image that is no multiple of a tile", () => {
  const odd = facts(1030, 515);
  const pyramid = new Pyramid(odd);

  it("has narrow tiles at its edges", () => {
    expect(pyramid.part({ level: 0, row: 2, column: 4 })).toEqual({ left: 1023.5, right: 1029.5, low: 511.5, high: 514.5 });
    expect(pyramid.part({ level: 3, row: 0, column: 0 })).toEqual({ left: -0.5, right: 1029.5, low: -0.5, high: 514.5 });
  });

  it("is covered by its tiles at every level", () => {
    const view = Viewport.fit(odd, { width: 900, height: 700 });
    for (const { level, columns, rows } of odd.levels) expect(pyramid.seen(view, level)).toHaveLength(columns * rows);
  });
});
