// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { encoding, type Chart } from "../../src/plot/choice";
import type { PlotSelection } from "../../src/plot/data";
import { look, MOST_POINTS, type Asked, type AskedAxis, type Reader } from "../../src/plot/looking";

const SIZE = { width: 600, height: 300 };
const CHART: Chart = { form: "auto", x: encoding("mjd"), y: encoding("flux", { error: "fluxErr" }) };
const BOX: PlotSelection = { kind: "ranges", x: [1, 2], y: null };

/** Three rows of a table that has as many as it is told, and what was asked of it. */
class Three implements Reader {
  readonly asked: unknown[] = [];
  constructor(private readonly of: number) {}

  async sample(expressions: readonly string[], needed: number, most: number, within: Asked | null) {
    this.asked.push({ expressions, needed, most, within });
    const values = [[1, 2, 3], [10, 20, 30], [0.5, 0.5, 0.5]].slice(0, expressions.length);
    return { columns: [{ unit: "d" }, { unit: "nJy" }], values: values.map((each) => Float64Array.from(each)), rows: [7, 8, 9], of: this.of };
  }

  async density(x: AskedAxis, y: AskedAxis, selected: Asked | null) {
    this.asked.push({ x, y, selected });
    const columns = [{ unit: "d" }, { unit: "nJy" }] as const;
    return { kind: "density" as const, width: 1, height: 1, x: [0, 1] as const, y: [0, 1] as const, counts: [this.of], total: this.of, columns };
  }

  async histogram(x: AskedAxis, selected: Asked | null) {
    this.asked.push({ x, selected });
    return { kind: "histogram" as const, edges: [0, 1], counts: [this.of], total: this.of, column: { unit: "d" } };
  }
}

const never = new AbortController().signal;

describe("looking at a chart", () => {
  it("shows points with their errors while there are few", async () => {
    const { data, x, y } = await look(CHART, BOX, SIZE, new Three(3), never);
    if (data.kind !== "points") throw new Error(data.kind);
    expect([...data.yLow!]).toEqual([9.5, 19.5, 29.5]);
    expect([...data.yHigh!]).toEqual([10.5, 20.5, 30.5]);
    expect(data.xLow).toBeUndefined();
    expect([...data.selected!]).toEqual([1, 1, 0]);
    expect([x.unit, y.unit, y.label]).toEqual(["d", "nJy", "flux"]);
  });

  it("shows how many there are where, when there are too many to tell apart", async () => {
    const reader = new Three(MOST_POINTS + 1);
    const { data } = await look(CHART, BOX, SIZE, reader, never);
    expect(data.kind).toBe("density");
    expect(reader.asked[1]).toMatchObject({ x: { bins: 200 }, y: { bins: 100 }, selected: { x: "mjd", y: "flux", selection: BOX } });
  });

  it("becomes points again where a part is looked at that has few", async () => {
    const reader = new Three(3);
    const closer = { ...CHART, x: encoding("mjd", { low: 1, high: 2 }) };
    const { x } = await look(closer, null, SIZE, reader, never);
    expect(reader.asked[0]).toMatchObject({ within: { selection: { x: [1, 2], y: null } } });
    expect([x.low, x.high]).toEqual([1, 2]);
  });

  it("counts rows for a histogram, with the logarithm of their number where that is wanted", async () => {
    const { data, y } = await look({ form: "histogram", x: encoding("mjd"), y: encoding("", { log: true }) }, null, SIZE, new Three(5), never);
    expect(data.kind).toBe("histogram");
    expect(y).toMatchObject({ label: "rows", log: true });
  });
});
