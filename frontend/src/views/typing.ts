// SPDX-License-Identifier: BSD-3-Clause
import { EditorView } from "@codemirror/view";
import type { Extension } from "@codemirror/state";

/**
 * Typing over a selection, done by the editor and not by the browser.
 *
 * Chromium would write the new text with the style of what it replaces, as an inline style, which a
 * strict content security policy forbids and reports.
 */
export const typing: Extension = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    const text = event.data;
    if (event.inputType !== "insertText" || !text || empty || view.composing) return false;
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert());
    return true;
  },
});
