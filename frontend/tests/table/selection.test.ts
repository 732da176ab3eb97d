// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { isInside, moved, spanOf } from "../../src/table/selection";
import { Widths } from "../../src/table/widths";

describe("the cursor", () => {
  const go = (key: string, far = false) => moved(key, { row: 50, column: 2 }, 100, 5, 20, far);

  it("moves by cells, pages and to the ends", () => {
    expect(go("ArrowDown")).toEqual({ row: 51, column: 2 });
    expect(go("PageUp")).toEqual({ row: 30, column: 2 });
    expect(go("Home")).toEqual({ row: 50, column: 0 });
    expect(go("End", true)).toEqual({ row: 99, column: 4 });
    expect(go("ArrowDown", true)).toEqual({ row: 99, column: 2 });
  });

  it("stays in the table", () => {
    expect(moved("ArrowUp", { row: 0, column: 0 }, 100, 5, 20, false)).toEqual({ row: 0, column: 0 });
    expect(moved("PageDown", { row: 95, column: 0 }, 100, 5, 20, false)).toEqual({ row: 99, column: 0 });
  });

  it("leaves other keys alone", () => {
    expect(go("a")).toBeNull();
  });
});

describe("a selection", () => {
  it("is a rectangle whichever way it was drawn", () => {
    const span = spanOf({ anchor: { row: 5, column: 3 }, cursor: { row: 2, column: 4 } });
    expect(span).toEqual({ row: 2, rowEnd: 6, column: 3, columnEnd: 5 });
    expect(isInside(span, 5, 4)).toBe(true);
    expect(isInside(span, 6, 4)).toBe(false);
  });
});

describe("columns", () => {
  const widths = new Widths(Array.from({ length: 1300 }, () => 100));

  it("in sight are found among many", () => {
    expect(widths.columnsIn(0, 250)).toEqual([0, 3]);
    expect(widths.columnsIn(100, 100)).toEqual([1, 2]);
    expect(widths.columnsIn(129_950, 500)).toEqual([1299, 1300]);
  });

  it("are shown by the smallest move", () => {
    expect(widths.reveal(5, 0, 1000)).toBe(0);
    expect(widths.reveal(20, 0, 1000)).toBe(1100);
    expect(widths.reveal(3, 1000, 1000)).toBe(300);
  });

  it("keep a width that can be grabbed", () => {
    const some = new Widths([100, 100]);
    some.resize(0, 3);
    expect([some.width(0), some.start(1), some.total]).toEqual([48, 48, 148]);
  });
});
