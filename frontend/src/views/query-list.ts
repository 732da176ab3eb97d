// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { ago, count } from "../table/format";
import type { PastQuery } from "../wire/query";
import { define } from "./define";
import { icon, type IconName } from "./icons";
import { listStyle, SAID } from "./job-list";
import { base, controls } from "./style";

const FROM = { portal: "Portal", notebook: "Notebook", api: "API" } as const;

/**
 * Queries of the past, the newest first.
 *
 * Dispatches `sp-open-query`, `sp-repeat-query`, `sp-share-query` and `sp-forget-query` with a query.
 */
export class QueryList extends LitElement {
  static override styles = [
    base,
    controls,
    listStyle,
    css`
      li {
        grid-template-columns: minmax(0, 1fr);
      }
      .facts {
        min-height: 24px;
        gap: 2px 8px;
      }
      .facts {
        flex-wrap: nowrap;
      }
      .said {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 8px;
      }
      .actions {
        flex: none;
        margin: 0 0 0 auto;
      }
    `,
  ];
  static override properties = { queries: { attribute: false } };

  declare queries: readonly PastQuery[];

  constructor() {
    super();
    this.queries = [];
  }

  override render(): TemplateResult {
    return html`<ul aria-label="History">
      ${this.queries.map((query) => this.line(query))}
    </ul>`;
  }

  private line(query: PastQuery): TemplateResult {
    const text = query.query.trim();
    const words = text.replace(/\s+/g, " ").slice(0, 60);
    return html`<li data-query=${query.id}>
      <button
        class="open"
        title=${query.links.result ? "Open this query with its result" : "Put this query into the editor"}
        @click=${() => this.tell("sp-open-query", query)}
      >
        <span>${text.slice(0, 400) || "(empty query)"}</span>
      </button>
      ${query.error ? html`<div class="why">${query.error.message}</div>` : nothing}
      <div class="facts">
        <span class="said">
          <span class="phase ${query.phase}" title=${query.phase}
            ><span class=${query.phase === "COMPLETED" && query.rows !== null ? "visually-hidden" : ""}
              >${SAID[query.phase] ?? query.phase}</span
            ></span
          >
          ${query.rows !== null && query.phase === "COMPLETED"
            ? html`<span>${count(query.rows)} ${query.rows === 1 ? "row" : "rows"}${query.overflow ? ", cut" : ""}</span>`
            : nothing}
          <span>${FROM[query.aspect]}</span>
          <span title=${query.created}>${ago(query.created)}</span>
        </span>
        <span class="actions">
          ${this.button("refresh", "Run again", "sp-repeat-query", query, words)}
          ${this.button("link", "Share", "sp-share-query", query, words)}
          <a
            class="button quiet icon"
            title="Save as a file that can be run again"
            aria-label="Save as a file that can be run again: ${words}"
            href="${query.links.specification}?format=yaml"
            download="query-${query.id}.yaml"
            >${icon("download", 14)}</a
          >
          ${this.button("trash", "Delete from the history", "sp-forget-query", query, words)}
        </span>
      </div>
    </li>`;
  }

  private button(name: IconName, label: string, event: string, query: PastQuery, words: string): TemplateResult {
    return html`<button class="quiet icon" title=${label} aria-label="${label}: ${words}" @click=${() => this.tell(event, query)}>
      ${icon(name, 14)}
    </button>`;
  }

  private tell(type: string, query: PastQuery): void {
    this.dispatchEvent(new CustomEvent(type, { detail: query, bubbles: true, composed: true }));
  }
}

define("sp-query-list", QueryList);
