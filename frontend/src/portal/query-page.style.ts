// SPDX-License-Identifier: BSD-3-Clause
import { css } from "lit";

export const style = css`
  :host {
    display: grid;
    grid-template-columns: var(--side, 320px) 1px minmax(0, 1fr);
    grid-template-rows: minmax(0, 1fr);
  }
  .side {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
    background: var(--_panel);
  }
  .side > [role="tabpanel"] {
    flex: 1;
    min-height: 0;
    display: flex;
    flex-direction: column;
  }
  sp-data-browser,
  sp-job-list,
  sp-history-panel {
    flex: 1;
    min-height: 0;
  }
  .tabs {
    display: flex;
    gap: 2px;
    padding: 6px 8px 0;
    border-bottom: 1px solid var(--_line);
    background: var(--_panel);
  }
  .tabs button {
    min-height: 32px;
    border: 0;
    border-bottom: 2px solid transparent;
    border-radius: 5px 5px 0 0;
    background: none;
    color: var(--_muted);
  }
  .tabs button[aria-selected="true"] {
    border-bottom-color: var(--_accent);
    color: var(--_text);
  }
  .tabs button:focus-visible {
    outline-offset: -3px;
  }
  .only-narrow {
    display: none !important;
  }
  .work {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto minmax(80px, var(--editor, 200px)) 1px minmax(0, 1fr);
    min-width: 0;
    min-height: 0;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
    padding: 6px 10px;
    border-bottom: 1px solid var(--_line);
    background: var(--_panel);
  }
  .bar label {
    display: flex;
    align-items: center;
    gap: 6px;
    margin-left: 6px;
    color: var(--_muted);
  }
  .bar .room {
    flex: 1;
  }
  .bar .primary {
    min-width: 84px;
  }
  .foot {
    padding: 10px 12px;
    color: var(--_muted);
    font-size: 12px;
  }
  @media (max-width: 760px) {
    :host {
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: auto minmax(0, 1fr);
    }
    .side {
      display: contents;
    }
    .side > .tabs {
      grid-row: 1;
    }
    .side > [role="tabpanel"],
    .work {
      grid-row: 2;
      grid-column: 1;
    }
    .only-narrow {
      display: inline-flex !important;
    }
    .only-wide {
      display: none !important;
    }
    :host([tab="query"]) .side > [role="tabpanel"] {
      display: none;
    }
    :host(:not([tab="query"])) .work {
      display: none;
    }
    .work {
      grid-template-rows: auto minmax(80px, 32%) 1px minmax(0, 1fr);
    }
    .long {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
      white-space: nowrap;
    }
  }
`;
