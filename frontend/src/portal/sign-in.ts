// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { ApiError, messageOf } from "../api/http";
import * as identity from "../api/identity";
import { define } from "../views/define";
import { base, controls } from "../views/style";
import { Watch } from "../views/watch";
import { sheet } from "./form";
import { tell } from "./notices";
import { go } from "./place";
import * as session from "./session";

type Step = "ask" | "code" | "password";

/** Signing in, by password or by a one-time link; after a link one chooses a password. */
export class SignIn extends LitElement {
  static override styles = [base, controls, sheet];
  static override properties = {
    code: { attribute: false },
    next: {},
    step: { state: true },
    wrong: { state: true },
    isBusy: { state: true },
  };

  /** Of a one-time link, from the address's fragment, which no server ever sees. */
  declare code: string | null;
  declare next: string;
  declare private step: Step;
  declare private wrong: string;
  declare private isBusy: boolean;

  constructor() {
    super();
    this.code = null;
    this.next = "/portal";
    this.step = "ask";
    this.wrong = "";
    this.isBusy = false;
    new Watch(this, () => session.me.value);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("code") && this.code && this.step !== "code") void this.useCode(this.code);
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLInputElement>("input")?.focus();
  }

  private async useCode(code: string): Promise<void> {
    this.step = "code";
    // Out of the address bar and the history before anything else happens.
    history.replaceState(null, "", location.pathname + location.search);
    try {
      await identity.signInByLink(code);
      this.step = "password";
      this.wrong = "";
      this.signedIn();
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLInputElement>("input")?.focus();
    } catch (error) {
      // Another link may have been opened meanwhile.
      if (this.code && this.code !== code) return this.useCode(this.code);
      this.step = "ask";
      this.wrong =
        error instanceof ApiError && error.status < 500
          ? `This link does not work: ${messageOf(error)}. A link works once; \u201csciplat up\u201d prints a new one at its next start while the administrator has no password.`
          : messageOf(error);
    }
  }

  private signedIn(): void {
    this.dispatchEvent(new Event("sp-signed-in", { bubbles: true, composed: true }));
  }

  private async submit(event: SubmitEvent, act: (form: FormData) => Promise<void>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    this.wrong = "";
    this.isBusy = true;
    try {
      await act(form);
    } catch (error) {
      this.wrong = messageOf(error);
      this.renderRoot.querySelector<HTMLInputElement>("input[type=password]")?.focus();
    } finally {
      this.isBusy = false;
    }
  }

  private readonly signIn = async (form: FormData): Promise<void> => {
    await identity.signIn(String(form.get("user")).trim(), String(form.get("password")));
    this.signedIn();
    go(this.next, true);
  };

  private readonly choose = async (form: FormData): Promise<void> => {
    const password = String(form.get("password"));
    if (password !== form.get("again")) throw new Error("The two passwords differ.");
    await identity.setPassword(password);
    tell("Password set");
    go(this.next, true);
  };

  override render(): TemplateResult {
    switch (this.step) {
      case "code":
        return html`<div class="sheet" role="status"><h1>Signing in\u2026</h1></div>`;
      case "password":
        return this.password();
      case "ask":
        return this.ask();
    }
  }

  private get alert(): TemplateResult {
    return html`<div role="alert">${this.wrong ? html`<p class="wrong">${this.wrong}</p>` : nothing}</div>`;
  }

  private ask(): TemplateResult {
    return html`<div class="sheet">
      <h1>Sign in</h1>
      <p class="lead">to ${session.instanceName.value}</p>
      <form @submit=${(event: SubmitEvent) => void this.submit(event, this.signIn)}>
        ${this.alert}
        <label>User name <input name="user" autocomplete="username" autocapitalize="none" spellcheck="false" required /></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
        <button class="primary" ?disabled=${this.isBusy}>Sign in</button>
      </form>
      <p class="foot"><a href="/portal">Go on without signing in</a>: public releases are open to everybody.</p>
    </div>`;
  }

  private password(): TemplateResult {
    const name = session.user.value?.name ?? "";
    return html`<div class="sheet">
      <h1>Choose a password</h1>
      <p class="lead">You are signed in${name ? html` as <b>${name}</b>` : nothing}. The link you used will not work again.</p>
      <form @submit=${(event: SubmitEvent) => void this.submit(event, this.choose)}>
        ${this.alert}
        <input name="user" .value=${name} autocomplete="username" hidden />
        <label>Password <input name="password" type="password" autocomplete="new-password" required /></label>
        <label>The same again <input name="again" type="password" autocomplete="new-password" required /></label>
        <button class="primary" ?disabled=${this.isBusy}>Set password</button>
      </form>
      <p class="foot">
        <a href=${this.next}>Skip this</a>. You stay signed in here, but without a password you need a new link next time.
      </p>
    </div>`;
  }
}

define("sp-sign-in", SignIn);
