// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { Scale } from "../../src/table/scroll";

const ROW = 26;
const WINDOW = 520;

describe("a table that fits into an element", () => {
  const scale = new Scale(1000, ROW);

  it("scrolls pixel by pixel", () => {
    expect(scale.isSqueezed).toBe(false);
    expect(scale.toTable(1234)).toBe(1234);
    expect(scale.toBar(1234)).toBe(1234);
  });
});

describe("a table of ten million rows", () => {
  const scale = new Scale(10_000_000, ROW);

  it("fits into an element that browsers can make", () => {
    expect(scale.tall).toBeLessThan(17_000_000);
  });

  it("reaches its first and last row with the bar at its ends", () => {
    expect(scale.rowsIn(scale.toTable(0), WINDOW)[0]).toBe(0);
    const end = scale.toTable(scale.tall - WINDOW);
    expect(scale.rowsIn(end, WINDOW)).toEqual([10_000_000 - WINDOW / ROW, 10_000_000]);
  });

  it("comes back to the same place from the bar, to a pixel of the bar", () => {
    for (const top of [0, 150_000, 200_000, 200_001, 130_000_000, 259_800_001, 259_999_480]) {
      expect(Math.abs(scale.toTable(scale.toBar(top)) - top)).toBeLessThan(0.01);
    }
  });

  it("never goes back when the bar goes on", () => {
    let last = -1;
    for (let bar = 0; bar <= scale.tall; bar += 7919) {
      const top = scale.toTable(bar);
      expect(top).toBeGreaterThan(last);
      last = top;
    }
  });

  it("can show every row", () => {
    for (const row of [0, 1, 4_999_999, 9_999_998, 9_999_999]) {
      const top = scale.reveal(row, 0, WINDOW);
      const [first, end] = scale.rowsIn(top, WINDOW);
      expect(row).toBeGreaterThanOrEqual(first);
      expect(row).toBeLessThan(end);
    }
  });
});

describe("showing a row", () => {
  const scale = new Scale(1000, ROW);

  it("does not move when the row is in sight", () => {
    expect(scale.reveal(12, 10 * ROW, WINDOW)).toBe(10 * ROW);
  });

  it("moves as little as it can", () => {
    expect(scale.reveal(5, 10 * ROW, WINDOW)).toBe(5 * ROW);
    expect(scale.reveal(30, 10 * ROW, WINDOW)).toBe(31 * ROW - WINDOW);
  });

  it("stays within a table shorter than its window", () => {
    expect(new Scale(3, ROW).clamp(500, WINDOW)).toBe(0);
  });
});
