// SPDX-License-Identifier: BSD-3-Clause
import type { ResultColumn } from "../table/arrow";

/** What is drawn of a table: expressions of its columns in ADQL, and how. */
export interface Chart {
  form: Form;
  x: Encoding;
  /** A histogram has none. */
  y: Encoding;
}

/** `auto` draws points while they are few enough to be told apart, else a density. */
export type Form = "auto" | "histogram";

export interface Encoding {
  expression: string;
  /** As long as the bar to each side; empty for none. */
  error: string;
  log: boolean;
  reversed: boolean;
  low: number | null;
  high: number | null;
}

export const encoding = (expression: string, also: Partial<Encoding> = {}): Encoding => ({
  ...{ expression, error: "", log: false, reversed: false, low: null, high: null },
  ...also,
});

/** A column as it stands in an expression: quoted where ADQL needs it. */
export function quoted(name: string): string {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** What somebody most likely wants to see first; null where there are no two numbers a row. */
export function firstChart(columns: readonly ResultColumn[]): Chart | null {
  const numbers = columns.filter(isNumber);
  const [first] = numbers;
  if (!first) return null;
  const time = numbers.find((column) => ucdOf(column).startsWith("time.epoch") || /mjd/i.test(column.name));
  const flux = numbers.find((column) => column !== time && /^phot\.(flux|mag)/.test(ucdOf(column)));
  if (time && flux) return pair(axisOf(time), axisOf(flux, columns));
  const [ra, dec] = [positionOf(numbers, "ra"), positionOf(numbers, "dec")];
  if (ra && dec) return pair({ ...axisOf(ra), reversed: true }, axisOf(dec));
  const measured = numbers.filter((column) => !isName(column));
  const [one, other] = measured.length > 1 ? measured : numbers;
  if (one && other) return pair(axisOf(one), axisOf(other, columns));
  return { form: "histogram", x: axisOf(first), y: encoding("") };
}

/** The column with the error of another, by its UCD or as surveys call it. */
export function errorOf(column: ResultColumn, columns: readonly ResultColumn[]): ResultColumn | null {
  const name = column.name.toLowerCase();
  const names = new Set([`${name}err`, `${name}_err`, `${name}_error`, `${name}error`, `e_${name}`, `sigma_${name}`]);
  return columns.find((each) => isNumber(each) && names.has(each.name.toLowerCase())) ?? null;
}

export function isNumber(column: ResultColumn): boolean {
  return column.kind === "integer" || column.kind === "float" || column.kind === "double";
}

const pair = (x: Encoding, y: Encoding): Chart => ({ form: "auto", x, y });

/** Magnitudes grow to the faint, and are drawn so that bright is up. */
function axisOf(column: ResultColumn, columns: readonly ResultColumn[] = []): Encoding {
  const error = errorOf(column, columns);
  return encoding(quoted(column.name), {
    error: error ? quoted(error.name) : "",
    reversed: column.unit === "mag" && !/arith/.test(ucdOf(column)) && !/color|colour/.test(ucdOf(column)),
  });
}

function positionOf(columns: readonly ResultColumn[], axis: "ra" | "dec"): ResultColumn | undefined {
  const all = columns.filter((column) => ucdOf(column).startsWith(`pos.eq.${axis}`));
  return all.find((column) => ucdOf(column).includes("meta.main")) ?? all[0];
}

/** Whether a number is only a name, which nobody draws. */
function isName(column: ResultColumn): boolean {
  return /^meta\.(id|record|code|version)/.test(ucdOf(column)) || /id$/i.test(column.name);
}

const ucdOf = (column: ResultColumn): string => (column.ucd ?? "").toLowerCase();
