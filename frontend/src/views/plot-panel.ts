// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { isAbort, messageOf } from "../api/http";
import { encoding, errorOf, firstChart, isNumber, quoted, type Chart, type Encoding } from "../plot/choice";
import type { PlotSelection } from "../plot/data";
import { look, type Drawing, type Reader } from "../plot/looking";
import type { ResultColumn } from "../table/arrow";
import "./data-plot";
import type { LimitsDetail, SelectDetail } from "./data-plot";
import { define } from "./define";
import { base, controls } from "./style";

/**
 * A plot of a table, with fields for what its axes show: any expression of the table's columns, in ADQL.
 *
 * Tells `sp-highlight` with the number of the row that was clicked, `sp-chart` and `sp-selected` when what is drawn or
 * selected changes.
 */
export class PlotPanel extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
        background: var(--_panel);
      }
      form {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 14px;
        padding: 6px 10px;
        border-bottom: 1px solid var(--_line);
      }
      .axis {
        display: flex;
        align-items: center;
        gap: 6px;
        min-width: 0;
      }
      .axis.wide {
        flex: 1 1 300px;
      }
      .axis > span {
        color: var(--_muted);
      }
      .axis input:not([type="checkbox"]) {
        flex: 3 1 12ch;
        width: 0;
        min-width: 10ch;
        font-family: var(--_mono);
        font-size: 12px;
      }
      .axis input.error:not([type="checkbox"]) {
        flex-grow: 1;
      }
      label.tick {
        display: inline-flex;
        align-items: center;
        gap: 4px;
        color: var(--_muted);
      }
      input[type="checkbox"] {
        min-height: 0;
        margin: 0;
        accent-color: var(--_accent);
      }
      sp-plot {
        flex: 1;
      }
    `,
  ];
  static override properties = {
    reader: { attribute: false },
    columns: { attribute: false },
    highlighted: { attribute: false },
    chart: { state: true },
    selection: { state: true },
    drawing: { state: true },
    trouble: { state: true },
    isBusy: { state: true },
  };

  /** Where rows come from; null while there are none. */
  declare reader: Reader | null;
  declare columns: readonly ResultColumn[];
  declare highlighted: number | null;
  private declare chart: Chart | null;
  private declare selection: PlotSelection | null;
  private declare drawing: Drawing | null;
  private declare trouble: string | null;
  private declare isBusy: boolean;
  private asking: AbortController | null = null;

  constructor() {
    super();
    this.reader = null;
    this.columns = [];
    this.highlighted = null;
    this.chart = null;
    this.selection = null;
    this.drawing = null;
    this.trouble = null;
    this.isBusy = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.asking?.abort();
  }

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has("reader") && !changed.has("columns")) return;
    this.chart = firstChart(this.columns);
    this.selection = null;
    this.drawing = null;
    this.trouble = this.columns.length > 0 && !this.chart ? "No column of this table is a number." : null;
  }

  override updated(changed: PropertyValues): void {
    if (["reader", "columns", "chart", "selection"].some((name) => changed.has(name))) void this.read();
  }

  private async read(): Promise<void> {
    this.asking?.abort();
    const { chart, reader } = this;
    if (!chart || !reader) return;
    const asking = (this.asking = new AbortController());
    this.isBusy = true;
    try {
      const { clientWidth, clientHeight } = this.renderRoot.querySelector("sp-plot")!;
      const size = { width: clientWidth || 600, height: clientHeight || 400 };
      const drawing = await look(chart, this.selection, size, reader, asking.signal);
      if (asking.signal.aborted) return;
      this.drawing = drawing;
      this.trouble = null;
    } catch (error) {
      if (isAbort(error) || asking.signal.aborted) return;
      this.drawing = null;
      this.trouble = messageOf(error);
    }
    if (this.asking === asking) this.isBusy = false;
  }

  protected override render(): TemplateResult {
    const { chart } = this;
    const axis = (side: "x" | "y") => ({ label: chart?.[side].expression ?? "" });
    return html`
      ${chart ? this.fields(chart) : nothing}
      <sp-plot
        .data=${this.drawing?.data ?? null}
        .x=${this.drawing?.x ?? axis("x")}
        .y=${this.drawing?.y ?? axis("y")}
        .selection=${this.selection}
        .highlighted=${this.highlighted}
        ?busy=${this.isBusy}
        .trouble=${this.trouble}
        @sp-select=${(event: CustomEvent<SelectDetail>) => this.select(event.detail)}
        @sp-limits=${(event: CustomEvent<LimitsDetail>) => this.limit(event.detail)}
      ></sp-plot>
    `;
  }

  private fields(chart: Chart): TemplateResult {
    const names = this.columns.filter(isNumber).map((column) => quoted(column.name));
    const isHistogram = chart.form === "histogram";
    return html`<form @submit=${(event: Event) => event.preventDefault()}>
      <label class="axis"
        ><span>Show</span>
        <select @change=${(event: Event) => this.change({ form: (event.target as HTMLSelectElement).value as Chart["form"] })}>
          <option value="auto" ?selected=${!isHistogram}>Points</option>
          <option value="histogram" ?selected=${isHistogram}>Histogram</option>
        </select></label
      >
      ${this.axisFields("x", chart.x, true)} ${isHistogram ? this.logOnly(chart.y) : this.axisFields("y", chart.y, true)}
      <datalist id="columns">${names.map((name) => html`<option value=${name}></option>`)}</datalist>
    </form>`;
  }

  private axisFields(side: "x" | "y", axis: Encoding, hasError: boolean): TemplateResult {
    return html`<div class="axis wide" role="group" aria-label="${side} axis">
      <span aria-hidden="true">${side}</span>
      <input
        list="columns"
        aria-label="${side}: a column, or an expression"
        title="A column, or an expression of columns in ADQL, such as g_mag - r_mag"
        spellcheck="false"
        autocomplete="off"
        .value=${axis.expression}
        @change=${(event: Event) => this.express(side, (event.target as HTMLInputElement).value)}
      />
      ${hasError && this.chart?.form !== "histogram"
        ? html`<input
            class="error"
            list="columns"
            aria-label="Error of ${side}"
            placeholder="± error"
            spellcheck="false"
            autocomplete="off"
            .value=${axis.error}
            @change=${(event: Event) => this.encode(side, { error: (event.target as HTMLInputElement).value.trim() })}
          />`
        : nothing}
      ${this.tick(side, "log", "log", axis.log)} ${this.tick(side, "reversed", "flip", axis.reversed)}
    </div>`;
  }

  private logOnly(axis: Encoding): TemplateResult {
    return html`<div class="axis" role="group" aria-label="Rows"><span>rows</span>${this.tick("y", "log", "log", axis.log)}</div>`;
  }

  private tick(side: "x" | "y", what: "log" | "reversed", word: string, isOn: boolean): TemplateResult {
    return html`<label class="tick"
      ><input
        type="checkbox"
        .checked=${isOn}
        @change=${(event: Event) => this.encode(side, { [what]: (event.target as HTMLInputElement).checked, low: null, high: null })}
      />${word}</label
    >`;
  }

  /** Show another expression, with the error that its column has. */
  private express(side: "x" | "y", text: string): void {
    const expression = text.trim();
    if (!expression || !this.chart) return;
    const column = this.columns.find(({ name }) => quoted(name) === expression);
    const error = column ? errorOf(column, this.columns) : null;
    this.selection = null;
    this.change({ [side]: encoding(expression, { error: error ? quoted(error.name) : "", log: this.chart[side].log }) });
  }

  private encode(side: "x" | "y", also: Partial<Encoding>): void {
    if (this.chart) this.change({ [side]: { ...this.chart[side], ...also } });
  }

  private change(also: Partial<Chart>): void {
    const { chart } = this;
    if (!chart) return;
    const form = also.form ?? chart.form;
    // Who comes from a histogram has said nothing of the other axis yet.
    const y = also.y ?? (form !== "histogram" && !chart.y.expression ? (firstChart(this.columns)?.y ?? chart.y) : chart.y);
    if (also.form && also.form !== chart.form) this.selection = null;
    if (form !== "histogram" && !y.expression) {
      this.trouble = "This table has one number a row: a histogram shows it.";
      this.requestUpdate();
      return;
    }
    this.chart = { ...chart, ...also, y };
    this.dispatchEvent(new CustomEvent("sp-chart", { detail: this.chart, bubbles: true, composed: true }));
  }

  private limit({ x, y }: LimitsDetail): void {
    const { chart } = this;
    if (!chart) return;
    const ends = (limits: readonly [number, number] | null) => ({ low: limits?.[0] ?? null, high: limits?.[1] ?? null });
    this.chart = { ...chart, x: { ...chart.x, ...ends(x) }, y: chart.form === "histogram" ? chart.y : { ...chart.y, ...ends(y) } };
  }

  private select({ selection, final }: SelectDetail): void {
    // What is only being drawn is shown by the plot itself; rows are counted when it is done.
    if (!final) return;
    this.selection = selection;
    this.dispatchEvent(new CustomEvent("sp-selected", { detail: selection, bubbles: true, composed: true }));
  }
}

define("sp-plot-panel", PlotPanel);
