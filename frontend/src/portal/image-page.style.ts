// SPDX-License-Identifier: BSD-3-Clause
import { css } from "lit";

export const style = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
  }
  header {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto auto;
    align-items: center;
    gap: 0 8px;
    padding: 7px 8px 7px 14px;
    border-bottom: 1px solid var(--_line);
    background: var(--_panel);
  }
  h1 {
    grid-row: 1;
    grid-column: 1;
    font-size: 15px;
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  header p {
    grid-row: 2;
    grid-column: 1;
    display: flex;
    flex-wrap: wrap;
    gap: 0 14px;
    color: var(--_muted);
    font-variant-numeric: tabular-nums;
  }
  header > :not(h1, p) {
    grid-row: 1 / span 2;
  }
  .work {
    flex: 1;
    min-height: 0;
    display: grid;
    grid-template-columns: minmax(0, 1fr) 290px;
    grid-template-rows: minmax(0, 1fr);
  }
  .work:not(:has(sp-image-panel)) {
    grid-template-columns: minmax(0, 1fr);
  }
  sp-image-panel {
    overflow: auto;
    border-left: 1px solid var(--_line);
  }
  .only-narrow {
    display: none;
  }
  .lost {
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 12px;
    flex: 1;
    padding: 24px;
    text-align: center;
  }
  .lost p {
    max-width: 60ch;
    color: var(--_muted);
  }
  code {
    font-family: var(--_mono);
  }
  @media (max-width: 760px) {
    .only-narrow {
      display: inline-flex;
    }
    header > :not(h1, p) {
      grid-row: 1;
    }
    header p {
      grid-column: 1 / -1;
      padding-right: 6px;
      font-size: 12px;
    }
    .work,
    .work:not(:has(sp-image-panel)) {
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: minmax(0, 1fr);
    }
    .work.open {
      grid-template-rows: minmax(0, 1fr) minmax(0, 46%);
    }
    .work:not(.open) sp-image-panel {
      display: none;
    }
    sp-image-panel {
      border-top: 1px solid var(--_line);
      border-left: 0;
    }
  }
`;
