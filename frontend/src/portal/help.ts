// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, type TemplateResult } from "lit";
import { define } from "../views/define";
import { icon } from "../views/icons";
import { base, controls } from "../views/style";
import { keep, kept } from "./kept";
import { dialog } from "./dialog.style";

const MOD = /Mac|iP(ad|hone)/.test(navigator.platform) ? "\u2318" : "Ctrl";

const KEYS: [string, [string, string][]][] = [
  [
    "Anywhere",
    [
      ["?", "This help"],
      ["/", "Search tables and columns"],
    ],
  ],
  [
    "Editor",
    [
      [`${MOD} Enter`, "Run the query"],
      [`${MOD} Space`, "Complete a name"],
      [`${MOD} /`, "Make the line a comment, or not"],
      ["Esc, Tab", "Leave the editor"],
    ],
  ],
  [
    "Data",
    [
      ["\u2191 \u2193", "Move"],
      ["\u2192 \u2190", "Open and close a branch"],
      ["Enter", "Write the name into the query"],
    ],
  ],
  [
    "Result table",
    [
      ["\u2191 \u2193 \u2190 \u2192", "Move by a cell"],
      ["Page \u2191 \u2193", "Move by a page"],
      ["Home, End", "First and last column"],
      [`${MOD} Home, End`, "First and last row"],
      ["Shift + any of these", "Choose a rectangle"],
      [`${MOD} C`, "Copy what is chosen, with all digits"],
      ["Alt Shift \u2190 \u2192", "Make the column narrower or wider"],
    ],
  ],
  ["Borders between panes", [["\u2191 \u2193 \u2190 \u2192", "Move the border"]]],
];

/** All keys, in a dialog. */
export class Help extends LitElement {
  static override styles = [
    base,
    controls,
    dialog,
    css`
      dialog {
        width: min(680px, calc(100vw - 24px));
      }
      h3 {
        margin-bottom: 6px;
        color: var(--_muted);
        font-size: 12px;
        font-weight: 600;
      }
      .keys {
        columns: 2 260px;
        column-gap: 28px;
        padding: 16px 18px 4px;
      }
      section {
        break-inside: avoid;
        margin-bottom: 16px;
      }
      dl {
        display: grid;
        grid-template-columns: max-content 1fr;
        gap: 5px 12px;
        margin: 0;
      }
      dd {
        margin: 0;
      }
      label {
        display: flex;
        gap: 8px;
        align-items: center;
        padding: 10px 18px 16px;
        color: var(--_muted);
      }
      label input {
        min-height: 0;
        accent-color: var(--_accent);
      }
    `,
  ];

  /** Whether keys without Ctrl do something outside of texts. */
  get allowsKeys(): boolean {
    return kept("keys", "on") === "on";
  }

  open(): void {
    const dialog = this.renderRoot.querySelector("dialog")!;
    if (!dialog.open) dialog.showModal();
  }

  private close(): void {
    this.renderRoot.querySelector("dialog")!.close();
  }

  override render(): TemplateResult {
    return html`<dialog
      aria-labelledby="title"
      @click=${(event: Event) => {
        if (event.composedPath()[0] instanceof HTMLDialogElement) this.close();
      }}
    >
      <div class="top">
        <h2 id="title">Keyboard</h2>
        <button class="quiet icon" aria-label="Close" @click=${() => this.close()}>${icon("close")}</button>
      </div>
      <div class="keys">
        ${KEYS.map(
          ([where, keys]) => html`<section>
            <h3>${where}</h3>
            <dl>${keys.map(([key, does]) => html`<dt><kbd>${key}</kbd></dt><dd>${does}</dd>`)}</dl>
          </section>`,
        )}
      </div>
      <label
        ><input
          type="checkbox"
          .checked=${this.allowsKeys}
          @change=${(event: Event) => keep("keys", (event.target as HTMLInputElement).checked ? "on" : "off")}
        />
        <span>Single keys (<kbd>?</kbd> and <kbd>/</kbd>) work anywhere</span></label
      >
    </dialog>`;
  }
}

define("sp-help", Help);
