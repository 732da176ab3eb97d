// SPDX-License-Identifier: BSD-3-Clause
import { css } from "lit";

/** What all views share. Colours come from the page as custom properties, with defaults for a page that has none. */
export const base = css`
  :host {
    --_text: var(--sp-text, light-dark(#1b232b, #e4e9ee));
    --_muted: var(--sp-muted, light-dark(#586673, #9aa7b3));
    --_faint: var(--sp-faint, light-dark(#8a96a1, #6d7a86));
    --_page: var(--sp-page, light-dark(#f3f5f7, #0f1418));
    --_panel: var(--sp-panel, light-dark(#ffffff, #161c22));
    --_raised: var(--sp-raised, light-dark(#f7f9fa, #1c242b));
    --_line: var(--sp-line, light-dark(#dbe1e6, #2b353e));
    --_edge: var(--sp-edge, light-dark(#8794a0, #667583));
    --_hover: var(--sp-hover, light-dark(#eef2f4, #212a32));
    --_accent: var(--sp-accent, light-dark(#0a6b73, #58c4cc));
    --_on-accent: var(--sp-on-accent, light-dark(#ffffff, #06272a));
    --_tint: var(--sp-tint, light-dark(#dff0f1, #14383c));
    --_bad: var(--sp-bad, light-dark(#b3261e, #ff8d85));
    --_bad-tint: var(--sp-bad-tint, light-dark(#fcebe9, #3a1d1c));
    --_warn: var(--sp-warn, light-dark(#855300, #f0b454));
    --_warn-tint: var(--sp-warn-tint, light-dark(#fdf3dc, #372a10));
    --_mono: var(--sp-mono, ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace);
    --_sans: var(--sp-sans, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
    color: var(--_text);
    font: 13px/1.45 var(--_sans);
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 1px;
  }
  h1,
  h2,
  h3,
  p {
    margin: 0;
  }
  a {
    color: var(--_accent);
    text-underline-offset: 2px;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation-duration: 0.01ms !important;
      transition-duration: 0.01ms !important;
    }
  }
`;

/** Buttons and fields. */
export const controls = css`
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-height: 28px;
    padding: 0 10px;
    border: 1px solid var(--_line);
    border-radius: 6px;
    background: var(--_panel);
    color: var(--_text);
    font: inherit;
    font-weight: 500;
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
  }
  button:hover,
  .button:hover {
    background: var(--_hover);
  }
  button:disabled {
    opacity: 0.5;
    cursor: default;
  }
  button.primary {
    border-color: var(--_accent);
    background: var(--_accent);
    color: var(--_on-accent);
  }
  button.primary:hover:not(:disabled) {
    filter: brightness(1.08);
  }
  button.danger {
    color: var(--_bad);
  }
  button.quiet,
  .button.quiet {
    border-color: transparent;
    background: none;
  }
  button.quiet:hover,
  .button.quiet:hover {
    background: var(--_hover);
  }
  button.icon {
    width: 28px;
    padding: 0;
  }
  button.link {
    min-height: 0;
    padding: 0;
    border: 0;
    background: none;
    color: var(--_accent);
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  input,
  select {
    min-height: 28px;
    padding: 0 8px;
    border: 1px solid var(--_edge);
    border-radius: 6px;
    background: var(--_panel);
    color: var(--_text);
    font: inherit;
  }
  input::placeholder {
    color: var(--_muted);
    opacity: 1;
  }
  kbd {
    padding: 1px 5px;
    border: 1px solid var(--_line);
    border-bottom-width: 2px;
    border-radius: 4px;
    background: var(--_raised);
    color: var(--_muted);
    font: 11px var(--_sans);
  }
  svg {
    flex: none;
  }
`;

/** A search above a list, with its sign inside. */
export const searchBox = css`
  .search {
    position: relative;
    padding: 8px;
    border-bottom: 1px solid var(--_line);
  }
  .search svg {
    position: absolute;
    left: 17px;
    top: 15px;
    color: var(--_muted);
  }
  .search input {
    width: 100%;
    min-height: 30px;
    padding-left: 30px;
  }
`;

/** What stands where there is nothing yet: why, and what to do. */
export const empty = css`
  .empty {
    display: grid;
    gap: 10px;
    justify-items: start;
    padding: 20px 16px;
    color: var(--_muted);
  }
`;
