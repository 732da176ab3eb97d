// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { Viewport } from "../../src/table/viewport";

/** Looking at 20 rows of a table. */
function view(rows: number): Viewport {
  const made = new Viewport(26);
  made.height = 520;
  made.open(rows);
  return made;
}

describe("a viewport on ten million rows", () => {
  it("keeps its place to a pixel when the bar echoes a move", () => {
    const seen = view(10_000_000);
    const bar = seen.moveTo(130_000_013);
    seen.follow(Math.round(bar), 0, false);
    expect(seen.top).toBe(130_000_013);
  });

  it("follows the bar over the whole table", () => {
    const seen = view(10_000_000);
    seen.follow(4_000_000, 0, false);
    expect(Math.abs(seen.rows[0] - 5_000_000)).toBeLessThanOrEqual(1);
  });

  it("moves under a finger by as much as the finger", () => {
    const seen = view(10_000_000);
    const bar = seen.moveTo(130_000_000);
    expect(seen.follow(bar + 100, 0, true)).toBe(100);
    expect(seen.top).toBe(130_000_100);
  });
});

describe("a viewport", () => {
  it("goes on by a page less one row", () => {
    expect(view(1000).pageRows).toBe(19);
  });

  it("begins at the start for a new table", () => {
    const seen = view(1000);
    seen.moveTo(5000);
    seen.open(50);
    expect([seen.top, seen.bar, ...seen.rows]).toEqual([0, 0, 0, 20]);
  });
});
