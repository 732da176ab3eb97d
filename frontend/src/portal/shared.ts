// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { messageOf } from "../api/http";
import { shared } from "../api/queries";
import { define } from "../views/define";
import { base, controls } from "../views/style";
import type { Shared as SharedQuery } from "../wire/query";
import { sheet } from "./form";
import { go } from "./place";
import type { Work } from "./work";

/** A query that somebody shares: shown before it takes the place of what is in the editor. */
export class Shared extends LitElement {
  static override styles = [
    base,
    controls,
    sheet,
    css`
      pre {
        max-height: 50vh;
        margin: 0 0 18px;
        padding: 12px 14px;
        overflow: auto;
        border: 1px solid var(--_line);
        border-radius: 6px;
        background: var(--_raised);
        font: 13px/1.5 var(--_mono);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];
  static override properties = {
    secret: { attribute: false },
    work: { attribute: false },
    found: { state: true },
    wrong: { state: true },
  };

  declare secret: string | null;
  declare work: Work;
  declare private found: SharedQuery | null;
  declare private wrong: string;

  constructor() {
    super();
    this.secret = null;
    this.found = null;
    this.wrong = "";
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("secret")) void this.read(this.secret);
  }

  private async read(secret: string | null): Promise<void> {
    this.found = null;
    this.wrong = secret === null ? "This address is not complete: what stood behind the # is missing." : "";
    if (secret === null) return;
    try {
      const found = await shared(secret);
      if (this.secret === secret) this.found = found;
    } catch (error) {
      if (this.secret === secret) this.wrong = messageOf(error);
    }
  }

  private take(query: SharedQuery): void {
    this.work.setQuery(query.specification.query);
    if (query.specification.maxrec !== null) this.work.setMaxrec(String(query.specification.maxrec));
    go("/portal");
  }

  override render(): TemplateResult {
    return html`<div class="sheet wide">
      <h1>Shared query</h1>
      <div role="alert">${this.wrong ? html`<p class="wrong">${this.wrong}</p>` : nothing}</div>
      ${this.wrong ? html`<p><a href="/portal">Go to the data</a></p>` : nothing}
      ${this.found ? this.query(this.found) : this.wrong ? nothing : html`<p class="lead" role="status">Reading\u2026</p>`}
    </div>`;
  }

  private query(found: SharedQuery): TemplateResult {
    const { query, created, maxrec, uploads } = found.specification;
    return html`
      <p class="lead">
        ${found.by} asked this${created ? ` on ${created.slice(0, 10)}` : ""}${maxrec === null ? "" : `, for at most ${maxrec} rows`}.
        You run it with your own rights, on the tables as they are now.
      </p>
      ${uploads.length
        ? html`<p class="lead">It also read tables that ${found.by} had uploaded (${uploads.map(({ name }) => name).join(", ")}); they are not shared.</p>`
        : nothing}
      <pre tabindex="0" aria-label="The query">${query}</pre>
      <button class="primary" @click=${() => this.take(found)}>Open in the editor</button>
    `;
  }
}

define("sp-shared", Shared);
