// SPDX-License-Identifier: BSD-3-Clause
import { html, nothing, type TemplateResult } from "lit";
import type { ResultColumn } from "../table/arrow";
import { exact, show, type Format } from "../table/format";

/** All of a value, for reading; empty while it is not here. */
export function full(value: unknown, format: Format): string {
  if (value === undefined) return "";
  return value === null ? "NULL" : exact(value, format.kind === "list" ? format.inner : format.kind, format.ticks);
}

/** One cell; `value` is undefined while its page is on the way. */
export function cell(
  row: number,
  column: number,
  value: unknown,
  format: Format,
  isChosen: boolean,
  isCursor: boolean,
): TemplateResult {
  const kind = [`cell c${column}`];
  if (format.numeric) kind.push("number");
  if (value === undefined) kind.push("waiting");
  else if (value === null) kind.push("null");
  else if (typeof value === "number" && !Number.isFinite(value)) kind.push("odd");
  if (isChosen) kind.push("chosen");
  if (isCursor) kind.push("cursor");
  return html`<div
    class=${kind.join(" ")}
    role="gridcell"
    id=${`cell-${row}-${column}`}
    aria-colindex=${column + 2}
    aria-selected=${isChosen}
    data-column=${column}
    title=""
    .textContent=${value === undefined ? "" : show(value, format)}
  ></div>`;
}

/** The line below a table: the value under the cursor with all digits, and what its column is. */
export function readout(column: ResultColumn | undefined, value: string): TemplateResult {
  if (!column) return html`<div class="readout"><span class="about">Choose a cell to read its full value.</span></div>`;
  return html`<div class="readout" data-testid="readout">
    <span>${column.name}</span><code>${value}</code>${column.unit ? html`<span>${column.unit}</span>` : nothing}
    <span class="about">${[column.description, column.ucd].filter(Boolean).join(" \u00b7 ")}</span>
  </div>`;
}
