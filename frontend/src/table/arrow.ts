// SPDX-License-Identifier: BSD-3-Clause
import { Type, tableFromIPC, type Column as ArrowColumn, type DataType, type Table } from "@uwdata/flechette";
import type { Column } from "../wire/column";

export type Row = Record<string, unknown>;

/** How the values of a column are shown. */
export type Kind = "integer" | "float" | "double" | "boolean" | "text" | "time" | "date" | "binary" | "list";

/** A column of a result: its description, and how its values are shown. */
export interface ResultColumn extends Column {
  kind: Kind;
  /** Of the values in a list column. */
  inner?: Kind;
  /** Microseconds and so on in a second, for times. */
  ticks?: bigint;
}

/** Some rows of a result, read from one Arrow IPC stream. */
export interface Page {
  offset: number;
  rows: number;
  columns: ResultColumn[];
  value(row: number, column: number): unknown;
}

// 64-bit ids stay exact as BigInt; times keep their microseconds.
const OPTIONS = { useBigInt: true, useBigIntTimestamp: true, useDate: false };

/** Read a page. Raises if the bytes are no Arrow IPC stream. */
export function pageOf(bytes: Uint8Array, offset: number): Page {
  const table: Table = tableFromIPC(bytes, OPTIONS);
  const children: ArrowColumn<unknown>[] = table.children;
  return {
    offset,
    rows: table.numRows,
    columns: table.schema.fields.map((field) => describe(field.name, field.type, field.metadata)),
    value: (row, column) => children[column]?.at(row) ?? null,
  };
}

/** Read all rows of a small table as objects; names in lower case, long integers as BigInt. */
export function rowsOf(bytes: Uint8Array): Row[] {
  const table: Table = tableFromIPC(bytes, OPTIONS);
  const names = table.schema.fields.map((field) => field.name.toLowerCase());
  const rows: Row[] = [];
  for (let index = 0; index < table.numRows; index++) {
    const row: Row = {};
    names.forEach((name, column) => (row[name] = table.getChildAt(column).at(index)));
    rows.push(row);
  }
  return rows;
}

function describe(name: string, type: DataType, metadata: Map<string, string> | null | undefined): ResultColumn {
  const text = metadata?.get("sciplat");
  const facts = text ? (JSON.parse(text) as Column) : { name };
  return { ...facts, name, ...shape(type) };
}

function shape(type: DataType): { kind: Kind; inner?: Kind; ticks?: bigint } {
  switch (type.typeId) {
    case Type.Int:
      return { kind: "integer" };
    case Type.Float:
      return { kind: type.precision === 2 ? "double" : "float" };
    case Type.Decimal:
      return { kind: "double" };
    case Type.Bool:
      return { kind: "boolean" };
    case Type.Timestamp:
      return { kind: "time", ticks: 1000n ** BigInt(type.unit) };
    case Type.Date:
      return { kind: "date" };
    case Type.Dictionary:
      return shape(type.dictionary);
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
    case Type.ListView:
    case Type.LargeListView:
      return { kind: "list", inner: shape(type.children[0]!.type).kind };
    case Type.Binary:
    case Type.LargeBinary:
    case Type.FixedSizeBinary:
      return { kind: "binary" };
    default:
      return { kind: "text" };
  }
}
