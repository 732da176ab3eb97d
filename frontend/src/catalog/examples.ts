// SPDX-License-Identifier: BSD-3-Clause
import { quoted } from "../adql/words";
import type { ColumnEntry, KeyEntry, TableEntry } from "./entry";

/** A query to start from. */
export interface Example {
  title: string;
  about: string;
  query: string;
}

/** What an example needs to know of one table. */
export interface Known {
  table: TableEntry;
  columns: readonly ColumnEntry[];
  /** Somewhere in the data, degrees; the centre of the cone. */
  near?: [ra: number, dec: number];
}

/** The columns of the position, by their UCDs, else by their names. */
export function positionOf(columns: readonly ColumnEntry[]): [ra: ColumnEntry, dec: ColumnEntry] | null {
  const find = (ucd: string, names: RegExp) =>
    columns.find((column) => column.ucd.startsWith(ucd) && column.ucd.includes("meta.main")) ??
    columns.find((column) => column.ucd.startsWith(ucd)) ??
    columns.find((column) => names.test(column.name));
  const ra = find("pos.eq.ra", /^(coord_)?(ra|raj2000|ra_icrs)$/i);
  const dec = find("pos.eq.dec", /^(coord_)?(dec|decl|dej2000|dec_icrs)$/i);
  return ra && dec ? [ra, dec] : null;
}

const isReal = (column: ColumnEntry) => column.type === "double" || column.type === "float";

/** Examples that run on the tables there are. */
export function examplesOf(known: readonly Known[], keys: readonly KeyEntry[]): Example[] {
  const examples: Example[] = [];
  const sky = known.filter(({ columns }) => positionOf(columns));
  const first = sky[0];
  if (first) {
    const [ra, dec] = positionOf(first.columns)!.map((column) => quoted(column.name)) as [string, string];
    const [x, y] = first.near ?? [180, 0];
    examples.push({
      title: "Cone search",
      about: `Everything of ${first.table.name} within half a degree of a place`,
      query: `SELECT TOP 1000 *\nFROM ${first.table.name}\nWHERE CONTAINS(POINT(${ra}, ${dec}), CIRCLE(${x}, ${y}, 0.5)) = 1\n`,
    });
  }
  const key = keys.find(({ from, target, columns }) => {
    const here = (name: string) => known.some(({ table }) => table.name === name);
    return columns.length > 0 && from !== target && here(from) && here(target);
  });
  if (key) {
    const on = key.columns.map(([a, b]) => `a.${quoted(a)} = b.${quoted(b)}`).join(" AND ");
    examples.push({
      title: "Join",
      about: `Rows of ${key.from} with what belongs to them in ${key.target}`,
      query: `SELECT TOP 1000 a.*, b.*\nFROM ${key.from} AS a\nJOIN ${key.target} AS b ON ${on}\n`,
    });
  }
  for (const { table, columns } of [...sky, ...known]) {
    const column =
      columns.find((each) => isReal(each) && /^phot\.mag/.test(each.ucd) && !/error|stat/.test(each.ucd)) ??
      columns.find((each) => isReal(each) && /mag/i.test(each.name));
    if (!column) continue;
    const name = quoted(column.name);
    examples.push({
      title: "Histogram",
      about: `How ${column.name} is distributed in ${table.name}, in half magnitudes`,
      query:
        `SELECT FLOOR(${name} * 2) / 2 AS bin, COUNT(*) AS n\nFROM ${table.name}\nWHERE ${name} IS NOT NULL\n` +
        `GROUP BY FLOOR(${name} * 2) / 2\nORDER BY bin\n`,
    });
    break;
  }
  if (known.length > 0) {
    examples.push({
      title: "What is here",
      about: "All tables, by TAP_SCHEMA",
      query: "SELECT schema_name, table_name, description\nFROM TAP_SCHEMA.tables\nORDER BY schema_name, table_name\n",
    });
  }
  return examples;
}

/** The first rows of a table. */
export function previewOf(table: string): string {
  return `SELECT TOP 100 *\nFROM ${table}\n`;
}
