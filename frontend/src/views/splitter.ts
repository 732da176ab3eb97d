// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, type TemplateResult } from "lit";
import { define } from "./define";
import { base } from "./style";

const STEP = 24;

/** A bar between two panes, moved by pointer or arrow keys. Dispatches `sp-move` with the new size in pixels. */
export class Splitter extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        position: relative;
        z-index: 3;
        display: block;
        background: var(--_line);
        touch-action: none;
      }
      div {
        position: absolute;
        border-radius: 3px;
      }
      /* Wider than the line that it moves, never longer: the page must not scroll sideways. */
      .upright {
        inset: 0 -3px;
        cursor: col-resize;
      }
      .flat {
        inset: -3px 0;
        cursor: row-resize;
      }
      div:hover,
      div:focus-visible,
      div.held {
        background: var(--_accent);
        background-clip: content-box;
        padding: 2px;
        outline: none;
      }
    `,
  ];
  static override properties = {
    upright: { type: Boolean },
    size: { type: Number },
    least: { type: Number },
    most: { type: Number },
    label: {},
  };

  /** Between left and right, not between above and below. */
  declare upright: boolean;
  /** Of the pane before the bar. */
  declare size: number;
  declare least: number;
  declare most: number;
  declare label: string;
  private isHeld = false;

  constructor() {
    super();
    this.upright = false;
    this.size = 200;
    this.least = 100;
    this.most = 800;
    this.label = "Size";
  }

  private move(size: number): void {
    const detail = Math.round(Math.max(this.least, Math.min(this.most, size)));
    this.dispatchEvent(new CustomEvent("sp-move", { detail }));
  }

  private onKey(event: KeyboardEvent): void {
    const [less, more] = this.upright ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const sizes: Record<string, number> = {
      [less!]: this.size - STEP,
      [more!]: this.size + STEP,
      Home: this.least,
      End: this.most,
    };
    const size = sizes[event.key];
    if (size === undefined) return;
    event.preventDefault();
    this.move(size);
  }

  private onPointer(event: PointerEvent): void {
    event.preventDefault();
    const bar = event.currentTarget as HTMLElement;
    bar.focus();
    bar.setPointerCapture(event.pointerId);
    const at = (each: PointerEvent) => (this.upright ? each.clientX : each.clientY);
    const begin = at(event) - this.size;
    const drag = (move: PointerEvent) => this.move(at(move) - begin);
    this.isHeld = true;
    this.requestUpdate();
    bar.addEventListener("pointermove", drag);
    bar.addEventListener(
      "lostpointercapture",
      () => {
        bar.removeEventListener("pointermove", drag);
        this.isHeld = false;
        this.requestUpdate();
      },
      { once: true },
    );
  }

  override render(): TemplateResult {
    return html`<div
      class="${this.upright ? "upright" : "flat"} ${this.isHeld ? "held" : ""}"
      role="separator"
      tabindex="0"
      aria-label=${this.label}
      aria-orientation=${this.upright ? "vertical" : "horizontal"}
      aria-valuenow=${this.size}
      aria-valuemin=${this.least}
      aria-valuemax=${this.most}
      @keydown=${(event: KeyboardEvent) => this.onKey(event)}
      @pointerdown=${(event: PointerEvent) => this.onPointer(event)}
    ></div>`;
  }
}

define("sp-splitter", Splitter);
