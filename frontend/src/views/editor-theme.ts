// SPDX-License-Identifier: BSD-3-Clause
import { EditorView } from "@codemirror/view";

/** CodeMirror in the page's colours; light and dark are the same rules. */
export const editorTheme = EditorView.theme({
  "&": { height: "100%", color: "var(--_text)", backgroundColor: "var(--_panel)", fontSize: "13.5px" },
  "&.cm-focused": { outline: "none" },
  "&.cm-focused .cm-gutters": { borderRightColor: "var(--_accent)" },
  ".cm-scroller": { fontFamily: "var(--_mono)", lineHeight: "1.55" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--_accent)" },
  ".cm-line": { padding: "0 12px 0 8px" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--_accent)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--_raised)", color: "var(--_muted)", borderRight: "2px solid var(--_line)" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 12px" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--_hover) 60%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--_hover)", color: "var(--_text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--_tint)",
  },
  ".cm-matchingBracket": { backgroundColor: "var(--_tint)", outline: "1px solid var(--_accent)" },
  ".cm-placeholder": { color: "var(--_muted)", fontFamily: "var(--_sans)" },
  ".cm-wrong": {
    textDecoration: "underline wavy var(--_bad) 1.5px",
    textUnderlineOffset: "4px",
    backgroundColor: "var(--_bad-tint)",
  },
  ".cm-tooltip": {
    border: "1px solid var(--_edge)",
    borderRadius: "6px",
    backgroundColor: "var(--_panel)",
    color: "var(--_text)",
    boxShadow: "0 6px 24px rgb(0 0 0 / 0.18)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--_mono)", fontSize: "12.5px", maxHeight: "16em" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "3px 10px !important" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--_tint)", color: "var(--_text)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: "var(--_accent)" },
  ".cm-completionDetail": { fontStyle: "normal", color: "var(--_muted)", marginLeft: "1.2em", fontFamily: "var(--_sans)" },
  ".cm-completionInfo": { maxWidth: "320px", padding: "6px 10px", whiteSpace: "pre-line", fontFamily: "var(--_sans)", fontSize: "12px" },
});
