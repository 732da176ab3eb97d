// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, type TemplateResult } from "lit";
import { ConnectionError, isAbort, messageOf } from "../api/http";
import { page as fetchPage } from "../api/results";
import type { ResultColumn } from "../table/arrow";
import { copyText } from "../table/copy";
import { formatsOf, show, type Format } from "../table/format";
import { Pages } from "../table/pages";
import { isInside, moved, spanOf, type Cell, type Selection, type Span } from "../table/selection";
import { Viewport } from "../table/viewport";
import { Widths } from "../table/widths";
import { define } from "./define";
import { drag } from "./drag";
import { cell, full, readout } from "./result-cell";
import { style } from "./result-table.style";
import { textWidth } from "./ruler";
import type { Store } from "./store";
import { memoryStore } from "./store";
import { base, controls } from "./style";

const ROW = 26;
const HEAD = 44;

/** Where the rows are, and how many: the store's `result`. */
export interface ResultSource {
  url: string;
  rows: number;
}

/**
 * A table of any length. Reads `result` from its store, keeps the selected cells in `selection`.
 *
 * Dispatches `sp-notice` with a sentence for people, and `sp-columns` once the columns are known.
 */
export class ResultTable extends LitElement {
  static override styles = [base, controls, style];
  static override properties = { store: { attribute: false }, label: {} };

  declare store: Store;
  declare label: string;

  columns: ResultColumn[] = [];
  private formats: Format[] = [];
  private pages: Pages | null = null;
  private readonly view = new Viewport(ROW);
  private trouble: string | null = null;
  private timer = 0;
  private held: number | null = null;
  private hovered: HTMLElement | null = null;
  private touched = -Infinity;
  private readonly sheet = new CSSStyleSheet();
  private stops: (() => void)[] = [];
  private observer = new ResizeObserver(() => this.measure());

