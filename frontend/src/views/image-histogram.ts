// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, svg, type TemplateResult } from "lit";
import type { Histogram } from "../image/stretch";
import { define } from "./define";
import { drag } from "./drag";
import { figure } from "./image-overlay";
import { base } from "./style";

const HEIGHT = 72;

/** How many pixels have which values, with the two cuts to be moved. Dispatches `sp-cuts` with both. */
export class ImageHistogram extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: block;
        position: relative;
        height: 76px;
        touch-action: none;
      }
      svg {
        display: block;
        width: 100%;
        height: 72px;
        border: 1px solid var(--_line);
        border-radius: 4px;
        background: var(--_raised);
      }
      path {
        fill: var(--_muted);
      }
      rect {
        fill: var(--_accent);
        opacity: 0.16;
      }
      .cut {
        position: absolute;
        top: 0;
        width: 15px;
        height: 76px;
        margin-left: -7.5px;
        cursor: ew-resize;
        border-radius: 3px;
      }
      .cut::before {
        content: "";
        position: absolute;
        left: 6.5px;
        top: 1px;
        bottom: 3px;
        width: 2px;
        background: var(--_accent);
      }
      .cut::after {
        content: "";
        position: absolute;
        left: 3px;
        bottom: 0;
        width: 9px;
        height: 9px;
        border-radius: 50%;
        background: var(--_accent);
      }
    `,
  ];
  static override properties = { histogram: { attribute: false }, cuts: { attribute: false }, unit: {} };

  declare histogram: Histogram | null;
  declare cuts: readonly [number, number];
  declare unit: string;

  constructor() {
    super();
    this.histogram = null;
    this.cuts = [0, 1];
    this.unit = "";
  }

  protected override updated(): void {
    const [low, high] = this.renderRoot.querySelectorAll<HTMLElement>(".cut");
    low!.style.left = `${100 * this.share(this.cuts[0])}%`;
    high!.style.left = `${100 * this.share(this.cuts[1])}%`;
  }

  private get range(): readonly [number, number] {
    return this.histogram ? [this.histogram.low, this.histogram.high] : this.cuts;
  }

  private share(value: number): number {
    const [low, high] = this.range;
    return Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
  }

  private set(which: 0 | 1, value: number): void {
    const [low, high] = this.cuts;
    const least = (this.range[1] - this.range[0]) / 1000;
    const detail: [number, number] = which === 0 ? [Math.min(value, high - least), high] : [low, Math.max(value, low + least)];
    this.dispatchEvent(new CustomEvent("sp-cuts", { detail }));
  }

  private onPointer(event: PointerEvent, which: 0 | 1): void {
    if (event.button !== 0) return;
    const box = this.getBoundingClientRect();
    const [low, high] = this.range;
    (event.currentTarget as HTMLElement).focus();
    event.preventDefault();
    drag((move) => this.set(which, low + (high - low) * Math.max(0, Math.min(1, (move.clientX - box.left) / box.width))));
  }

  private onKey(event: KeyboardEvent, which: 0 | 1): void {
    const [low, high] = this.range;
    const step = (high - low) / (event.shiftKey ? 20 : 100);
    const steps: Record<string, number> = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step };
    const by = steps[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.set(which, this.cuts[which] + by);
  }

  override render(): TemplateResult {
    const [low, high] = this.cuts.map((each) => 100 * this.share(each)) as [number, number];
    return html`
      <svg viewBox="0 0 100 ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
        ${svg`<rect x=${low} y="0" width=${Math.max(0, high - low)} height=${HEIGHT}></rect><path d=${this.outline()}></path>`}
      </svg>
      ${this.handle(0, "Lower cut")} ${this.handle(1, "Upper cut")}
    `;
  }

  private handle(which: 0 | 1, label: string): TemplateResult {
    const [low, high] = this.range;
    return html`<div
      class="cut"
      role="slider"
      tabindex="0"
      aria-label=${label}
      aria-valuemin=${low}
      aria-valuemax=${high}
      aria-valuenow=${this.cuts[which]}
      aria-valuetext=${`${figure(Number(this.cuts[which].toPrecision(4)))} ${this.unit}`.trim()}
      @pointerdown=${(event: PointerEvent) => this.onPointer(event, which)}
      @keydown=${(event: KeyboardEvent) => this.onKey(event, which)}
    ></div>`;
  }

  /** Counts by their logarithm: few bright pixels matter as much as many of the sky. */
  private outline(): string {
    const counts = this.histogram?.counts ?? [];
    const most = Math.log1p(Math.max(1, ...counts));
    const width = 100 / Math.max(1, counts.length);
    const tops = counts.map((count, index) => {
      const y = HEIGHT - (Math.log1p(count) / most) * (HEIGHT - 6);
      return `L${(index * width).toFixed(2)} ${y.toFixed(2)}h${width.toFixed(2)}`;
    });
    return `M0 ${HEIGHT}${tops.join("")}L100 ${HEIGHT}Z`;
  }
}

define("sp-image-histogram", ImageHistogram);
