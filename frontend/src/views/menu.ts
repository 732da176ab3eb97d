// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { define } from "./define";
import { icon, type IconName } from "./icons";
import { base, controls } from "./style";

/** One line of a menu: something to do, or something to download. */
export interface MenuItem {
  label: string;
  about?: string;
  href?: string;
  /** The name of the file that `href` is saved as. */
  file?: string;
  run?: () => void;
  isChosen?: boolean;
}

/** A button that opens a list of things to do. Dispatches `sp-opening` before it opens. */
export class Menu extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: inline-block;
      }
      [popover] {
        position: fixed;
        inset: auto;
        margin: 0;
        min-width: 180px;
        max-width: min(380px, calc(100vw - 16px));
        max-height: 70vh;
        overflow: auto;
        padding: 4px;
        border: 1px solid var(--_edge);
        border-radius: 8px;
        background: var(--_panel);
        color: var(--_text);
        box-shadow: 0 8px 28px rgb(0 0 0 / 0.2);
      }
      [role^="menuitem"] {
        display: grid;
        justify-content: start;
        justify-items: start;
        gap: 0;
        width: 100%;
        padding: 6px 10px;
        border: 0;
        border-radius: 5px;
        background: none;
        text-align: left;
        white-space: normal;
      }
      [role^="menuitem"]:hover,
      [role^="menuitem"]:focus {
        background: var(--_hover);
        outline-offset: -2px;
      }
      [aria-checked="true"] {
        color: var(--_accent);
      }
      small {
        color: var(--_muted);
        font-size: 12px;
        font-weight: 400;
      }
      p {
        padding: 8px 10px;
        color: var(--_muted);
      }
    `,
  ];
  static override properties = { label: {}, icon: {}, quiet: { type: Boolean }, empty: {}, items: { attribute: false } };

  declare label: string;
  declare icon: IconName | "";
  declare quiet: boolean;
  /** What stands in a menu without items. */
  declare empty: string;
  declare items: readonly MenuItem[];

  constructor() {
    super();
    this.label = "Menu";
    this.icon = "";
    this.quiet = false;
    this.empty = "Nothing here";
    this.items = [];
  }

  private get list(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>("[popover]")!;
  }

  private get lines(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  }

  private open(): void {
    this.dispatchEvent(new Event("sp-opening"));
    this.list.showPopover();
    this.put();
    this.lines[0]?.focus();
  }

  private put(): void {
    const button = this.renderRoot.querySelector("button")!.getBoundingClientRect();
    const list = this.list.getBoundingClientRect();
    const below = button.bottom + 4;
    const top = below + list.height > innerHeight - 8 ? Math.max(8, button.top - 4 - list.height) : below;
    const left = Math.max(8, Math.min(button.left, innerWidth - 8 - list.width));
    this.list.style.top = `${top}px`;
    this.list.style.left = `${left}px`;
  }

  protected override updated(): void {
    if (!this.list.matches(":popover-open")) return;
    this.put();
    // Items may come after the menu has opened.
    if (!this.list.contains((this.renderRoot as ShadowRoot).activeElement)) this.lines[0]?.focus();
  }

  private close(): void {
    this.list.hidePopover();
    this.renderRoot.querySelector("button")!.focus();
  }

  private onKey(event: KeyboardEvent): void {
    const lines = this.lines;
    const at = lines.indexOf((this.renderRoot as ShadowRoot).activeElement as HTMLElement);
    const to: Record<string, number> = {
      ArrowDown: (at + 1) % lines.length,
      ArrowUp: (at - 1 + lines.length) % lines.length,
      Home: 0,
      End: lines.length - 1,
    };
    if (event.key === "Tab") this.list.hidePopover();
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
      return;
    }
    const target = to[event.key];
    if (target === undefined) return;
    event.preventDefault();
    lines[target]?.focus();
  }

  private onToggle(event: ToggleEvent): void {
    const button = this.renderRoot.querySelector("button")!;
    button.setAttribute("aria-expanded", String(event.newState === "open"));
  }

  private use(item: MenuItem): void {
    this.close();
    item.run?.();
  }

  override render(): TemplateResult {
    return html`
      <button
        class=${this.quiet ? "quiet" : ""}
        aria-haspopup="menu"
        aria-expanded="false"
        @click=${() => (this.list.matches(":popover-open") ? this.close() : this.open())}
      >
        ${this.icon ? icon(this.icon) : nothing} ${this.label} ${icon("down", 10)}
      </button>
      <div
        popover="auto"
        role=${this.items.length ? "menu" : nothing}
        aria-label=${this.label}
        @keydown=${(event: KeyboardEvent) => this.onKey(event)}
        @toggle=${(event: ToggleEvent) => this.onToggle(event)}
      >
        ${this.items.length ? this.items.map((item) => this.line(item)) : html`<p>${this.empty}</p>`}
      </div>
    `;
  }

  private line(item: MenuItem): TemplateResult {
    const text = html`<span>${item.label}</span>${item.about ? html`<small>${item.about}</small>` : nothing}`;
    if (item.href) {
      return html`<a
        class="button"
        role="menuitem"
        tabindex="-1"
        href=${item.href}
        download=${item.file ?? nothing}
        @click=${() => this.close()}
        >${text}</a
      >`;
    }
    const choice = item.isChosen !== undefined;
    return html`<button
      role=${choice ? "menuitemradio" : "menuitem"}
      tabindex="-1"
      aria-checked=${choice ? item.isChosen! : nothing}
      @click=${() => this.use(item)}
    >
      ${text}
    </button>`;
  }
}

define("sp-menu", Menu);
