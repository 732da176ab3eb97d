// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { Viewport } from "../../src/image/viewport";

const IMAGE = { width: 4096, height: 2048 };
const SCREEN = { width: 1000, height: 800 };

describe("a view of an image", () => {
  it("shows all of it at first, with a margin", () => {
    const view = Viewport.fit(IMAGE, SCREEN);
    expect(view.toScreen({ x: 2047.5, y: 1023.5 })).toEqual({ x: 500, y: 400 });
    const { x, y } = view.toScreen({ x: -0.5, y: 2047.5 });
    expect(x).toBeCloseTo(20, 6);
    expect(y).toBeGreaterThan(0);
  });

  it("has y upwards", () => {
    const view = Viewport.fit(IMAGE, SCREEN);
    expect(view.toImage({ x: 500, y: 0 }).y).toBeGreaterThan(view.toImage({ x: 500, y: 800 }).y);
  });

  it("keeps what is under the pointer when it is zoomed", () => {
    const point = { x: 321, y: 350 };
    const view = Viewport.fit(IMAGE, SCREEN);
    const before = view.toImage(point);
    const after = view.zoomed(7.5, point).toImage(point);
    expect(after.x).toBeCloseTo(before.x, 8);
    expect(after.y).toBeCloseTo(before.y, 8);
  });

  it("goes with the hand that pushes it", () => {
    const view = Viewport.fit(IMAGE, SCREEN).zoomed(8);
    const pixel = view.toImage({ x: 400, y: 300 });
    const moved = view.pushed(50, -20).toScreen(pixel);
    expect(moved.x).toBeCloseTo(450, 8);
    expect(moved.y).toBeCloseTo(280, 8);
  });

  it("keeps the middle of the screen on the image, so that nobody gets lost", () => {
    const { centre } = Viewport.fit(IMAGE, SCREEN).pushed(1e6, -1e6);
    expect([centre.x, centre.y]).toEqual([-0.5, -0.5]);
  });

  it("is neither as large nor as small as one likes", () => {
    const view = Viewport.fit(IMAGE, SCREEN);
    expect(view.zoomed(1e9).centre.zoom).toBe(64);
    expect(view.zoomed(1e-9).centre.zoom).toBeCloseTo(view.centre.zoom / 4, 12);
  });

  it("knows what is a pixel of the image", () => {
    const view = Viewport.fit(IMAGE, SCREEN);
    expect([view.holds({ x: -0.5, y: 0 }), view.holds({ x: -0.51, y: 0 }), view.holds({ x: 4095.49, y: 2047 }), view.holds({ x: 4095.5, y: 0 })]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});
