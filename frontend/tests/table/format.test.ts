// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import type { ResultColumn } from "../../src/table/arrow";
import { ago, exact, formatOf, shortCount, show, size, span } from "../../src/table/format";

const double: ResultColumn = { name: "x", kind: "double" };
const shown = (column: ResultColumn, ...values: unknown[]) => values.map((value) => show(value, formatOf(column, values)));

describe("a cell", () => {
  it("lines real numbers up at their point", () => {
    expect(shown(double, 12.3456789, 1.5, 0.25)).toEqual(["12.3457", "1.5000", "0.2500"]);
  });

  it("keeps a milli-arcsecond of an angle", () => {
    expect(shown({ ...double, unit: "deg", ucd: "pos.eq.ra" }, 25.123456789)).toEqual(["25.1234568"]);
  });

  it("keeps 64-bit ids exact", () => {
    expect(shown({ name: "id", kind: "integer" }, 4611686018427387905n)).toEqual(["4611686018427387905"]);
  });

  it("tells NULL, NaN and infinity apart", () => {
    expect(shown(double, null, NaN, Infinity, -Infinity, 1.5)).toEqual(["NULL", "NaN", "+Inf", "\u2212Inf", "1.50000"]);
  });

  it("shows a value far smaller than the others as what it is", () => {
    expect(shown(double, 10, 1e-5)).toEqual(["10.0000", "1.000e\u22125"]);
  });

  it("writes powers of ten where one point cannot serve all", () => {
    expect(shown(double, 1e-6, 1e9, 54.8502)).toEqual(["1.00000e\u22126", "1.00000e9", "54.8502"]);
  });

  it("shows whole numbers without decimals", () => {
    expect(shown(double, 3, 40, 0)).toEqual(["3", "40", "0"]);
  });

  it("shows a later fraction in a column that began with whole numbers", () => {
    expect(show(0.125, formatOf(double, [1, 2]))).toBe("1.250e\u22121");
  });

  it("writes times to the last microsecond that is there", () => {
    const time: ResultColumn = { name: "t", kind: "time", ticks: 1_000_000n };
    expect(shown(time, 1767225600123400n, 1767225600000000n, -1n)).toEqual([
      "2026-01-01T00:00:00.1234",
      "2026-01-01T00:00:00",
      "1969-12-31T23:59:59.999999",
    ]);
  });
});

describe("a copied value", () => {
  it("has all digits of a double and no sign but ASCII", () => {
    expect(exact(-12.379181234567891, "double")).toBe("-12.379181234567891");
  });

  it("has the digits of a float, not those of the double it travels in", () => {
    expect(exact(Math.fround(0.1), "float")).toBe("0.1");
    expect(exact(Math.fround(123456.789), "float")).toBe("123456.79");
  });

  it("is empty for NULL", () => {
    expect(exact(null, "text")).toBe("");
  });

  it("lists an array", () => {
    expect(exact(new Float32Array([0.5, 1]), "float")).toBe("[0.5, 1]");
  });
});

describe("figures for people", () => {
  it("are short", () => {
    expect([shortCount(482_193), shortCount(4_000_000), shortCount(20)]).toEqual(["482 k", "4.0 M", "20"]);
    expect([size(720), size(7200), size(720_000_000)]).toEqual(["720 B", "7.2 kB", "720 MB"]);
    expect([span(0.0421), span(3.25), span(75), span(7380)]).toEqual(["42 ms", "3.3 s", "1 min 15 s", "2 h 3 min"]);
  });

  it("take a time without a zone as UTC", () => {
    expect(ago("2026-01-01T00:00:00", Date.parse("2026-01-01T00:05:00Z"))).toBe("5 min ago");
  });
});
