// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { define } from "../views/define";
import "../views/menu";
import type { MenuItem } from "../views/menu";
import { base, controls } from "../views/style";
import { Watch } from "../views/watch";
import { keep } from "./kept";
import { go, place, signInAddress } from "./place";
import * as session from "./session";
import { THEMES, theme } from "./theme";

const NAMES = { system: "As the system", light: "Light", dark: "Dark" } as const;

/** The bar on top: which instance this is, who is signed in, and what belongs to both. */
export class TopBar extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      header {
        display: flex;
        align-items: center;
        gap: 4px;
        min-height: 46px;
        padding: 0 10px 0 14px;
        border-bottom: 1px solid var(--_line);
        background: var(--_panel);
      }
      .name {
        display: flex;
        align-items: center;
        gap: 9px;
        min-width: 0;
        margin-right: 8px;
        color: var(--_text);
        font-size: 15px;
        font-weight: 650;
        text-decoration: none;
        letter-spacing: -0.01em;
      }
      .name span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .name svg {
        color: var(--_accent);
      }
      .room {
        flex: 1;
      }
      [aria-current="page"] {
        color: var(--_accent);
      }
      .help {
        width: 28px;
        padding: 0;
        color: var(--_muted);
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, () => [session.me.value, theme.value, place.value]);
  }

  private tell(type: string): void {
    this.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  }

  override render(): TemplateResult {
    const me = session.me.value;
    const version = me?.instance.version;
    return html`<header>
      <a class="name" href="/portal" title=${version ? `${session.instanceName.value} ${version}` : nothing}>
        <svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
          <circle cx="10" cy="10" r="8" /><ellipse cx="10" cy="10" rx="3.4" ry="8" /><path d="M2 10h16" />
        </svg>
        <span>${session.instanceName.value}</span>
      </a>
      <span class="room"></span>
      ${me?.user ? this.toNotebooks() : nothing}
      <button class="quiet help" aria-label="Keyboard help" title="Keyboard help (?)" @click=${() => this.tell("sp-help")}>?</button>
      ${me === null ? nothing : me.user ? this.account(me.user.name) : this.visitor()}
    </header>`;
  }

  private themes(prefix = ""): MenuItem[] {
    return THEMES.map((each) => ({
      label: `${prefix}${NAMES[each]}`,
      isChosen: theme.value === each,
      run: () => {
        theme.value = each;
        keep("theme", each);
      },
    }));
  }

  private account(name: string): TemplateResult {
    const items: MenuItem[] = [
      { label: "Tokens", about: "For scripts, pyvo and TOPCAT", run: () => go("/portal/tokens") },
      ...this.themes("Theme: "),
      { label: "Sign out", run: () => this.tell("sp-sign-out") },
    ];
    return html`<sp-menu quiet label=${name} .items=${items} data-testid="account"></sp-menu>`;
  }

  private toNotebooks(): TemplateResult {
    const current = place.value.page === "notebooks" ? "page" : nothing;
    return html`<a class="button quiet" href="/portal/notebooks" aria-current=${current}>Notebooks</a>`;
  }

  private visitor(): TemplateResult {
    return html`
      <sp-menu quiet label="Theme" .items=${this.themes()}></sp-menu>
      ${place.value.page === "sign-in" ? nothing : html`<a class="button" href=${signInAddress()}>Sign in</a>`}
    `;
  }
}

define("sp-top-bar", TopBar);
