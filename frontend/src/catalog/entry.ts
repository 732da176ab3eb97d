// SPDX-License-Identifier: BSD-3-Clause
import type { Row } from "../table/arrow";

/** What TAP_SCHEMA says (TAP 1.1, section 4); missing texts are empty. */
export interface SchemaEntry {
  name: string;
  description: string;
  tables: TableEntry[];
}

export interface TableEntry {
  schema: string;
  /** As it stands in a query: `schema.table`. */
  name: string;
  description: string;
  rows: number | null;
}

export interface ColumnEntry {
  table: string;
  name: string;
  description: string;
  unit: string;
  ucd: string;
  /** `double`, `char(*)`, `float(3)`. */
  type: string;
  isIndexed: boolean;
  isPrincipal: boolean;
  order: number;
}

/** Rows of one table that point at rows of another. */
export interface KeyEntry {
  from: string;
  target: string;
  description: string;
  /** Pairs of (column here, column there). */
  columns: [string, string][];
}

const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));
const number = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value));

export function tableEntry(row: Row, rows: ReadonlyMap<string, number>): TableEntry {
  const schema = text(row["schema_name"]);
  const name = text(row["table_name"]);
  return {
    schema,
    name: name.includes(".") ? name : `${schema}.${name}`,
    description: text(row["description"]),
    rows: rows.get(name) ?? null,
  };
}

export function columnEntry(row: Row): ColumnEntry {
  const arraysize = text(row["arraysize"]);
  const type = text(row["xtype"]) || text(row["datatype"]);
  return {
    table: text(row["table_name"]),
    name: text(row["column_name"]),
    description: text(row["description"]),
    unit: text(row["unit"]),
    ucd: text(row["ucd"]),
    type: !arraysize || arraysize === "1" || row["xtype"] ? type : `${type}(${arraysize})`,
    isIndexed: Number(row["indexed"] ?? 0) === 1,
    isPrincipal: Number(row["principal"] ?? 0) === 1,
    order: number(row["column_index"]) ?? Number.MAX_SAFE_INTEGER,
  };
}

/** Join the rows of TAP_SCHEMA.keys and key_columns. */
export function keyEntries(keys: Row[], columns: Row[]): KeyEntry[] {
  const pairs = new Map<string, [string, string][]>();
  for (const row of columns) {
    const id = text(row["key_id"]);
    pairs.set(id, [...(pairs.get(id) ?? []), [text(row["from_column"]), text(row["target_column"])]]);
  }
  return keys.map((row) => ({
    from: text(row["from_table"]),
    target: text(row["target_table"]),
    description: text(row["description"]),
    columns: pairs.get(text(row["key_id"])) ?? [],
  }));
}

/** Releases first, what the standards bring last; otherwise as given. */
export function schemaEntries(schemas: Row[], tables: Row[], rows: ReadonlyMap<string, number>): SchemaEntry[] {
  const entries = tables.map((table) => tableEntry(table, rows));
  const last = (name: string) => (/^tap_schema$/i.test(name) ? 2 : /^ivoa$/i.test(name) ? 1 : 0);
  return schemas
    .map((row) => {
      const name = text(row["schema_name"]);
      return {
        name,
        description: text(row["description"]),
        tables: entries.filter((table) => table.schema.toLowerCase() === name.toLowerCase()),
      };
    })
    .sort((a, b) => last(a.name) - last(b.name));
}
