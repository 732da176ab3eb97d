// SPDX-License-Identifier: BSD-3-Clause
import { css } from "lit";

/** Pages that are a sheet with a form. */
export const sheet = css`
  :host {
    overflow: auto;
  }
  .sheet {
    width: min(400px, calc(100vw - 24px));
    margin: clamp(16px, 10vh, 110px) auto 32px;
    padding: 28px 28px 26px;
    border: 1px solid var(--_line);
    border-radius: 12px;
    background: var(--_panel);
  }
  .sheet.wide {
    width: min(820px, calc(100vw - 24px));
    margin-top: 24px;
  }
  h1 {
    margin-bottom: 6px;
    font-size: 20px;
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  h2 {
    margin: 26px 0 8px;
    font-size: 15px;
  }
  .lead {
    margin-bottom: 18px;
    color: var(--_muted);
  }
  form {
    display: grid;
    gap: 14px;
  }
  label,
  fieldset {
    display: grid;
    gap: 4px;
    font-weight: 550;
  }
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    margin-bottom: 4px;
    padding: 0;
  }
  input:not([type="checkbox"]),
  select {
    min-height: 36px;
    font-size: 14px;
    font-weight: 400;
  }
  form > [role="alert"]:empty {
    margin-bottom: -14px;
  }
  .wrong {
    padding: 8px 10px;
    border-radius: 6px;
    background: var(--_bad-tint);
    color: var(--_bad);
  }
  form .primary {
    min-height: 36px;
  }
  .foot {
    margin-top: 14px;
    color: var(--_muted);
  }
`;
