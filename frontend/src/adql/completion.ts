// SPDX-License-Identifier: BSD-3-Clause
import { snippetCompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { placeOf, sources, type Source } from "./names";
import { FUNCTIONS, KEYWORDS, quoted } from "./words";

/** What completion needs to know of the catalog. */
export interface Names {
  tables(): readonly { schema: string; name: string; description: string }[];
  columns(table: string): Promise<readonly ColumnName[]>;
}

export interface ColumnName {
  name: string;
  description: string;
  unit: string;
  ucd: string;
  type: string;
}

const WORDS: readonly Completion[] = [
  ...KEYWORDS.map((label): Completion => ({ label, type: "keyword", boost: -1 })),
  ...FUNCTIONS.map(({ name, call, about }) =>
    snippetCompletion(call, { label: name, type: "function", detail: "", info: about, boost: -2 }),
  ),
];

/** Offer names of the catalog, and the words of ADQL, that fit where the cursor is. */
export function completionOf(names: Names): (context: CompletionContext) => Promise<CompletionResult | null> {
  return async (context) => {
    const text = context.state.doc.toString();
    const place = placeOf(text, context.pos);
    if (place.isText) return null;
    if (!context.explicit && place.typed === "" && place.path.length === 0 && !place.wantsTable) return null;
    const options = await optionsAt(names, place.path, place.wantsTable, sources(text));
    if (context.aborted || options.length === 0) return null;
    return { from: place.start, options, validFor: /^"?[A-Za-z0-9_]*$/ };
  };
}

/** The choices at a place of a query. */
export async function optionsAt(
  names: Names,
  path: readonly string[],
  wantsTable: boolean,
  read: readonly Source[],
): Promise<Completion[]> {
  if (path.length > 0) {
    const [columns, tables] = [await columnsUnder(names, path, read), tablesUnder(names, path)];
    return [...columns, ...tables];
  }
  const tables = tablesUnder(names, []);
  if (wantsTable) return tables;
  const columns = await Promise.all(
    unique(read).map(async (source) => (await known(names, source.table)).map((column) => optionOf(column, source.table))),
  );
  const aliases = read.map(({ alias, table }): Completion => ({ label: alias, type: "variable", detail: table, boost: 1 }));
  return [...columns.flat(), ...aliases, ...WORDS, ...tables.map((table) => ({ ...table, boost: -3 }))];
}

function unique(read: readonly Source[]): Source[] {
  return [...new Map(read.map((source) => [source.table.toLowerCase(), source])).values()];
}

async function columnsUnder(names: Names, path: readonly string[], read: readonly Source[]): Promise<Completion[]> {
  const called = path.join(".").toLowerCase();
  const source = read.find(({ alias, table }) => alias.toLowerCase() === called || table.toLowerCase() === called);
  const table = source?.table ?? (path.length > 1 ? path.join(".") : null);
  return table === null ? [] : (await known(names, table)).map((column) => optionOf(column, table));
}

/** Columns of a table, none if it has no such name: a query being typed is often wrong. */
async function known(names: Names, table: string): Promise<readonly ColumnName[]> {
  const entry = names.tables().find(({ name }) => name.toLowerCase() === table.toLowerCase());
  if (!entry) return [];
  try {
    return await names.columns(entry.name);
  } catch {
    return [];
  }
}

function tablesUnder(names: Names, path: readonly string[]): Completion[] {
  const schema = path.length === 1 ? path[0]!.toLowerCase() : null;
  if (path.length > 1) return [];
  return names
    .tables()
    .filter((table) => schema === null || table.schema.toLowerCase() === schema)
    .map((table) => ({
      label: schema === null ? table.name : table.name.slice(table.schema.length + 1),
      type: "class",
      info: table.description,
    }));
}

function optionOf(column: ColumnName, table: string): Completion {
  const info = [column.description, [column.type, column.ucd].filter(Boolean).join(" \u00b7 "), table];
  return {
    label: column.name,
    apply: quoted(column.name),
    type: "property",
    detail: column.unit,
    info: info.filter(Boolean).join("\n"),
    boost: 2,
  };
}
