// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { messageOf } from "../api/http";
import { quoted } from "../adql/words";
import type { Catalog } from "../catalog/catalog";
import { items, type Item } from "../catalog/tree";
import { count, shortCount } from "../table/format";
import { details } from "./data-details";
import { style } from "./data-browser.style";
import { define } from "./define";
import { icon } from "./icons";
import { base, controls, empty, searchBox } from "./style";
import { Watch } from "./watch";

const ROW = 40;

/**
 * The releases, tables and columns that can be queried, as a tree with a search.
 *
 * Dispatches `sp-insert` with a name, `sp-preview` with a table's name.
 */
export class DataBrowser extends LitElement {
  static override styles = [base, controls, searchBox, empty, style];
  static override properties = {
    catalog: { attribute: false },
    search: { state: true },
    cursor: { state: true },
    top: { state: true },
    height: { state: true },
    searchFailure: { state: true },
  };

  declare catalog: Catalog;
  declare search: string;
  declare cursor: string | null;
  declare private top: number;
  declare private height: number;
  declare private searchFailure: string | null;
  private open = new Set<string>();
  /** The tables whose columns were read for searching. */
  private searched: Catalog["schemas"]["value"] = null;
  private lines: Item[] = [];
  private observer = new ResizeObserver(() => {
    this.height = this.tree?.clientHeight ?? 0;
  });

  constructor() {
    super();
    this.search = "";
    this.cursor = null;
    this.top = 0;
    this.height = 400;
    this.searchFailure = null;
    new Watch(this, () => [
      this.catalog?.schemas.value,
      this.catalog?.known.value,
      this.catalog?.failure.value,
      this.catalog?.keys.value,
    ]);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
  }

  /** Open a table's branch and put the cursor on it. */
  async show(name: string): Promise<void> {
    const table = this.catalog.table(name);
    if (!table) return;
    this.search = "";
    this.open.add(table.schema);
    this.unfold(table.name);
    this.cursor = table.name;
    await this.updateComplete;
    this.reveal();
  }

