// SPDX-License-Identifier: BSD-3-Clause
import { KEYWORDS } from "./words";

const WORDS: ReadonlySet<string> = new Set(KEYWORDS);

const CLAUSES: ReadonlySet<string> = new Set(["SELECT", "FROM", "JOIN", "ON", "USING", "WHERE", "HAVING", "BY"]);

/** A table that a query reads, under the name by which its columns are called. */
export interface Source {
  table: string;
  alias: string;
}

interface Token {
  text: string;
  kind: "word" | "quoted" | "string" | "number" | "sign";
  start: number;
  end: number;
}

const TOKEN = /--[^\n]*|\s+|"(?:[^"]|"")*"?|'(?:[^']|'')*'?|[A-Za-z_][A-Za-z0-9_]*|\d[\d.eE]*|[^\s]/g;

/** The words and signs of a query, without comments. Never fails: what is unfinished ends at the end. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const part = match[0];
    if (/^\s/.test(part) || part.startsWith("--")) continue;
    const kind = part.startsWith('"')
      ? "quoted"
      : part.startsWith("'")
        ? "string"
        : /^[A-Za-z_]/.test(part)
          ? "word"
          : /^\d/.test(part)
            ? "number"
            : "sign";
    found.push({ text: part, kind, start: match.index, end: match.index + part.length });
  }
  return found;
}

const ENDS_TABLES = new Set(
  "WHERE GROUP HAVING ORDER OFFSET UNION EXCEPT INTERSECT SELECT ON USING JOIN LEFT RIGHT FULL INNER CROSS NATURAL OUTER".split(" "),
);

const isName = (token: Token | undefined): token is Token => token?.kind === "word" || token?.kind === "quoted";

/** The tables named after FROM and JOIN anywhere in a query, with their aliases. */
export function sources(text: string): Source[] {
  const all = tokens(text);
  const found: Source[] = [];
  for (let index = 0; index < all.length; index++) {
    const word = all[index]!.kind === "word" ? all[index]!.text.toUpperCase() : "";
    if (word !== "FROM" && word !== "JOIN") continue;
    let at = index + 1;
    for (;;) {
      const read = source(all, at);
      if (!read) break;
      found.push(read.source);
      at = read.next;
      if (word !== "FROM" || all[at]?.text !== ",") break;
      at++;
    }
  }
  return found;
}

function source(all: Token[], at: number): { source: Source; next: number } | null {
  if (!isName(all[at]) || ENDS_TABLES.has(all[at]!.text.toUpperCase())) return null;
  const parts = [all[at]!.text];
  at++;
  while (all[at]?.text === "." && isName(all[at + 1])) {
    parts.push(all[at + 1]!.text);
    at += 2;
  }
  const table = parts.join(".");
  let alias = parts.at(-1)!;
  if (all[at]?.text.toUpperCase() === "AS" && isName(all[at + 1])) at++;
  const next = all[at];
  if (isName(next) && (next.kind === "quoted" || !ENDS_TABLES.has(next.text.toUpperCase()))) {
    alias = next.text;
    at++;
  }
  return { source: { table, alias }, next: at };
}

/** What stands before the cursor: the names before its dots, the part being typed, and whether a table is due. */
export interface Place {
  path: string[];
  typed: string;
  start: number;
  wantsTable: boolean;
  /** Inside a string or a comment nothing is offered. */
  isText: boolean;
}

export function placeOf(text: string, position: number): Place {
  const before = text.slice(0, position);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const all = tokens(before);
  const last = all.at(-1);
  const isOpenString = last?.kind === "string" && last.end === position && !/^'(?:[^']|'')*'$/.test(last.text);
  const isText = isOpenString || /--/.test(line.replace(/'[^']*'/g, ""));
  let at = all.length - 1;
  let typed = "";
  let start = position;
  if (isName(last) && last.end === position) {
    typed = last.text;
    start = last.start;
    at--;
  }
  const path: string[] = [];
  while (all[at]?.text === "." && isName(all[at - 1])) {
    path.unshift(all[at - 1]!.text);
    at -= 2;
  }
  return { path, typed, start, wantsTable: wantsTable(all.slice(0, at + 1)), isText };
}

function wantsTable(before: Token[]): boolean {
  const last = before.at(-1);
  if (!last) return false;
  const word = last.text.toUpperCase();
  if (word === "FROM" || word === "JOIN") return true;
  if (last.text !== ",") return false;
  // A comma in a list of tables: no clause has begun since FROM.
  for (let index = before.length - 1; index >= 0; index--) {
    const text = before[index]!.text.toUpperCase();
    if (text === "FROM") return true;
    if (text === "(" || text === ")" || ENDS_TABLES.has(text)) return false;
  }
  return false;
}

/** Where a position given by line and column (from 1, in characters) is in a text. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let number = 1; number < line; number++) {
    const end = text.indexOf("\n", start);
    if (end < 0) break;
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  return Math.min(start + Math.max(0, column - 1), end < 0 ? text.length : end);
}

/** The piece of text that an error is about: as long as it says, or the word there; never empty. */
export function extentOf(text: string, line: number, column: number, length: number | null): [from: number, to: number] {
  const from = offsetOf(text, line, column);
  const word = /^(?:[A-Za-z0-9_]+|"[^"\n]*"|'[^'\n]*'|[^\s])/.exec(text.slice(from))?.[0].length ?? 0;
  const to = Math.min(text.length, from + (length ?? word));
  if (to > from) return [from, to];
  // At the end of the text or of a line: mark the character before.
  return from > 0 ? [from - 1, from] : [0, Math.min(1, text.length)];
}

/** A refused query may say its place in words only: "(line 3, column 8)". */
export function placeIn(message: string): { line: number | null; column: number | null; length: null } {
  const match = /\bline (\d+),? column (\d+)/i.exec(message);
  return { line: match ? Number(match[1]) : null, column: match ? Number(match[2]) : null, length: null };
}

/** How to write a name at a place: from where on, and with the comma and spaces that it needs. */
export function fitted(text: string, position: number, end: number, name: string): { from: number; insert: string } {
  const before = tokens(text.slice(0, position));
  const last = before.at(-1);
  const gap = text.slice(last?.end ?? 0, position);
  const after = /\w/.test(text.charAt(end)) ? " " : "";
  const isTop = last?.kind === "number" && before.at(-2)?.text.toUpperCase() === "TOP";
  const clause = before.findLast((token) => token.kind === "word" && CLAUSES.has(token.text.toUpperCase()))?.text.toUpperCase();
  const isList = clause === "SELECT" || clause === "FROM" || clause === "BY";
  const isItem =
    isList && last !== undefined && !isTop && (last.text === ")" || (last.kind !== "sign" && !WORDS.has(last.text.toUpperCase())));
  if (isItem) return { from: last.end, insert: `,${gap || " "}${name}${after}` };
  const space = gap || !last || last.text === "(" || last.text === "." ? "" : " ";
  return { from: position, insert: space + name + after };
}
