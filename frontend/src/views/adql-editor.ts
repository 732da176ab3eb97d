// SPDX-License-Identifier: BSD-3-Clause
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, toggleComment } from "@codemirror/commands";
import { bracketMatching, indentService } from "@codemirror/language";
import { EditorSelection, EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
  type DecorationSet,
} from "@codemirror/view";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { completionOf, type Names } from "../adql/completion";
import { adql } from "../adql/language";
import { extentOf, fitted } from "../adql/names";
import type { QueryError } from "../wire/job";
import { define } from "./define";
import { editorTheme } from "./editor-theme";
import { memoryStore, type Store } from "./store";
import { base, controls } from "./style";
import { typing } from "./typing";

const setMark = StateEffect.define<{ from: number; to: number } | null>();

const mark = Decoration.mark({ class: "cm-wrong", attributes: { "aria-invalid": "true" } });

const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (old, transaction) => {
    let now = old.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setMark)) now = effect.value ? Decoration.set(mark.range(effect.value.from, effect.value.to)) : Decoration.none;
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * A box for ADQL. Its store holds the text (`query`) and what was wrong with it (`error`).
 *
 * Dispatches `sp-run` when the query shall run; completes from `names`, if it has them.
 */
export class AdqlEditor extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        --_keyword: light-dark(#7a2e8e, #d7a1e6);
        --_function: light-dark(#1f5fa8, #86b9f0);
        --_string: light-dark(#4d6b12, #b3cf7a);
        --_number: light-dark(#9a4a00, #edb07a);
        display: flex;
        flex-direction: column;
        min-height: 0;
        background: var(--_panel);
      }
      .box {
        flex: 1;
        min-height: 0;
        overflow: hidden;
      }
      [role="alert"] {
        flex: none;
        max-height: 50%;
        overflow: auto;
      }
      .wrong {
        display: flex;
        gap: 10px;
        align-items: baseline;
        padding: 7px 12px;
        border-top: 1px solid var(--_line);
        background: var(--_bad-tint);
        color: var(--_bad);
        overflow-wrap: anywhere;
      }
      .wrong button {
        color: inherit;
        flex: none;
      }
    `,
  ];
  static override properties = { store: { attribute: false }, names: { attribute: false }, label: {} };

  declare store: Store;
  declare names: Names | null;
  declare label: string;

  private view: EditorView | null = null;
  private stops: (() => void)[] = [];

  constructor() {
    super();
    this.store = memoryStore({ query: "" });
    this.names = null;
    this.label = "ADQL query";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.stops = [this.store.on("query", () => this.pull()), this.store.on("error", () => this.underline())];
    if (this.hasUpdated) this.mount();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.stops) stop();
    this.view?.destroy();
    this.view = null;
  }

  override firstUpdated(): void {
    this.mount();
  }

  override focus(): void {
    this.view?.focus();
  }

  /** Write a name where the cursor is, with what it needs before and after. */
  insert(text: string): void {
    const view = this.view;
    if (!view) return;
    const { from: position, to } = view.state.selection.main;
    const { from, insert } = fitted(view.state.doc.toString(), position, to, text);
    view.dispatch({
      changes: { from, to, insert },
      selection: EditorSelection.cursor(from + insert.trimEnd().length),
      scrollIntoView: true,
      userEvent: "input",
    });
    view.focus();
  }

  private get text(): string {
    return String(this.store.get("query") ?? "");
  }

  private get wrong(): QueryError | null {
    return (this.store.get("error") as QueryError | null | undefined) ?? null;
  }

  private mount(): void {
    const run = () => {
      this.dispatchEvent(new Event("sp-run", { bubbles: true, composed: true }));
      return true;
    };
    const complete = completionOf({
      tables: () => this.names?.tables() ?? [],
      columns: (table) => this.names?.columns(table) ?? Promise.resolve([]),
    });
    this.view = new EditorView({
      // In a shadow root CodeMirror adopts a style sheet, which a strict content security policy allows.
      root: this.renderRoot as ShadowRoot,
      parent: this.renderRoot.querySelector(".box")!,
      state: EditorState.create({
        doc: this.text,
        extensions: [
          Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
          lineNumbers(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          history(),
          drawSelection(),
          // A new line begins where the last one did.
          indentService.of(() => null),
          bracketMatching(),
          closeBrackets(),
          typing,
          autocompletion({ override: [complete], icons: false, activateOnTyping: true }),
          placeholder("SELECT \u2026  Choose a table at the left, or an example above."),
          keymap.of([{ key: "Mod-/", run: toggleComment }]),
          // Tab stays the browser's: it must lead out of the editor.
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": this.label, spellcheck: "false", autocapitalize: "off" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) this.push(update.state.doc.toString());
          }),
          marks,
          editorTheme,
          adql(),
        ],
      }),
    });
    this.underline();
  }

  private push(text: string): void {
    if (text === this.text) return;
    this.store.set("query", text);
    // The error was about another text.
    if (this.wrong) this.store.set("error", null);
  }

  private pull(): void {
    const view = this.view;
    if (!view || view.state.doc.toString() === this.text) return;
    view.dispatch({
      changes: { from: 0, to: view.state.doc.length, insert: this.text },
      selection: EditorSelection.cursor(this.text.trimEnd().length),
    });
  }

  private underline(): void {
    this.requestUpdate();
    const wrong = this.wrong;
    const extent = wrong?.line ? extentOf(this.text, wrong.line, wrong.column ?? 1, wrong.length) : null;
    const range = extent && extent[1] > extent[0] ? { from: extent[0], to: extent[1] } : null;
    this.pull();
    this.view?.dispatch({ effects: setMark.of(range) });
  }

  private show(): void {
    const wrong = this.wrong;
    if (!wrong?.line || !this.view) return;
    const [anchor] = extentOf(this.text, wrong.line, wrong.column ?? 1, wrong.length);
    this.view.dispatch({ selection: { anchor }, scrollIntoView: true });
    this.view.focus();
  }

  override render(): TemplateResult {
    const wrong = this.wrong;
    return html`
      <div class="box"></div>
      <div role="alert" data-testid="query-error">
        ${wrong
          ? html`<div class="wrong">
              ${wrong.line
                ? html`<button class="link" @click=${() => this.show()}>Line ${wrong.line}, column ${wrong.column ?? 1}</button>`
                : nothing}
              <span>${wrong.message}</span>
            </div>`
          : nothing}
      </div>
    `;
  }
}

define("sp-adql-editor", AdqlEditor);
