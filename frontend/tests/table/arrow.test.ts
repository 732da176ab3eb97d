// SPDX-License-Identifier: BSD-3-Clause
import {
  columnFromArray,
  field,
  float64,
  int64,
  Table,
  tableToIPC,
  timestamp,
  TimeUnit,
  utf8,
} from "@uwdata/flechette";
import { describe, expect, it } from "vitest";
import { pageOf, rowsOf } from "../../src/table/arrow";

/** A stream as the server writes it: descriptions in the metadata of the fields. */
function stream(): Uint8Array {
  const facts = (value: object) => new Map([["sciplat", JSON.stringify(value)]]);
  const fields = [
    field("source_id", int64(), true, facts({ name: "source_id", datatype: "long", ucd: "meta.id" })),
    field("ra", float64(), true, facts({ name: "ra", unit: "deg", description: "Right ascension" })),
    field("t", timestamp(TimeUnit.MICROSECOND), true),
    field("Band", utf8(), true),
  ];
  const columns = [
    columnFromArray([9007199254740993n, -1n], int64()),
    columnFromArray([1.5, null], float64()),
    columnFromArray([0, 1], timestamp(TimeUnit.MICROSECOND)),
    columnFromArray(["g", null], utf8()),
  ];
  const bytes = tableToIPC(new Table({ fields }, columns), { format: "stream" });
  return bytes!;
}

describe("a page", () => {
  const page = pageOf(stream(), 200);

  it("knows where it begins and how long it is", () => {
    expect([page.offset, page.rows]).toEqual([200, 2]);
  });

  it("carries the columns' descriptions", () => {
    expect(page.columns[1]).toMatchObject({ name: "ra", unit: "deg", description: "Right ascension", kind: "double" });
    expect(page.columns.map(({ kind }) => kind)).toEqual(["integer", "double", "time", "text"]);
  });

  it("keeps integers beyond 2^53 exact", () => {
    expect(page.value(0, 0)).toBe(9007199254740993n);
  });

  it("gives NULL as null", () => {
    expect(page.value(1, 1)).toBeNull();
    expect(page.value(1, 3)).toBeNull();
  });

  it("refuses what is no Arrow stream", () => {
    expect(() => pageOf(new TextEncoder().encode("<html>"), 0)).toThrow();
  });
});

describe("metadata rows", () => {
  it("are objects with names in lower case", () => {
    expect(rowsOf(stream())[1]).toMatchObject({ source_id: -1n, ra: null, band: null });
  });
});
