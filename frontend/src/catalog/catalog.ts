// SPDX-License-Identifier: BSD-3-Clause
import { signal } from "@preact/signals-core";
import { ask, literal, rowCounts } from "../api/tap";
import type { ColumnName, Names } from "../adql/completion";
import { columnEntry, keyEntries, schemaEntries, type ColumnEntry, type KeyEntry, type SchemaEntry, type TableEntry } from "./entry";

type Ask = (adql: string) => Promise<import("../table/arrow").Row[]>;

/** The data that can be queried, as TAP_SCHEMA tells it; columns are read when somebody looks at their table. */
export class Catalog implements Names {
  readonly schemas = signal<readonly SchemaEntry[] | null>(null);
  readonly keys = signal<readonly KeyEntry[]>([]);
  readonly failure = signal<unknown>(null);
  /** Columns by table, as far as they were read. */
  readonly known = signal<ReadonlyMap<string, readonly ColumnEntry[]>>(new Map());
  private readonly coming = new Map<string, Promise<readonly ColumnEntry[]>>();
  private everything: Promise<void> | null = null;

  constructor(
    private readonly ask_: Ask = ask,
    private readonly counts: () => Promise<ReadonlyMap<string, number>> = rowCounts,
  ) {}

  /** Read the releases and their tables, again if they were read before. */
  async load(): Promise<void> {
    try {
      const [schemas, tables, keys, pairs, rows] = await Promise.all([
        this.ask_("SELECT * FROM TAP_SCHEMA.schemas"),
        this.ask_("SELECT * FROM TAP_SCHEMA.tables"),
        this.ask_("SELECT * FROM TAP_SCHEMA.keys"),
        this.ask_("SELECT * FROM TAP_SCHEMA.key_columns"),
        // Good to know, but not needed to work.
        this.counts().catch(() => new Map<string, number>()),
      ]);
      this.coming.clear();
      this.everything = null;
      this.known.value = new Map();
      this.keys.value = keyEntries(keys, pairs);
      this.schemas.value = schemaEntries(schemas, tables, rows);
      this.failure.value = null;
    } catch (error) {
      this.failure.value = error;
    }
  }

  tables(): TableEntry[] {
    return (this.schemas.value ?? []).flatMap((schema) => schema.tables);
  }

  /** The table of this name, in any case. */
  table(name: string): TableEntry | undefined {
    return this.tables().find((table) => table.name.toLowerCase() === name.toLowerCase());
  }

  /** Read the columns of one table, once. */
  entries(table: string): Promise<readonly ColumnEntry[]> {
    const known = this.known.peek().get(table);
    if (known) return Promise.resolve(known);
    let coming = this.coming.get(table);
    if (!coming) {
      coming = this.ask_(`SELECT * FROM TAP_SCHEMA.columns WHERE table_name = ${literal(table)}`).then((rows) => {
        const columns = rows.map(columnEntry).sort((a, b) => a.order - b.order);
        this.known.value = new Map(this.known.peek()).set(table, columns);
        return columns;
      });
      this.coming.set(table, coming);
      coming.catch(() => this.coming.delete(table));
    }
    return coming;
  }

  async columns(table: string): Promise<readonly ColumnName[]> {
    return this.entries(table);
  }

  /** Read the columns of all tables, for searching. */
  loadAll(): Promise<void> {
    this.everything ??= this.ask_("SELECT * FROM TAP_SCHEMA.columns").then(
      (rows) => {
        const all = new Map<string, ColumnEntry[]>(this.tables().map((table) => [table.name, []]));
        for (const column of rows.map(columnEntry)) all.get(column.table)?.push(column);
        for (const columns of all.values()) columns.sort((a, b) => a.order - b.order);
        this.known.value = all;
      },
      (error: unknown) => {
        this.everything = null;
        throw error;
      },
    );
    return this.everything;
  }
}
