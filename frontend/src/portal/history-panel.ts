// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { messageOf } from "../api/http";
import { define } from "../views/define";
import { icon } from "../views/icons";
import "../views/query-list";
import { base, controls, empty, searchBox } from "../views/style";
import { Watch } from "../views/watch";
import type { Past } from "./past";
import { signInAddress } from "./place";
import * as session from "./session";

const PAUSE_MILLISECONDS = 250;

/** What the user asked before, from whichever Aspect, and a search in it. */
export class HistoryPanel extends LitElement {
  static override styles = [
    base,
    controls,
    searchBox,
    empty,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
      }
      .found {
        flex: 1;
        min-height: 0;
        overflow: auto;
      }
      .found[aria-busy="true"] {
        opacity: 0.7;
      }
      sp-query-list {
        overflow: visible;
      }
      .more {
        padding: 10px 12px;
      }
    `,
  ];
  static override properties = { past: { attribute: false } };

  declare past: Past;
  private timer = 0;

  constructor() {
    super();
    new Watch(this, () => {
      const { past } = this;
      if (!past) return;
      return [
        past.queries.value,
        past.isReading.value,
        past.failure.value,
        past.next.value,
        past.isKnown.value,
        past.search.value,
        session.me.value,
      ];
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  private search(event: Event): void {
    const text = (event.target as HTMLInputElement).value;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.past.read(text), PAUSE_MILLISECONDS);
  }

  override render(): TemplateResult {
    if (session.me.value !== null && session.user.value === null) {
      return html`<div class="empty">
        <p>Who signs in has a history of all queries, from here, from notebooks and from scripts.</p>
        <a href=${signInAddress()}>Sign in</a>
      </div>`;
    }
    const { past } = this;
    return html`
      <div class="search" role="search">
        ${icon("search")}
        <input
          type="search"
          placeholder="Search in your queries"
          aria-label="Search in your queries"
          maxlength="200"
          .value=${past.search.value}
          @input=${(event: Event) => this.search(event)}
        />
      </div>
      <div class="found" aria-busy=${past.isReading.value}>
        ${past.failure.value
          ? html`<div class="empty" role="status">
              <p>The history could not be read. ${messageOf(past.failure.value)}</p>
              <button @click=${() => void past.read()}>Try again</button>
            </div>`
          : nothing}
        ${past.queries.value.length ? html`<sp-query-list .queries=${past.queries.value}></sp-query-list>` : this.nothing()}
        ${past.next.value !== null && past.queries.value.length
          ? html`<div class="more">
              <button ?disabled=${past.isReading.value} @click=${() => void past.more()}>Older queries</button>
            </div>`
          : nothing}
      </div>
    `;
  }

  private nothing(): TemplateResult | typeof nothing {
    const { past } = this;
    if (past.failure.value) return nothing;
    if (!past.isKnown.value) return html`<div class="empty" role="status"><p>Reading\u2026</p></div>`;
    return html`<div class="empty" role="status">
      <p>${past.search.value.trim() ? "No query has all these words." : "No queries yet. What you run appears here, also from notebooks and scripts."}</p>
    </div>`;
  }
}

define("sp-history-panel", HistoryPanel);
