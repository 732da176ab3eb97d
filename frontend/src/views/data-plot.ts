// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, svg, unsafeCSS, type PropertyValues, type TemplateResult } from "lit";
import frameStyle from "uplot/dist/uPlot.min.css?inline";
import { axesOf } from "../plot/axes";
import { moved, zoomed } from "../plot/axis";
import { Chart, type Axes } from "../plot/chart";
import type { AxisLook, PlotData, PlotSelection } from "../plot/data";
import { boxOf, isClick, lassoOf, outlineOf, pixelAt, placeAt, rangesOf, valueAt, type Frame, type Tool } from "../plot/gestures";
import type { Corner } from "../plot/lasso";
import { Nearest } from "../plot/nearest";
import { paint, paintMark, type Place } from "../plot/paint";
import { paletteOf, type Palette } from "../plot/palette";
import { amounts, figures, summary } from "../plot/words";
import { style } from "./data-plot.style";
import { define } from "./define";
import { drag } from "./drag";
import { icon, type IconName } from "./icons";
import { base, controls } from "./style";

/** What `sp-select` tells: what was drawn, null for nothing, and whether the pointer has been let go. */
export interface SelectDetail {
  selection: PlotSelection | null;
  final: boolean;
}

/** What `sp-limits` tells: between what the axes are now; null for all of the data. */
export interface LimitsDetail {
  x: readonly [number, number] | null;
  y: readonly [number, number] | null;
}

const TOOLS: readonly { tool: Tool; name: string; icon: IconName; key: string }[] = [
  { tool: "select", name: "Select", icon: "box", key: "s" },
  { tool: "lasso", name: "Lasso", icon: "lasso", key: "l" },
  { tool: "zoom", name: "Zoom in", icon: "closer", key: "z" },
  { tool: "pan", name: "Move", icon: "move", key: "m" },
];

/**
 * Rows as points with errors, as a density or as a histogram, on two axes.
 *
 * It draws what it is given and tells what people do: `sp-select`, `sp-highlight` (the row that was clicked, or
 * null), `sp-limits`. Whoever owns it decides what comes of that, and sets its properties.
 */
export class DataPlot extends LitElement {
  static override styles = [unsafeCSS(frameStyle), base, controls, style];
  static override properties = {
    data: { attribute: false },
    x: { attribute: false },
    y: { attribute: false },
    selection: { attribute: false },
    highlighted: { attribute: false },
    busy: { type: Boolean },
    trouble: {},
    tool: { state: true },
    drawing: { state: true },
    readout: { state: true },
  };

  declare data: PlotData | null;
  declare x: AxisLook;
  declare y: AxisLook;
  declare selection: PlotSelection | null;
  /** The number of a row in its table. */
  declare highlighted: number | null;
  declare busy: boolean;
  /** Why nothing can be shown, in words. */
  declare trouble: string | null;
  private declare tool: Tool;
  private declare drawing: readonly Corner[] | null;
  private declare readout: string;

  private chart: Chart | null = null;
  private axes: Axes;
  private palette: Palette | null = null;
  private nearest: Nearest | null = null;
  private telling = 0;
  private readonly sizes = new ResizeObserver(() => this.resize());
  private readonly themes = new MutationObserver(() => this.renew());
  private readonly darkness = matchMedia("(prefers-color-scheme: dark)");
  private readonly renew = () => {
    this.chart?.destroy();
    this.chart = null;
    this.requestUpdate("data");
  };

  constructor() {
    super();
    this.data = null;
    this.x = { label: "" };
    this.y = { label: "" };
    this.selection = null;
    this.highlighted = null;
    this.busy = false;
    this.trouble = null;
    this.tool = "select";
    this.drawing = null;
    this.readout = "";
    this.axes = axesOf(null, this.x, this.y);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.darkness.addEventListener("change", this.renew);
    if (this.hasUpdated) this.sizes.observe(this.room);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes.disconnect();
    this.themes.disconnect();
    this.darkness.removeEventListener("change", this.renew);
    cancelAnimationFrame(this.telling);
    this.chart?.destroy();
    this.chart = null;
  }

