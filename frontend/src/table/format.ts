// SPDX-License-Identifier: BSD-3-Clause
import type { Kind, Page, ResultColumn } from "./arrow";

/** How many decimals a column of real numbers shows; null where its values differ too much for one number. */
export type Decimals = number | null;

/** What a column needs to show its values, found once from its first page. */
export interface Format {
  kind: Kind;
  inner: Kind;
  decimals: Decimals;
  ticks: bigint;
  numeric: boolean;
}

const SAMPLE = 200;

/** Find how to show a column from its description and some of its values. */
export function formatOf(column: ResultColumn, values: Iterable<unknown>): Format {
  return {
    kind: column.kind,
    inner: column.inner ?? "text",
    decimals: decimalsOf(column, values),
    ticks: column.ticks ?? 1_000_000n,
    numeric: column.kind === "integer" || column.kind === "float" || column.kind === "double",
  };
}

/** The formats of all columns of a page. */
export function formatsOf(page: Page): Format[] {
  const rows = Math.min(page.rows, SAMPLE);
  return page.columns.map((column, index) =>
    formatOf(
      column,
      Array.from({ length: rows }, (_, row) => page.value(row, index)),
    ),
  );
}

/**
 * Six figures of the largest value, so that a column lines up at its point; angles keep a milli-arcsecond.
 */
export function decimalsOf(column: ResultColumn, values: Iterable<unknown>): Decimals {
  let largest = 0;
  let smallest = Infinity;
  let whole = true;
  for (const value of values) {
    if (typeof value !== "number" || !Number.isFinite(value) || value === 0) continue;
    largest = Math.max(largest, Math.abs(value));
    smallest = Math.min(smallest, Math.abs(value));
    whole &&= Number.isInteger(value);
  }
  const angle = column.unit === "deg" && column.kind === "double";
  if (largest === 0) return angle ? 7 : 1;
  if (angle && largest < 1000 && /^pos/.test(column.ucd ?? "pos")) return 7;
  if (whole && largest < 1e9) return 0;
  const power = Math.floor(Math.log10(largest));
  // Beyond these, fixed decimals would be a row of zeros.
  if (power >= 9 || power < -4 || Math.log10(largest / smallest) > 7) return null;
  return Math.max(1, 5 - power);
}

/** Show one value in the little room of a cell. */
export function show(value: unknown, format: Format): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "number" && (format.kind === "float" || format.kind === "double")) {
    return real(value, format.decimals);
  }
  if (format.kind === "list") return `[${Array.from(value as Iterable<unknown>, (item) => exact(item, format.inner)).join(" ")}]`;
  return exact(value, format.kind, format.ticks);
}

function real(value: number, decimals: Decimals): string {
  if (!Number.isFinite(value)) return special(value);
  if (value === 0) return decimals === null ? "0" : (0).toFixed(decimals);
  if (decimals === null) {
    const size = Math.abs(value);
    return minus(size >= 1e-3 && size < 999_999 ? value.toPrecision(6) : value.toExponential(5).replace("e+", "e"));
  }
  const fixed = value.toFixed(decimals);
  // A value much smaller than its neighbours, or finer than them, says what it is all the same.
  const lost = Math.abs(Number(fixed) - value) > Math.abs(value) * 5e-3;
  if (lost) return minus(value.toExponential(3).replace("e+", "e"));
  return minus(fixed);
}

function minus(text: string): string {
  return text.replace(/-/g, "\u2212");
}

function special(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "\u2212Inf";
}

/** All of a value, as it can be pasted into a program. */
export function exact(value: unknown, kind: Kind, ticks = 1_000_000n): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "bigint") return kind === "time" ? time(value, ticks) : value.toString();
  if (kind === "date" && typeof value === "number") return new Date(value).toISOString().slice(0, 10);
  if (typeof value === "number") return kind === "float" ? single(value) : plain(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (value instanceof Uint8Array) {
    return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  if (typeof value === "string") return value;
  if (typeof value === "object" && Symbol.iterator in value) {
    return `[${Array.from(value as Iterable<unknown>, (item) => exact(item, kind)).join(", ")}]`;
  }
  return String(value);
}

function plain(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return String(value).replace("Infinity", "Inf");
}

/** The shortest decimal that is this 32-bit number and no other. */
function single(value: number): string {
  if (!Number.isFinite(value)) return plain(value);
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return String(shorter);
  }
  return String(Number(value.toPrecision(9)));
}

function time(value: bigint, ticks: bigint): string {
  const fraction = ((value % ticks) + ticks) % ticks;
  const seconds = (value - fraction) / ticks;
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return value.toString();
  const digits = ticks === 1n ? "" : fraction.toString().padStart(ticks.toString().length - 1, "0").replace(/0+$/, "");
  return date.toISOString().slice(0, 19) + (digits && `.${digits}`);
}

const COUNT = new Intl.NumberFormat("en");

/** A count for people: 482,193. */
export function count(value: number): string {
  return COUNT.format(value);
}

/** A short count: 4.8 M. */
export function shortCount(value: number): string {
  if (value < 10_000) return count(value);
  const [scale, letter] = value < 1e6 ? [1e3, "k"] : value < 1e9 ? [1e6, "M"] : [1e9, "G"];
  const scaled = value / scale;
  return `${scaled < 100 ? scaled.toFixed(1) : Math.round(scaled)} ${letter}`;
}

/** A size in bytes for people. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const scaled = bytes / 1000 ** power;
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

/** A time span in seconds for people. */
export function span(seconds: number): string {
  if (seconds < 0.9995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** How long ago a moment was, for people. */
export function ago(moment: string, now = Date.now()): string {
  const seconds = (now - Date.parse(utc(moment))) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/** An ISO time without a zone is UTC, as in all VO documents. */
export function utc(moment: string): string {
  return /(Z|[+-]\d\d:?\d\d)$/.test(moment) ? moment : `${moment}Z`;
}
