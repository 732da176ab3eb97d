// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import * as api from "../api/queries";
import { define } from "../views/define";
import { icon } from "../views/icons";
import { base, controls } from "../views/style";
import type { Link, NewLink, PastQuery } from "../wire/query";
import { Attempt } from "./attempt";
import { tell } from "./notices";
import { dialog } from "./dialog.style";

const LASTS: [string, string][] = [
  ["", "until I revoke it"],
  ["1", "for a day"],
  ["7", "for a week"],
  ["30", "for 30 days"],
  ["365", "for a year"],
];

/** The links to a query: make one, copy it, revoke it. */
export class Share extends LitElement {
  static override styles = [
    base,
    controls,
    dialog,
    css`
      dialog {
        width: min(560px, calc(100vw - 24px));
      }
      .body {
        display: grid;
        gap: 14px;
        padding: 14px 18px 18px;
      }
      pre {
        max-height: 90px;
        margin: 0;
        padding: 8px 10px;
        overflow: auto;
        border: 1px solid var(--_line);
        border-radius: 6px;
        background: var(--_raised);
        font: 12.5px/1.45 var(--_mono);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      p {
        color: var(--_muted);
      }
      .make,
      .new {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
      }
      .new {
        padding: 10px 12px;
        border-radius: 8px;
        background: var(--_tint);
      }
      .new input {
        flex: 1;
        min-width: 200px;
        font-family: var(--_mono);
      }
      .new b {
        flex-basis: 100%;
      }
      ul {
        display: grid;
        gap: 4px;
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 10px;
      }
      .wrong {
        color: var(--_bad);
      }
    `,
  ];
  static override properties = {
    query: { state: true },
    links: { state: true },
    fresh: { state: true },
  };

  declare private query: PastQuery | null;
  declare private links: readonly Link[] | null;
  /** Just made: its address is known only now. */
  declare private fresh: NewLink | null;
  private readonly attempt = new Attempt(this);

  constructor() {
    super();
    this.query = null;
    this.links = null;
    this.fresh = null;
  }

  /** Show the links to a query. */
  open(query: PastQuery): void {
    this.query = query;
    this.links = null;
    this.fresh = null;
    const dialog = this.renderRoot.querySelector("dialog")!;
    if (!dialog.open) dialog.showModal();
    void this.attempt.to(() => this.read());
  }

  private close(): void {
    this.renderRoot.querySelector("dialog")!.close();
  }

  private async read(): Promise<void> {
    const asked = this.query!;
    const links = await api.links(asked.id);
    if (this.query === asked) this.links = links;
  }

  private async make(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const days = Number(new FormData(event.target as HTMLFormElement).get("days")) || null;
    await this.attempt.to(async () => {
      this.fresh = await api.share(this.query!.id, days);
      await this.read();
    });
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".new button")?.focus();
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.fresh!.url);
      tell("Link copied");
    } catch {
      this.renderRoot.querySelector<HTMLInputElement>(".new input")!.select();
      tell("The browser does not let this page copy: copy the chosen text yourself");
    }
  }

  private async revoke(link: Link): Promise<void> {
    await this.attempt.to(async () => {
      await api.revoke(link.key);
      if (this.fresh?.key === link.key) this.fresh = null;
      await this.read();
      tell("Link revoked: it opens nothing any more");
    });
  }

  override render(): TemplateResult {
    return html`<dialog
      aria-labelledby="title"
      @click=${(event: Event) => {
        if (event.composedPath()[0] instanceof HTMLDialogElement) this.close();
      }}
    >
      <div class="top">
        <h2 id="title">Share a query</h2>
        <button class="quiet icon" aria-label="Close" @click=${() => this.close()}>${icon("close")}</button>
      </div>
      <div class="body">
        <pre tabindex="0" aria-label="The query">${this.query?.query ?? ""}</pre>
        <p>Whoever has a link sees how you asked, and your name: not your rows. They run it with their own rights.</p>
        <form class="make" @submit=${(event: SubmitEvent) => void this.make(event)}>
          <label>It works <select name="days">${LASTS.map(([days, words]) => html`<option value=${days}>${words}</option>`)}</select></label>
          <button class="primary" ?disabled=${this.attempt.isBusy}>Make a link</button>
        </form>
        <div role="alert">${this.attempt.wrong ? html`<p class="wrong">${this.attempt.wrong}</p>` : nothing}</div>
        <div role="status">${this.fresh ? this.made(this.fresh) : nothing}</div>
        ${this.list()}
      </div>
    </dialog>`;
  }

  private made(link: NewLink): TemplateResult {
    return html`<div class="new" data-testid="new-link">
      <b>Copy the link now. It is not shown again.</b>
      <input readonly aria-label="The link" .value=${link.url} @focus=${(event: Event) => (event.target as HTMLInputElement).select()} />
      <button @click=${() => void this.copy()}>${icon("copy", 14)} Copy</button>
    </div>`;
  }

  private list(): TemplateResult | typeof nothing {
    if (this.links === null) return this.attempt.wrong ? nothing : html`<p>Reading\u2026</p>`;
    if (this.links.length === 0) return html`<p>There is no link to it.</p>`;
    return html`<ul aria-label="Links to this query">
      ${this.links.map(
        (link) => html`<li>
          <span
            >Made ${link.created.slice(0, 16).replace("T", " ")},
            ${link.expires ? `works until ${link.expires.slice(0, 16).replace("T", " ")}` : "works until revoked"}</span
          >
          <button class="quiet danger" ?disabled=${this.attempt.isBusy} @click=${() => void this.revoke(link)}>Revoke</button>
        </li>`,
      )}
    </ul>`;
  }
}

define("sp-share", Share);
