// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import * as identity from "../api/identity";
import { define } from "../views/define";
import { icon } from "../views/icons";
import { base, controls } from "../views/style";
import { Watch } from "../views/watch";
import type { Token } from "../wire/identity";
import { sheet } from "./form";
import { Attempt } from "./attempt";
import { tell } from "./notices";
import { signInAddress } from "./place";
import * as session from "./session";

const SCOPES: Record<string, string> = {
  "read:tap": "Query catalogs",
  "read:image": "Read images",
  "write:files": "Write files",
  "write:tables": "Write tables",
  "exec:notebook": "Run notebooks",
  "exec:portal": "Use shared Portal views",
  "admin:instance": "Administer the instance",
};

/** The user's tokens: what scripts, pyvo and TOPCAT sign in with. */
export class Tokens extends LitElement {
  static override styles = [
    base,
    controls,
    sheet,
    css`
      .list {
        overflow-x: auto;
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th {
        color: var(--_muted);
        font-size: 12px;
        font-weight: 550;
        text-align: left;
      }
      th,
      td {
        padding: 7px 10px 7px 0;
        border-bottom: 1px solid var(--_line);
        vertical-align: middle;
      }
      td:last-child {
        text-align: right;
      }
      @media (max-width: 560px) {
        thead {
          position: absolute;
          clip-path: inset(50%);
        }
        tr {
          display: grid;
          grid-template-columns: minmax(0, 1fr) auto;
          gap: 2px 12px;
          align-items: center;
          padding: 8px 0;
          border-bottom: 1px solid var(--_line);
        }
        td {
          padding: 0;
          border: 0;
          overflow-wrap: anywhere;
        }
        td:nth-child(n + 3):not(:last-child) {
          color: var(--_muted);
          font-size: 12px;
        }
        td:nth-child(3)::before {
          content: "made ";
        }
        td:nth-child(4)::before {
          content: "expires ";
        }
        td:last-child {
          grid-area: 1 / 2 / 3 / 3;
        }
      }
      .new {
        display: grid;
        gap: 8px;
        margin-bottom: 18px;
        padding: 12px 14px;
        border: 1px solid var(--_accent);
        border-radius: 8px;
        background: var(--_tint);
      }
      .new div {
        display: flex;
        gap: 8px;
        align-items: center;
      }
      code {
        font-family: var(--_mono);
        overflow-wrap: anywhere;
        user-select: all;
      }
      .scopes {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(230px, 1fr));
        gap: 6px 12px;
      }
      .scopes label {
        display: flex;
        gap: 8px;
        align-items: center;
        font-weight: 400;
      }
      .scopes input {
        min-height: 0;
        accent-color: var(--_accent);
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(200px, 1fr));
        gap: 14px;
      }
      form .primary {
        justify-self: start;
      }
      .scopes code,
      td code {
        color: var(--_muted);
        font-size: 12px;
      }
    `,
  ];
  static override properties = {
    tokens: { state: true },
    fresh: { state: true },
  };

  declare private tokens: readonly Token[] | null;
  /** Just made: its secret is known only now. */
  declare private fresh: string;
  private readonly attempt = new Attempt(this);
  private asked = "";

  constructor() {
    super();
    this.tokens = null;
    this.fresh = "";
    new Watch(this, () => session.me.value);
  }

  protected override willUpdate(): void {
    const name = session.user.value?.name ?? "";
    if (name && this.asked !== name) {
      this.asked = name;
      void this.attempt.to(() => this.read());
    }
  }

  private async read(): Promise<void> {
    this.tokens = await identity.tokens();
  }

