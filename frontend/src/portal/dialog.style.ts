// SPDX-License-Identifier: BSD-3-Clause
import { css } from "lit";

/** A dialog with a line of its title and its button to close above what it says. */
export const dialog = css`
  dialog {
    max-height: calc(100dvh - 40px);
    padding: 0;
    border: 1px solid var(--_edge);
    border-radius: 10px;
    background: var(--_panel);
    color: var(--_text);
    box-shadow: 0 16px 60px rgb(0 0 0 / 0.35);
  }
  dialog::backdrop {
    background: rgb(10 16 20 / 0.4);
  }
  .top {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 12px 12px 12px 18px;
    border-bottom: 1px solid var(--_line);
  }
  h2 {
    font-size: 15px;
  }
`;
