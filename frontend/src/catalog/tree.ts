// SPDX-License-Identifier: BSD-3-Clause
import type { ColumnEntry, SchemaEntry, TableEntry } from "./entry";

/** One line of the tree. `position` and `siblings` count from 1, for those who hear the tree. */
interface Place {
  id: string;
  level: number;
  position: number;
  siblings: number;
  isOpen: boolean | null;
}

export type Item = Place &
  (
    | { kind: "schema"; schema: SchemaEntry }
    | { kind: "table"; table: TableEntry; shortName: string }
    | { kind: "column"; column: ColumnEntry }
    | { kind: "waiting" }
  );

type Columns = ReadonlyMap<string, readonly ColumnEntry[]>;

/** The lines of the tree: what is open, or while searching, what matches with everything above it. */
export function items(schemas: readonly SchemaEntry[], columns: Columns, open: ReadonlySet<string>, search: string): Item[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length > 0 ? matching(schemas, columns, words) : opened(schemas, columns, open);
}

function opened(schemas: readonly SchemaEntry[], columns: Columns, open: ReadonlySet<string>): Item[] {
  const found: Item[] = [];
  schemas.forEach((schema, index) => {
    const isOpen = open.has(schema.name);
    found.push(schemaItem(schema, index, schemas.length, isOpen));
    if (!isOpen) return;
    schema.tables.forEach((table, at) => {
      const isTableOpen = open.has(table.name);
      found.push(tableItem(table, at, schema.tables.length, isTableOpen));
      if (isTableOpen) found.push(...columnItems(table, columns.get(table.name)));
    });
  });
  return found;
}

function matching(schemas: readonly SchemaEntry[], columns: Columns, words: readonly string[]): Item[] {
  const found: Item[] = [];
  const hits = (...texts: string[]) => {
    const text = texts.join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
  for (const schema of schemas) {
    const below: Item[] = [];
    for (const table of schema.tables) {
      // A column is found by words about itself and its table together: "gaia parallax".
      const matches = (columns.get(table.name) ?? []).filter(({ name, description, ucd, unit }) => {
        const own = [name, description, ucd, unit].join(" ").toLowerCase();
        return words.some((word) => own.includes(word)) && hits(table.name, own);
      });
      if (matches.length === 0 && !hits(table.name, table.description)) continue;
      below.push(tableItem(table, below.length, schema.tables.length, matches.length > 0), ...columnItems(table, matches));
    }
    if (below.length > 0 || hits(schema.name, schema.description)) {
      found.push(schemaItem(schema, found.length, schemas.length, true), ...below);
    }
  }
  return found;
}

function schemaItem(schema: SchemaEntry, index: number, siblings: number, isOpen: boolean): Item {
  return { kind: "schema", id: schema.name, level: 1, position: index + 1, siblings, isOpen, schema };
}

function tableItem(table: TableEntry, index: number, siblings: number, isOpen: boolean): Item {
  const shortName = table.name.slice(table.schema.length + 1);
  return { kind: "table", id: table.name, level: 2, position: index + 1, siblings, isOpen, table, shortName };
}

function columnItems(table: TableEntry, columns: readonly ColumnEntry[] | undefined): Item[] {
  if (!columns) return [{ kind: "waiting", id: `${table.name} waiting`, level: 3, position: 1, siblings: 1, isOpen: null }];
  return columns.map((column, index) => ({
    kind: "column",
    id: `${table.name} ${column.name}`,
    level: 3,
    position: index + 1,
    siblings: columns.length,
    isOpen: null,
    column,
  }));
}
