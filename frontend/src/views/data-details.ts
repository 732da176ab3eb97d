// SPDX-License-Identifier: BSD-3-Clause
import { html, nothing, type TemplateResult } from "lit";
import { quoted } from "../adql/words";
import type { ColumnEntry, KeyEntry } from "../catalog/entry";
import type { Item } from "../catalog/tree";
import { count } from "../table/format";
import { icon } from "./icons";

/** What can be done with what is described. */
export interface Actions {
  insert(text: string): void;
  preview(table: string): void;
  copy(text: string): void;
  show(table: string): void;
}

type Described = Exclude<Item, { kind: "waiting" }>;

/** All that is known of one release, table or column. */
export function details(
  item: Described,
  keys: readonly KeyEntry[],
  columns: ReadonlyMap<string, readonly ColumnEntry[]>,
  act: Actions,
): TemplateResult {
  switch (item.kind) {
    case "schema":
      return card(item.schema.name, item.schema.description, [["Tables", String(item.schema.tables.length)]], nothing);
    case "table":
      return tableCard(item.table, keys, columns, act);
    case "column":
      return columnCard(item.column, keys, act);
  }
}

type Fact = [string, string | TemplateResult];

function card(title: string, about: string, facts: Fact[], actions: TemplateResult | typeof nothing): TemplateResult {
  return html`<section class="details" aria-label="About ${title}">
    <h2>${title}</h2>
    ${about ? html`<p>${about}</p>` : nothing}
    ${facts.length ? html`<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>` : nothing}
    ${actions}
  </section>`;
}

function tableCard(
  table: Extract<Described, { kind: "table" }>["table"],
  keys: readonly KeyEntry[],
  columns: ReadonlyMap<string, readonly ColumnEntry[]>,
  act: Actions,
): TemplateResult {
  const facts: Fact[] = [];
  if (table.rows !== null) facts.push(["Rows", count(table.rows)]);
  const known = columns.get(table.name);
  if (known) facts.push(["Columns", count(known.length)]);
  for (const key of keys.filter(({ from }) => from === table.name)) facts.push(["Points at", keyLink(key, act)]);
  return card(
    table.name,
    table.description,
    facts,
    html`<div class="actions">
      <button class="primary" @click=${() => act.preview(table.name)}>${icon("eye")} Preview</button>
      <button @click=${() => act.insert(table.name)}>${icon("plus")} Insert</button>
      <button @click=${() => act.copy(table.name)}>${icon("copy")} Copy name</button>
    </div>`,
  );
}

function columnCard(column: ColumnEntry, keys: readonly KeyEntry[], act: Actions): TemplateResult {
  const facts: Fact[] = [["Type", column.type]];
  if (column.unit) facts.push(["Unit", column.unit]);
  if (column.ucd) facts.push(["UCD", column.ucd]);
  if (column.isIndexed) facts.push(["Indexed", "yes: conditions on it are fast"]);
  for (const key of keys) {
    if (key.from === column.table && key.columns.some(([here]) => here === column.name)) facts.push(["Points at", keyLink(key, act)]);
  }
  const qualified = `${column.table}.${quoted(column.name)}`;
  return card(
    column.name,
    column.description,
    facts,
    html`<div class="actions">
      <button @click=${() => act.insert(quoted(column.name))}>${icon("plus")} Insert</button>
      <button @click=${() => act.copy(qualified)}>${icon("copy")} Copy name</button>
    </div>`,
  );
}

function keyLink(key: KeyEntry, act: Actions): TemplateResult {
  const on = key.columns.map(([here, there]) => (here === there ? here : `${here} = ${there}`)).join(", ");
  return html`<button class="link" @click=${() => act.show(key.target)}>${key.target}</button> (${on})`;
}