  private get tree(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".tree");
  }

  protected override willUpdate(): void {
    const schemas = this.catalog.schemas.value ?? [];
    // With few tables all are in sight from the beginning.
    if (this.open.size === 0 && schemas.length > 0) {
      const own = schemas.filter((schema) => !/^(tap_schema|ivoa)$/i.test(schema.name));
      if (own.reduce((sum, schema) => sum + schema.tables.length, 0) <= 40) own.forEach((schema) => this.open.add(schema.name));
    }
    // What was read may have been forgotten, by signing in or out.
    for (const { tables } of schemas) {
      for (const { name } of tables) if (this.open.has(name) && !this.catalog.known.value.has(name)) this.unfold(name);
    }
    void this.readAll();
    this.lines = items(schemas, this.catalog.known.value, this.open, this.search);
  }

  protected override updated(_changed: PropertyValues): void {
    const tree = this.tree;
    if (!tree) return;
    this.observer.observe(tree);
    const holder = tree.querySelector<HTMLElement>(".window")!;
    holder.style.height = `${this.lines.length * ROW}px`;
    for (const line of holder.querySelectorAll<HTMLElement>(".item")) line.style.top = `${Number(line.dataset["index"]) * ROW}px`;
  }

  private unfold(table: string): void {
    this.open.add(table);
    this.catalog.entries(table).catch((error: unknown) => {
      this.open.delete(table);
      this.requestUpdate();
      this.notice(messageOf(error));
    });
  }

  private toggle(item: Item, open = !item.isOpen): void {
    if (item.isOpen === null || this.search) return;
    if (!open) this.open.delete(item.id);
    else if (item.kind === "table") this.unfold(item.id);
    else this.open.add(item.id);
    this.requestUpdate();
  }

  private onSearch(event: Event): void {
    this.search = (event.target as HTMLInputElement).value;
    this.top = 0;
    if (this.tree) this.tree.scrollTop = 0;
    if (this.searchFailure) this.searched = null;
  }

  /** Read the columns of all tables when somebody searches, and again when the tables were read anew. */
  private async readAll(): Promise<void> {
    const schemas = this.catalog.schemas.value;
    if (!this.search || schemas === null || this.searched === schemas) return;
    this.searched = schemas;
    this.searchFailure = "Searching\u2026";
    try {
      await this.catalog.loadAll();
      this.searchFailure = null;
    } catch (error) {
      this.searchFailure = messageOf(error);
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = this.lines.findIndex((line) => line.id === this.cursor);
    const item = this.lines[at];
    const page = Math.max(1, Math.floor(this.height / ROW) - 1);
    const go = (index: number) => {
      this.cursor = this.lines[Math.max(0, Math.min(this.lines.length - 1, index))]?.id ?? null;
      this.reveal();
    };
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(Math.max(0, at - 1)),
      PageDown: () => go(at + page),
      PageUp: () => go(at - page),
      Home: () => go(0),
      End: () => go(this.lines.length - 1),
      ArrowRight: () => {
        if (!item || item.isOpen === null) return;
        if (item.isOpen) go(at + 1);
        else this.toggle(item, true);
      },
      ArrowLeft: () => {
        if (!item) return;
        if (item.isOpen && !this.search) this.toggle(item, false);
        else go(this.lines.findLastIndex((line, index) => index < at && line.level < item.level));
      },
      Enter: () => item && this.use(item),
      " ": () => item && this.toggle(item),
    };
    const key = keys[event.key];
    if (!key) return;
    event.preventDefault();
    key();
  }

  private reveal(): void {
    const at = this.lines.findIndex((line) => line.id === this.cursor);
    const tree = this.tree;
    if (at < 0 || !tree) return;
    if (at * ROW < tree.scrollTop) tree.scrollTop = at * ROW;
    else if ((at + 1) * ROW > tree.scrollTop + tree.clientHeight) tree.scrollTop = (at + 1) * ROW - tree.clientHeight;
  }

  private onClick(item: Item): void {
    const again = this.cursor === item.id;
    this.cursor = item.id;
    if (item.kind === "column") this.use(item);
    else if (again || !item.isOpen) this.toggle(item);
  }

  /** Write the name of a table or column where the editor's cursor is. */
  private use(item: Item): void {
    if (item.kind === "schema") this.toggle(item);
    if (item.kind === "table") this.tell("sp-insert", item.table.name);
    if (item.kind === "column") this.tell("sp-insert", quoted(item.column.name));
  }

  private tell(type: string, detail: string): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  private notice(text: string): void {
    this.tell("sp-notice", text);
  }

  private async copy(text: string): Promise<void> {
    await navigator.clipboard.writeText(text);
    this.notice(`Copied ${text}`);
  }

  override render(): TemplateResult {
    return html`
      <div class="search" role="search">
        ${icon("search")}
        <input
          type="search"
          aria-label="Search tables and columns"
          placeholder="Search tables and columns"
          .value=${this.search}
          @input=${(event: Event) => this.onSearch(event)}
        />
      </div>
      ${this.catalog.schemas.value === null ? this.waiting() : this.content()}
    `;
  }

  private waiting(): TemplateResult {
    const failure = this.catalog.failure.value;
    if (failure) {
      return html`<div class="empty" role="status">
        <p>The list of tables could not be read. ${messageOf(failure)}</p>
        <button @click=${() => void this.catalog.load()}>Try again</button>
      </div>`;
    }
    return html`<div role="status" aria-label="Reading the list of tables">
      ${[0, 1, 2, 3, 4].map((each) => html`<div class="skeleton ${each % 2 ? "short" : ""}"></div>`)}
    </div>`;
  }

  private content(): TemplateResult {
    if (this.lines.length === 0) return this.nothingFound();
    const first = Math.max(0, Math.floor(this.top / ROW) - 4);
    const end = Math.min(this.lines.length, Math.ceil((this.top + this.height) / ROW) + 4);
    const at = this.lines.findIndex((line) => line.id === this.cursor);
    const shown = Array.from({ length: end - first }, (_, index) => first + index);
    // The item that a screen reader is told about must be there, also when it is scrolled away.
    if (at >= 0 && (at < first || at >= end)) shown.push(at);
    return html`
      <div
        class="tree"
        role="tree"
        tabindex="0"
        aria-label="Data"
        aria-activedescendant=${at >= 0 ? `item-${at}` : nothing}
        @keydown=${(event: KeyboardEvent) => this.onKey(event)}
        @scroll=${(event: Event) => (this.top = (event.target as HTMLElement).scrollTop)}
      >
        <div class="window" role="presentation">${shown.map((index) => this.line(this.lines[index]!, index))}</div>
      </div>
      ${this.details(this.lines[at])}
    `;
  }

  private nothingFound(): TemplateResult {
    if (!this.search) {
      return html`<div class="empty">
        <p>No data here yet that you may see.</p>
        <p>An operator adds a table with <code>sciplat ingest catalog</code>; private releases show after signing in.</p>
      </div>`;
    }
    return html`<div class="empty" role="status">
      <p>${this.searchFailure ?? `Nothing is called or described like \u201c${this.search}\u201d.`}</p>
      <button @click=${() => (this.search = "")}>Show all</button>
    </div>`;
  }

  private line(item: Item, index: number): TemplateResult {
    return html`<div
      class="item level${item.level}${aboutOf(item) ? "" : " bare"}"
      role="treeitem"
      id="item-${index}"
      data-index=${index}
      aria-level=${item.level}
      aria-posinset=${item.position}
      aria-setsize=${item.siblings}
      aria-expanded=${item.isOpen === null ? nothing : item.isOpen}
      aria-selected=${item.id === this.cursor}
      data-name=${nameOf(item)}
      @click=${() => this.onClick(item)}
    >
      <span class="twist">${item.isOpen === null ? nothing : icon(item.isOpen ? "down" : "right", 12)}</span>
      ${lineText(item)}
    </div>`;
  }

  private details(item: Item | undefined): TemplateResult | typeof nothing {
    if (!item || item.kind === "waiting") return nothing;
    return details(item, this.catalog.keys.value, this.catalog.known.value, {
      insert: (text) => this.tell("sp-insert", text),
      preview: (table) => this.tell("sp-preview", table),
      copy: (text) => void this.copy(text),
      show: (table) => void this.show(table),
    });
  }
}

