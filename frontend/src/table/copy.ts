// SPDX-License-Identifier: BSD-3-Clause
import type { ResultColumn } from "./arrow";
import { exact, type Format } from "./format";
import type { Pages } from "./pages";
import type { Span } from "./selection";

const MOST_CELLS = 500_000;

/** The cells of a span as tab-separated lines with all their digits; NULL is empty. Raises for too many. */
export async function copyText(
  pages: Pages,
  span: Span,
  columns: readonly ResultColumn[],
  formats: readonly Format[],
  withNames: boolean,
): Promise<string> {
  const width = span.columnEnd - span.column;
  if ((span.rowEnd - span.row) * width > MOST_CELLS) {
    throw new Error("Too many cells to copy. Download the result instead.");
  }
  const chosen = Array.from({ length: width }, (_, index) => span.column + index);
  const lines = withNames ? [chosen.map((column) => columns[column]!.name).join("\t")] : [];
  for await (const page of pages.read(span.row, span.rowEnd)) {
    const end = Math.min(span.rowEnd, page.offset + page.rows);
    for (let row = Math.max(span.row, page.offset); row < end; row++) {
      lines.push(chosen.map((column) => text(page.value(row - page.offset, column), formats[column]!)).join("\t"));
    }
  }
  return lines.join("\n");
}

function text(value: unknown, format: Format): string {
  const kind = format.kind === "list" ? format.inner : format.kind;
  // A tab or a line's end inside a value would break the lines.
  return exact(value, kind, format.ticks).replace(/[\t\r\n]+/g, " ");
}
