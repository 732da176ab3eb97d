// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { messageOf } from "../api/http";
import { Catalog } from "../catalog/catalog";
import { define } from "../views/define";
import { base, controls } from "../views/style";
import { Watch } from "../views/watch";
import { condition, listen, watch } from "./condition";
import { notice, tell } from "./notices";
import { Past } from "./past";
import { go, place } from "./place";
import * as session from "./session";
import { Work } from "./work";
import "./help";
import "./notebooks";
import "./query-page";
import "./shared";
import "./sign-in";
import "./tokens";
import "./top-bar";
import type { Help } from "./help";

const SAYS = {
  away: "The instance does not answer. Trying again\u2026",
  starting: "The instance is starting. This takes a few seconds\u2026",
  rest: "Tables can be queried. Images and jobs are starting\u2026",
  making: "The demo data are being made. Tables appear here as they are finished.",
} as const;

/** The whole Portal: bar, banner, the page of the address, and what is said at the foot. */
export class Portal extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: flex;
        flex-direction: column;
        height: 100vh;
        height: 100dvh;
        background: var(--_page);
      }
      main {
        flex: 1;
        min-height: 0;
        display: flex;
        flex-direction: column;
      }
      main > * {
        flex: 1;
        min-height: 0;
      }
      .banner {
        padding: 6px 14px;
        border-bottom: 1px solid var(--_line);
        background: var(--_warn-tint);
        color: var(--_warn);
      }
      .banner.making {
        background: var(--_tint);
        color: var(--_text);
      }
      .notice {
        position: fixed;
        z-index: 20;
        left: 50%;
        bottom: 20px;
        max-width: calc(100vw - 24px);
        transform: translateX(-50%);
        border-radius: 8px;
        background: var(--_text);
        color: var(--_panel);
        box-shadow: 0 6px 20px rgb(0 0 0 / 0.25);
        overflow-wrap: anywhere;
      }
      .notice span {
        display: block;
        padding: 8px 14px;
      }
      .lost {
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 12px;
        padding: 24px;
        text-align: center;
      }
    `,
  ];

  private readonly catalog = new Catalog();
  private readonly work = new Work();
  private readonly past = new Past();

  constructor() {
    super();
    new Watch(this, () => [place.value, condition.value, notice.value, session.me.value]);
    this.addEventListener("sp-notice", (event) => tell((event as CustomEvent<string>).detail));
    this.addEventListener("sp-signed-in", () => void this.renew());
    this.addEventListener("sp-sign-out", () => void this.signOut());
    this.addEventListener("sp-help", () => this.help());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const renew = () => void this.renew();
    listen(renew);
    void watch(renew);
    void this.renew();
    window.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Read anew who asks and what may be seen. */
  private async renew(): Promise<void> {
    const who = session.refresh().catch(() => undefined);
    await Promise.all([this.catalog.load(), who.then(() => this.work.refreshJobs())]);
  }

  private async signOut(): Promise<void> {
    try {
      await session.leave();
    } catch (error) {
      tell(messageOf(error));
      return;
    }
    this.work.forget();
    this.past.forget();
    go("/portal");
    tell("Signed out");
    await this.renew();
  }

  private help(): void {
    this.renderRoot.querySelector<Help>("sp-help")!.open();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event) || !this.renderRoot.querySelector<Help>("sp-help")!.allowsKeys) return;
    event.preventDefault();
    this.help();
  }

  override render(): TemplateResult {
    const at = place.value;
    const state = condition.value;
    document.title = `${TITLES[at.page]} \u00b7 ${session.instanceName.value}`;
    return html`
      <sp-top-bar></sp-top-bar>
      <div role="status">
        ${state === "well" ? nothing : html`<div class="banner ${state}">${SAYS[state]}</div>`}
      </div>
      <main>
        <sp-query-page ?hidden=${at.page !== "query"} .catalog=${this.catalog} .work=${this.work} .past=${this.past}></sp-query-page>
        ${this.otherPage()}
      </main>
      <div class="notice" role="status" aria-live="polite">${notice.value ? html`<span>${notice.value}</span>` : nothing}</div>
      <sp-help></sp-help>
    `;
  }

  private otherPage(): TemplateResult | typeof nothing {
    const at = place.value;
    switch (at.page) {
      case "query":
        return nothing;
      case "sign-in":
        return html`<sp-sign-in .code=${at.code} .next=${at.next}></sp-sign-in>`;
      case "shared":
        return html`<sp-shared .secret=${at.secret} .work=${this.work}></sp-shared>`;
      case "image":
        // Not before somebody looks at one: the first page is quicker without.
        void import("./image-page");
        return html`<sp-image-page .identifier=${at.id} .at=${at.at}></sp-image-page>`;
      case "tokens":
        return html`<sp-tokens></sp-tokens>`;
      case "notebooks":
        return html`<sp-notebooks></sp-notebooks>`;
      case "unknown":
        return html`<div class="lost">
          <h1>There is no such page</h1>
          <p>The address may be mistyped, or from another version.</p>
          <a href="/portal">Go to the data</a>
        </div>`;
    }
  }
}

const TITLES = {
  query: "Query",
  "sign-in": "Sign in",
  shared: "Shared query",
  image: "Image",
  tokens: "Tokens",
  notebooks: "Notebooks",
  unknown: "Not found",
} as const;

/** Whether a key belongs to a text that somebody is writing. */
function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
}

define("sp-portal", Portal);