  private async create(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const element = event.target as HTMLFormElement;
    const form = new FormData(element);
    const scopes = form.getAll("scope").map(String);
    await this.attempt.to(async () => {
      if (scopes.length === 0) throw new Error("Choose at least one thing that the token may do.");
      const days = Number(form.get("days"));
      this.fresh = await identity.createToken({ name: String(form.get("name")).trim(), scopes, expires_days: days || null });
      element.reset();
      await this.read();
    });
    if (this.fresh) this.renderRoot.querySelector<HTMLElement>(".new button")?.focus();
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.fresh);
      tell("Token copied");
    } catch {
      tell("The browser does not let this page copy: select the token and copy it yourself");
    }
  }

  private async revoke(token: Token): Promise<void> {
    await this.attempt.to(async () => {
      await identity.revokeToken(token.key);
      await this.read();
      tell(`Token ${token.name} revoked`);
    });
  }

  override render(): TemplateResult {
    if (session.me.value === null) return html`<div class="sheet wide"><h1>Tokens</h1></div>`;
    const user = session.user.value;
    if (!user) {
      return html`<div class="sheet wide">
        <h1>Tokens</h1>
        <p class="lead">Tokens belong to a user. <a href=${signInAddress()}>Sign in</a> to see yours.</p>
      </div>`;
    }
    return html`<div class="sheet wide">
      <h1>Tokens</h1>
      <p class="lead">
        A token signs in a program as you: as password with any user name, or as Bearer. It can do no more than you choose here,
        and you can revoke it at any time.
      </p>
      <div role="alert">${this.attempt.wrong ? html`<p class="wrong">${this.attempt.wrong}</p>` : nothing}</div>
      <div role="status">${this.fresh ? this.shown() : nothing}</div>
      <div class="list">${this.list()}</div>
      <h2>New token</h2>
      ${this.form(user.scopes)}
    </div>`;
  }

  private shown(): TemplateResult {
    return html`<div class="new" data-testid="new-token">
      <b>Copy your token now. It is not shown again.</b>
      <div><code>${this.fresh}</code></div>
      <div>
        <button @click=${() => void this.copy()}>${icon("copy")} Copy</button>
        <button class="quiet" @click=${() => (this.fresh = "")}>I have it</button>
      </div>
    </div>`;
  }

  private list(): TemplateResult {
    if (this.tokens === null) return html`<p class="lead">Reading\u2026</p>`;
    if (this.tokens.length === 0) return html`<p class="lead">You have no tokens.</p>`;
    return html`<table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">May</th>
          <th scope="col">Made</th>
          <th scope="col">Expires</th>
          <th scope="col"><span class="visually-hidden">Revoke</span></th>
        </tr>
      </thead>
      <tbody>
        ${this.tokens.map(
          (token) => html`<tr>
            <td>${token.name || token.key}</td>
            <td><code>${token.scopes.join(" ")}</code></td>
            <td>${token.created.slice(0, 10)}</td>
            <td>${token.expires?.slice(0, 10) ?? "never"}</td>
            <td>
              <button class="quiet danger" aria-label="Revoke ${token.name || token.key}" ?disabled=${this.attempt.isBusy} @click=${() => void this.revoke(token)}>
                Revoke
              </button>
            </td>
          </tr>`,
        )}
      </tbody>
    </table>`;
  }

  private form(scopes: readonly string[]): TemplateResult {
    return html`<form @submit=${(event: SubmitEvent) => void this.create(event)}>
      <div class="pair">
        <label>Name <input name="name" required maxlength="100" placeholder="What it is for" autocomplete="off" /></label>
        <label
          >Expires
          <select name="days">
            <option value="7">in a week</option>
            <option value="30" selected>in 30 days</option>
            <option value="90">in 90 days</option>
            <option value="365">in a year</option>
            <option value="0">never</option>
          </select>
        </label>
      </div>
      <fieldset>
        <legend>It may</legend>
        <div class="scopes">
          ${scopes.map(
            (scope) => html`<label
              ><input type="checkbox" name="scope" value=${scope} ?checked=${scope === "read:tap"} />
              <span>${SCOPES[scope] ?? scope} <code>${scope}</code></span></label
            >`,
          )}
        </div>
      </fieldset>
      <button class="primary" ?disabled=${this.attempt.isBusy}>Make token</button>
    </form>`;
  }
}

define("sp-tokens", Tokens);