/** What a line is about, as it is named in a query. */
function nameOf(item: Item): string {
  if (item.kind === "schema") return item.schema.name;
  if (item.kind === "table") return item.table.name;
  return item.kind === "column" ? `${item.column.table}.${item.column.name}` : "";
}

function aboutOf(item: Item): string {
  if (item.kind === "schema") return item.schema.description;
  if (item.kind === "table") return item.table.description;
  return item.kind === "column" ? item.column.description : "Reading the columns";
}

function lineText(item: Item): TemplateResult {
  const about = aboutOf(item);
  const two = (title: string, note: string, hint = "") =>
    html`<span class="title">${title}</span><span class="note" title=${hint}>${note}</span>${about ? html`<span class="about">${about}</span>` : nothing}`;
  switch (item.kind) {
    case "schema": {
      const { name, tables } = item.schema;
      return two(name, `${tables.length} ${tables.length === 1 ? "table" : "tables"}`);
    }
    case "table": {
      const { rows } = item.table;
      return two(item.shortName, rows === null ? "" : `${shortCount(rows)} ${rowsWord(rows)}`, rows === null ? "" : `${count(rows)} ${rowsWord(rows)}`);
    }
    case "column":
      return two(item.column.name, item.column.unit || item.column.type);
    case "waiting":
      return two("\u2026", "");
  }
}

const rowsWord = (rows: number): string => (rows === 1 ? "row" : "rows");

define("sp-data-browser", DataBrowser);
