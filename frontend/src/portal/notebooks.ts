// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, type TemplateResult } from "lit";
import { isAbort, messageOf } from "../api/http";
import { notebooks } from "../api/notebooks";
import { define } from "../views/define";
import { base, controls } from "../views/style";
import { Watch } from "../views/watch";
import type { Notebooks as Found } from "../wire/notebooks";
import { sheet } from "./form";
import { signInAddress } from "./place";
import * as session from "./session";

const ASK_AGAIN_MS = 1000;

/** The way to the notebooks: it leads on when they are there, and says why not otherwise. */
export class Notebooks extends LitElement {
  static override styles = [base, controls, sheet];
  static override properties = { found: { state: true }, wrong: { state: true } };

  declare private found: Found | null;
  declare private wrong: string;
  private asking: AbortController | null = null;
  private asker: string | null | undefined;

  constructor() {
    super();
    this.found = null;
    this.wrong = "";
    new Watch(this, () => session.me.value);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.asking?.abort();
    this.asker = undefined;
  }

  protected override willUpdate(): void {
    const asker = session.me.value === null ? undefined : (session.user.value?.name ?? null);
    if (asker === undefined || asker === this.asker) return;
    this.asker = asker;
    void this.ask();
  }

  /** Ask until there is nothing to wait for. */
  private async ask(): Promise<void> {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    while (!signal.aborted) {
      try {
        this.found = await notebooks(signal);
        this.wrong = "";
        if (this.found.why_not !== null || this.found.state === "off") return;
        // Not to be come back to by the browser's button: it would lead on again.
        if (this.found.state === "up" && this.found.url) return location.replace(this.found.url);
      } catch (error) {
        if (isAbort(error)) return;
        this.wrong = messageOf(error);
      }
      await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
    }
  }

  override render(): TemplateResult {
    return html`<div class="sheet">
      <h1>Notebooks</h1>
      <div role="status">${this.says()}</div>
      <div role="alert">${this.wrong ? html`<p class="wrong">${this.wrong}</p>` : nothing}</div>
    </div>`;
  }

  private says(): TemplateResult {
    const found = this.found;
    if (found === null || session.me.value === null) return html`<p class="lead">Asking\u2026</p>`;
    if (found.state === "off") {
      return html`<p>This instance runs without notebooks. Its operator starts them with <code>sciplat up</code>.</p>`;
    }
    if (session.user.value === null) return html`<p><a href=${signInAddress()}>Sign in</a> to start notebooks.</p>`;
    if (found.why_not !== null) return html`<p>${found.why_not}</p>`;
    switch (found.state) {
      case "up":
        return html`<p><a href=${found.url!}>Go to your notebooks</a></p>`;
      case "starting":
        return html`<p>The notebooks are starting. This page goes on by itself.</p>`;
      case "down":
        return html`<p>The notebooks are away at the moment and come back by themselves. This page goes on then.</p>`;
    }
  }
}

define("sp-notebooks", Notebooks);