  constructor() {
    super();
    this.store = memoryStore();
    this.label = "Result";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.stops = [
      this.store.on("result", () => this.open()),
      this.store.on("selection", () => this.requestUpdate()),
    ];
    this.open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.stops) stop();
    this.observer.disconnect();
    this.pages?.close();
    clearTimeout(this.timer);
  }

  override firstUpdated(): void {
    const root = this.renderRoot as ShadowRoot;
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, this.sheet];
    const scroller = this.scroller;
    scroller.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.observer.observe(scroller);
    this.measure();
  }

  /** Put the cursor on a row, counted from 0, and show it. */
  goTo(row: number): void {
    const cursor = { row: Math.max(0, Math.min(this.view.scale.rows - 1, row)), column: this.cursor?.column ?? 0 };
    this.moveTo(cursor.row * ROW - this.view.height / 2);
    this.select({ anchor: cursor, cursor });
    this.scroller.focus();
  }

  /** A value by the name of its column; undefined where there is no such column, or its page is not here. */
  valueIn(row: number, name: string): unknown {
    const column = this.columns.findIndex((each) => each.name.toLowerCase() === name);
    return column < 0 ? undefined : this.pages?.value(row, column);
  }

  /** The selected cells as tab-separated text, with names where asked. */
  async copy(withNames = false): Promise<void> {
    if (!this.pages || !this.selection) {
      this.notice("Choose cells first: click one, then Shift and click another.");
      return;
    }
    try {
      const text = await copyText(this.pages, spanOf(this.selection), this.columns, this.formats, withNames);
      await navigator.clipboard.writeText(text);
      this.notice("Copied");
    } catch (error) {
      this.notice(messageOf(error));
    }
  }

  private get scroller(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>(".scroller")!;
  }

  private get gutter(): number {
    return 24 + 7 * Math.max(2, String(this.view.scale.rows).length);
  }

  private get selection(): Selection | null {
    return (this.store.get("selection") as Selection | null | undefined) ?? null;
  }

  private get cursor(): Cell | null {
    return this.selection?.cursor ?? null;
  }

  private open(): void {
    this.pages?.close();
    const source = this.store.get("result") as ResultSource | null | undefined;
    this.columns = [];
    this.formats = [];
    this.trouble = null;
    this.view.open(source?.rows ?? 0);
    this.pages = source ? new Pages((offset, limit, signal) => fetchPage(source.url, offset, limit, signal), source.rows) : null;
    if (this.hasUpdated) this.scroller.scrollTo(0, 0);
    this.requestUpdate();
    if (source) void this.want();
  }

  private measure(): void {
    const { clientWidth, clientHeight } = this.scroller;
    this.view.width = clientWidth - this.gutter;
    this.view.height = Math.max(0, clientHeight - HEAD);
    this.requestUpdate();
    this.wantSoon(0);
  }

  private async want(): Promise<void> {
    const pages = this.pages;
    if (!pages) return;
    const [first, end] = this.view.rows;
    try {
      await pages.want(Math.max(0, first - 20), end + 40);
      this.trouble = null;
    } catch (error) {
      if (isAbort(error)) return;
      this.trouble = messageOf(error);
      if (error instanceof ConnectionError) this.wantSoon(3000);
    }
    if (pages !== this.pages) return;
    if (this.columns.length === 0) this.learn(pages);
    this.requestUpdate();
  }

  private wantSoon(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.want(), milliseconds);
  }

  private learn(pages: Pages): void {
    const page = pages.holding(0) ?? pages.holding(this.view.rows[0]);
    if (!page) return;
    this.columns = page.columns;
    this.formats = formatsOf(page);
    this.view.widths = new Widths(
      page.columns.map((column, index) => {
        const rows = Array.from({ length: Math.min(60, page.rows) }, (_, row) => row);
        const texts = rows.map((row) => show(page.value(row, index), this.formats[index]!));
        // Rows further down may be written with powers of ten where the first ones are not.
        if (this.formats[index]!.decimals === null && this.formats[index]!.numeric && column.kind !== "integer") texts.push("-0.00000e-00");
        return Math.max(64, Math.min(340, this.widest(column.name, texts, column.unit)));
      }),
    );
    this.layOut();
    this.measure();
    this.dispatchEvent(new CustomEvent("sp-columns", { detail: this.columns }));
  }

  private layOut(): void {
    const { widths } = this.view;
    const rules = this.columns.map(
      (_, column) => `.c${column}{left:${widths.start(column)}px;width:${widths.width(column)}px}`,
    );
    this.sheet.replaceSync(rules.join(""));
  }

  private onScroll(): void {
    const { scrollTop, scrollLeft } = this.scroller;
    const moved = this.view.follow(scrollTop, scrollLeft, performance.now() - this.touched < 1500);
    // Who drags the bar far passes many pages that nobody will see.
    if (moved) this.wantSoon(moved > 20 * this.view.height ? 60 : 0);
    this.requestUpdate();
  }

  private onWheel(event: WheelEvent): void {
    // A squeezed scroll bar would leap over rows at each notch.
    if (!this.view.scale.isSqueezed || event.ctrlKey || event.shiftKey || event.deltaY === 0) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? ROW : event.deltaMode === 2 ? this.view.height : 1;
    this.moveTo(this.view.top + event.deltaY * unit);
    if (event.deltaX) this.scroller.scrollLeft += event.deltaX;
  }

  private moveTo(top: number): void {
    this.scroller.scrollTop = this.view.moveTo(top);
    this.wantSoon(0);
    this.requestUpdate();
  }

  private select(selection: Selection): void {
    this.store.set("selection", selection);
    this.moveTo(this.view.revealRow(selection.cursor.row));
    this.scroller.scrollLeft = this.view.revealColumn(selection.cursor.column);
  }

  private onKey(event: KeyboardEvent): void {
    const { rows } = this.view.scale;
    if (this.columns.length === 0 || rows === 0) return;
    const cursor = this.cursor ?? { row: this.view.rows[0], column: 0 };
    const far = event.ctrlKey || event.metaKey;
    if (far && event.key.toLowerCase() === "a") {
      const last = { row: rows - 1, column: this.columns.length - 1 };
      this.store.set("selection", { anchor: last, cursor: { row: 0, column: 0 } });
      event.preventDefault();
      return;
    }
    if (event.altKey && event.shiftKey && event.key.startsWith("Arrow")) {
      const step = event.key === "ArrowRight" ? 16 : event.key === "ArrowLeft" ? -16 : 0;
      this.widen(cursor.column, this.view.widths.width(cursor.column) + step);
      event.preventDefault();
      return;
    }
    if (event.altKey) return;
    const target = moved(event.key, cursor, rows, this.columns.length, this.view.pageRows, far);
    if (!target) return;
    event.preventDefault();
    const from = this.cursor ? target : cursor;
    this.select({ anchor: event.shiftKey ? (this.selection?.anchor ?? cursor) : from, cursor: from });
  }

  /** Who comes by Tab must see where the keys will lead from. */
  private onFocus(): void {
    if (this.cursor || this.columns.length === 0 || this.view.scale.rows === 0) return;
    const cursor = { row: Math.ceil(this.view.top / ROW), column: 0 };
    this.store.set("selection", { anchor: cursor, cursor });
  }

  private onCopy(event: ClipboardEvent): void {
    if (!this.selection) return;
    event.preventDefault();
    void this.copy();
  }

  private onPointer(event: PointerEvent): void {
    if (event.button !== 0) return;
    const cell = this.cellAt(event);
    if (!cell) return;
    this.select({ anchor: event.shiftKey ? (this.selection?.anchor ?? cell) : cell, cursor: cell });
    if (event.pointerType !== "mouse") return;
    drag((move) => {
      const to = this.cellAt(move);
      if (to && this.selection) this.select({ anchor: this.selection.anchor, cursor: to });
    });
  }

  private cellAt(event: Event): Cell | null {
    const element = (event.composedPath()[0] as Element | undefined)?.closest<HTMLElement>("[data-column]");
    const row = element?.closest<HTMLElement>("[data-row]")?.dataset["row"];
    return element && row !== undefined ? { row: Number(row), column: Number(element.dataset["column"]) } : null;
  }

  private onHover(event: PointerEvent): void {
    const cell = this.cellAt(event);
    const element = event.composedPath()[0] as HTMLElement;
    if (!cell) return;
    element.title = this.full(cell);
    this.hovered = element;
  }

  private full({ row, column }: Cell): string {
    const format = this.formats[column];
    return format ? full(this.pages?.value(row, column), format) : "";
  }

  private widen(column: number, width: number): void {
    this.view.widths.resize(column, width);
    this.layOut();
    this.requestUpdate();
  }

  private onGrip(event: PointerEvent, column: number): void {
    event.preventDefault();
    event.stopPropagation();
    const begin = event.clientX - this.view.widths.width(column);
    this.held = column;
    drag(
      (move) => this.widen(column, move.clientX - begin),
      () => {
        this.held = null;
        this.requestUpdate();
      },
    );
  }

  /** As wide as the widest value in sight. */
  private fit(column: number): void {
    const [first, end] = this.view.rows;
    const texts: string[] = [];
    for (let row = first; row < end; row++) {
      const value = this.pages?.value(row, column);
      if (value !== undefined) texts.push(show(value, this.formats[column]!));
    }
    this.widen(column, this.widest(this.columns[column]!.name, texts));
  }

  /** The room that a column needs for its name and values, in pixels. */
  private widest(name: string, texts: readonly string[], unit = ""): number {
    const family = getComputedStyle(this).fontFamily;
    const longest = texts.reduce((most, text) => (text.length > most.length ? text : most), "");
    const width = (font: string, text: string) => textWidth(`${font} ${family}`, text);
    return 24 + Math.max(width("600 12.5px", name), width("12.5px", longest), width("11px", unit));
  }

  private notice(text: string): void {
    this.dispatchEvent(new CustomEvent("sp-notice", { detail: text, bubbles: true, composed: true }));
  }

  protected override updated(): void {
    // Elements are used again for other rows: what was said of the old one must go.
    this.hovered?.setAttribute("title", "");
    this.hovered = null;
    const { view, gutter } = this;
    const part = (name: string) => this.renderRoot.querySelector<HTMLElement>(name)!.style;
    const layer = part(".layer");
    layer.height = `${view.height + HEAD}px`;
    layer.width = `${view.width + gutter}px`;
    layer.setProperty("--shift", `${gutter - view.left}px`);
    layer.setProperty("--gutter", `${gutter}px`);
    const sizer = part(".sizer");
    sizer.height = `${Math.max(0, view.scale.tall - view.height)}px`;
    sizer.width = `${gutter + view.widths.total}px`;
    part(".body").transform = `translateY(${-(view.top % ROW)}px)`;
  }

  override render(): TemplateResult {
    const [first, end] = this.view.rows;
    const [left, right] = this.view.columns;
    const rows = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
    const columns = Array.from({ length: right - left }, (_, index) => left + index);
    const span = this.selection ? spanOf(this.selection) : null;
    return html`
      ${this.trouble
        ? html`<div class="trouble" role="status">
            ${this.trouble} <button @click=${() => void this.want()}>Try again</button>
          </div>`
        : nothing}
      <div
        class="scroller"
        role="grid"
        tabindex="0"
        aria-label=${this.label}
        aria-multiselectable="true"
        aria-readonly="true"
        aria-rowcount=${this.view.scale.rows + 1}
        aria-colcount=${this.columns.length + 1}
        aria-activedescendant=${this.cursor ? `cell-${this.cursor.row}-${this.cursor.column}` : nothing}
        @scroll=${() => this.onScroll()}
        @keydown=${(event: KeyboardEvent) => this.onKey(event)}
        @focus=${() => this.onFocus()}
        @touchstart=${() => (this.touched = performance.now())}
        @touchmove=${() => (this.touched = performance.now())}
        @copy=${(event: ClipboardEvent) => this.onCopy(event)}
        @pointerdown=${(event: PointerEvent) => this.onPointer(event)}
        @pointerover=${(event: PointerEvent) => this.onHover(event)}
      >
        <div class="layer" role="presentation">
          <div class="head" role="rowgroup">
            <div class="row" role="row" aria-rowindex="1">
              <div class="gutter" role="columnheader" aria-colindex="1"><span class="visually-hidden">Row</span></div>
              <div class="cells" role="presentation">${columns.map((column) => this.header(column))}</div>
            </div>
          </div>
          <div class="body" role="rowgroup">${rows.map((row) => this.row(row, columns, span))}</div>
        </div>
        <div class="sizer" role="presentation"></div>
      </div>
      ${readout(this.columns[this.cursor?.column ?? -1], this.cursor ? this.full(this.cursor) : "")}
    `;
  }

  private header(column: number): TemplateResult {
    const facts = this.columns[column]!;
    const about = [facts.description, facts.ucd, facts.datatype].filter(Boolean).join("\n");
    return html`<div
      class="name c${column} ${this.formats[column]!.numeric ? "number" : ""}"
      role="columnheader"
      aria-colindex=${column + 2}
      title=${about}
    >
      <b>${facts.name}</b><small>${facts.unit ?? "\u00a0"}</small>
      <span
        class="grip ${this.held === column ? "held" : ""}"
        @pointerdown=${(event: PointerEvent) => this.onGrip(event, column)}
        @dblclick=${() => this.fit(column)}
      ></span>
    </div>`;
  }

  private row(row: number, columns: number[], span: Span | null): TemplateResult {
    return html`<div class="row" role="row" aria-rowindex=${row + 2} data-row=${row}>
      <div class="gutter" role="rowheader" aria-colindex="1">${row + 1}</div>
      <div class="cells" role="presentation">${columns.map((column) =>
          cell(
            row,
            column,
            this.pages?.value(row, column),
            this.formats[column]!,
            span !== null && isInside(span, row, column),
            this.cursor?.row === row && this.cursor.column === column,
          ),
        )}</div>
    </div>`;
  }
}

define("sp-result-table", ResultTable);