  override firstUpdated(): void {
    this.sizes.observe(this.room);
    this.over.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
  }

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has("data") && !changed.has("x") && !changed.has("y")) return;
    this.axes = axesOf(this.data, this.x, this.y);
    if (this.data?.kind === "histogram" && this.tool === "lasso") this.tool = "select";
  }

  override updated(changed: PropertyValues): void {
    const isSeen = ["data", "x", "y", "highlighted"].some((name) => changed.has(name));
    if (isSeen || !this.chart) this.draw();
  }

  /** Show all of the data. */
  fit(): void {
    this.tellLimits(null);
  }

  /** Where a row's point is, in pixels from the corner of the frame; null where it has none. */
  pointOf(row: number): { x: number; y: number } | null {
    const point = this.pointAtRow(row);
    if (!point || !this.chart) return null;
    const { frame, axes } = this;
    return { x: pixelAt(point[0], true, axes, frame) - frame.left, y: pixelAt(point[1], false, axes, frame) - frame.top };
  }

  protected override render(): TemplateResult {
    const isEmpty = !this.data || this.data.total === 0;
    const heading = summary(this.data, this.x, this.y, this.selection);
    return html`
      <div class="tools" role="toolbar" aria-label="Plot">
        ${TOOLS.map((each) => this.toolButton(each))}
        <span class="space"></span>
        <button class="quiet icon" title="Show all (0)" aria-label="Show all" @click=${() => this.fit()}>${icon("fit")}</button>
        <button
          class="quiet icon"
          title="Select nothing (Esc)"
          aria-label="Select nothing"
          ?disabled=${!this.selection}
          @click=${() => this.tellSelection(null, true)}
        >
          ${icon("close")}
        </button>
      </div>
      <div class="plot" tabindex="0" role="group" aria-label=${heading} @keydown=${this.onKey}>
        <div class="chart" aria-hidden="true"></div>
        <svg
          class="over"
          data-tool=${this.tool}
          aria-hidden="true"
          @pointerdown=${this.onDown}
          @pointermove=${this.onMove}
          @pointerleave=${() => (this.readout = "")}
          @dblclick=${() => this.fit()}
        >
          ${this.outline()}
        </svg>
        ${this.trouble ? html`<p class="notice bad" role="alert"><span>${this.trouble}</span></p>` : nothing}
        ${!this.trouble && isEmpty ? html`<p class="notice"><span>${this.busy ? "Counting rows…" : "There are no rows to draw."}</span></p>` : nothing}
        ${this.busy ? html`<div class="busy" role="progressbar" aria-label="Drawing"></div>` : nothing}
      </div>
      <div class="foot">${this.readout || amounts(this.data, this.selection)} </div>
    `;
  }

  private toolButton(each: (typeof TOOLS)[number]): TemplateResult {
    const isOff = each.tool === "lasso" && this.data?.kind === "histogram";
    return html`<button
      class="quiet icon"
      role="radio"
      aria-checked=${this.tool === each.tool}
      aria-label=${each.name}
      title="${each.name} (${each.key.toUpperCase()})"
      ?disabled=${isOff}
      @click=${() => (this.tool = each.tool)}
    >
      ${icon(each.icon)}
    </button>`;
  }

  /** The outline of what is being drawn, or else of what is selected. */
  private outline(): TemplateResult | typeof nothing {
    if (!this.chart) return nothing;
    const drawn = this.drawing;
    if (drawn) return svg`<polygon class="shape ${this.tool === "zoom" ? "closer" : ""}" points=${drawn.join(" ")}></polygon>`;
    if (!this.selection) return nothing;
    return svg`<polygon class="shape" points=${outlineOf(this.selection, this.axes, this.frame).join(" ")}></polygon>`;
  }

  private get room(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>(".chart")!;
  }

  private get over(): SVGElement {
    return this.renderRoot.querySelector<SVGElement>(".over")!;
  }

  private get frame(): Frame {
    return this.chart!.inside;
  }

  private draw(): void {
    if (!this.room.isConnected || this.room.clientWidth === 0) return;
    this.nearest = null;
    if (this.chart && !this.chart.show(this.axes)) {
      this.chart.destroy();
      this.chart = null;
    }
    if (!this.chart) {
      this.palette = paletteOf(this.renderRoot.querySelector<HTMLElement>(".plot")!);
      this.chart = new Chart(this.room, this.axes, this.palette, (context, place) => this.paint(context, place));
    }
    // What is drawn over the chart lies where the chart has its frame.
    this.requestUpdate();
  }

  private paint(context: CanvasRenderingContext2D, place: Place): void {
    if (!this.data || !this.palette) return;
    paint(context, this.data, place, this.palette);
    const point = this.highlighted === null ? null : this.pointAtRow(this.highlighted);
    if (point) paintMark(context, point[0], point[1], place, this.palette);
  }

  private pointAtRow(row: number): Corner | null {
    const { data } = this;
    if (data?.kind !== "points") return null;
    const index = data.rows ? Array.prototype.indexOf.call(data.rows, row) : row;
    return index >= 0 && index < data.x.length ? [data.x[index]!, data.y[index]!] : null;
  }

  private resize(): void {
    if (this.chart) {
      this.chart.resize(this.room);
      this.nearest = null;
      this.requestUpdate();
    } else this.draw();
  }

  private at(event: MouseEvent): Corner {
    const { left, top } = this.room.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  private onDown(event: PointerEvent): void {
    if (event.button !== 0 || !this.chart || !this.data) return;
    const from = this.at(event);
    if (this.tool === "pan") this.pan(from);
    else if (this.tool === "lasso") this.drawLasso(from);
    else this.drawBox(from);
  }

  private drawBox(from: Corner): void {
    const { axes, frame } = this;
    const isCloser = this.tool === "zoom";
    const only = this.data?.kind === "histogram" ? "x" : null;
    let box = boxOf(from, from, frame, only);
    drag(
      (event) => {
        box = boxOf(from, this.at(event), frame, only);
        if (isClick(box)) return;
        const ranges = rangesOf(box, axes, frame);
        this.drawing = outlineOf(ranges, axes, frame);
        if (!isCloser) this.tellSelection(ranges, false);
      },
      () => {
        this.drawing = null;
        if (isClick(box)) this.pointAt(from);
        else if (isCloser) this.tellLimits(rangesOf(box, axes, frame));
        else this.tellSelection(rangesOf(box, axes, frame), true);
      },
    );
  }

  private drawLasso(from: Corner): void {
    const { axes, frame } = this;
    const drawn: Corner[] = [from];
    drag(
      (event) => {
        drawn.push(this.at(event));
        this.drawing = [...drawn];
      },
      () => {
        this.drawing = null;
        const lasso = lassoOf(drawn, axes, frame);
        if (lasso) this.tellSelection(lasso, true);
        else this.pointAt(from);
      },
    );
  }

  private pan(from: Corner): void {
    const { axes, frame } = this;
    drag((event) => {
      const to = this.at(event);
      const by = (isX: boolean) => {
        const side = isX ? 0 : 1;
        return placeAt(from[side], isX, axes, frame) - placeAt(to[side], isX, axes, frame);
      };
      const x = moved(axes.x, by(true));
      const y = moved(axes.y, this.data?.kind === "histogram" ? 0 : by(false));
      this.tellLimits({ x: [x.low, x.high], y: [y.low, y.high] });
    });
  }

  /** A click points at the row that is there, or at none. */
  private pointAt(at: Corner): void {
    this.tell("sp-highlight", { row: this.rowAt(at) });
  }

  private rowAt([x, y]: Corner): number | null {
    const { data } = this;
    if (data?.kind !== "points") return null;
    this.nearest ??= new Nearest(
      Float64Array.from(data.x, (value) => pixelAt(value, true, this.axes, this.frame)),
      Float64Array.from(data.y, (value) => pixelAt(value, false, this.axes, this.frame)),
    );
    const point = this.nearest.find(x, y);
    return point === null ? null : (data.rows?.[point] ?? point);
  }

  private onMove(event: PointerEvent): void {
    if (!this.chart || !this.data) return;
    const [x, y] = this.at(event);
    const { left, top, width, height } = this.frame;
    const isInside = x >= left && x <= left + width && y >= top && y <= top + height;
    this.readout = isInside ? figures(this.data, valueAt(x, true, this.axes, this.frame), valueAt(y, false, this.axes, this.frame)) : "";
  }

  private onWheel(event: WheelEvent): void {
    if (!this.chart || !this.data || event.deltaY === 0) return;
    event.preventDefault();
    const [x, y] = this.at(event);
    this.closer(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), placeAt(x, true, this.axes, this.frame), placeAt(y, false, this.axes, this.frame));
  }

  private closer(factor: number, xPlace = 0.5, yPlace = 0.5): void {
    const inside = (place: number) => Math.max(0, Math.min(1, place));
    const x = zoomed(this.axes.x, inside(xPlace), factor);
    const y = this.data?.kind === "histogram" ? this.axes.y : zoomed(this.axes.y, inside(yPlace), factor);
    this.tellLimits({ x: [x.low, x.high], y: [y.low, y.high] });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tool = TOOLS.find(({ key }) => key === event.key.toLowerCase());
    const steps: Record<string, readonly [number, number]> = {
      ArrowLeft: [-0.1, 0],
      ArrowRight: [0.1, 0],
      ArrowDown: [0, -0.1],
      ArrowUp: [0, 0.1],
    };
    const step = steps[event.key];
    if (step) {
      const x = moved(this.axes.x, this.axes.x.reversed ? -step[0] : step[0]);
      const y = moved(this.axes.y, this.axes.y.reversed ? -step[1] : step[1]);
      this.tellLimits({ x: [x.low, x.high], y: [y.low, y.high] });
    } else if (event.key === "+" || event.key === "=") this.closer(0.8);
    else if (event.key === "-") this.closer(1.25);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape" && this.selection) this.tellSelection(null, true);
    else if (tool && !(tool.tool === "lasso" && this.data?.kind === "histogram")) this.tool = tool.tool;
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private tellLimits(limits: LimitsDetail | null): void {
    this.tell("sp-limits", { x: limits?.x ?? null, y: limits?.y ?? null } satisfies LimitsDetail);
  }

  /** Tell at once what is final, and the rest as often as the screen is drawn. */
  private tellSelection(selection: PlotSelection | null, final: boolean): void {
    cancelAnimationFrame(this.telling);
    const detail: SelectDetail = { selection, final };
    if (final) this.tell("sp-select", detail);
    else this.telling = requestAnimationFrame(() => this.tell("sp-select", detail));
  }

  private tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

define("sp-plot", DataPlot);
