// SPDX-License-Identifier: BSD-3-Clause
import { css } from "lit";

export const style = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    position: relative;
    background: var(--_panel);
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 10px;
    min-height: 40px;
    padding: 4px 6px 4px 12px;
    border-bottom: 1px solid var(--_line);
    font-variant-numeric: tabular-nums;
  }
  .state {
    font-weight: 600;
  }
  .fact {
    color: var(--_muted);
  }
  .room {
    flex: 1;
  }
  .row {
    display: flex;
    align-items: center;
    gap: 6px;
    color: var(--_muted);
  }
  @media (max-width: 760px) {
    .row span {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
      white-space: nowrap;
    }
  }
  .row input::placeholder {
    color: transparent;
  }
  @media (max-width: 760px) {
    .bar {
      gap: 4px 6px;
    }
    .bar .row input {
      width: 7ch;
    }
    .bar .size {
      display: none;
    }
    .bar sp-menu {
      margin-left: auto;
    }
    .bar .row input::placeholder {
      color: var(--_muted);
    }
  }
  .row input {
    width: 12ch;
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .cut {
    padding: 6px 12px;
    border-bottom: 1px solid var(--_line);
    background: var(--_warn-tint);
    color: var(--_warn);
  }
  .progress {
    position: absolute;
    z-index: 4;
    top: -1px;
    left: 0;
    right: 0;
    height: 2px;
    overflow: hidden;
    background: var(--_tint);
  }
  .progress i {
    position: absolute;
    inset: 0 60% 0 0;
    background: var(--_accent);
    animation: pass 1.5s ease-in-out infinite;
  }
  @keyframes pass {
    from {
      transform: translateX(-100%);
    }
    to {
      transform: translateX(250%);
    }
  }
  .bar [aria-pressed="true"] {
    background: var(--_tint);
    color: var(--_accent);
  }
  .views {
    flex: 1;
    display: flex;
    min-height: 0;
  }
  sp-result-table,
  sp-plot-panel {
    flex: 1 1 0;
    min-width: 0;
    min-height: 0;
  }
  sp-plot-panel {
    border-left: 1px solid var(--_line);
  }
  @media (max-width: 900px) {
    .views {
      flex-direction: column;
    }
    sp-plot-panel {
      min-height: 240px;
      border-top: 1px solid var(--_line);
      border-left: 0;
    }
  }
  .message {
    flex: 1;
    display: grid;
    align-content: center;
    justify-items: center;
    gap: 10px;
    padding: 24px;
    color: var(--_muted);
    text-align: center;
    background: var(--_panel);
  }
  .message h2 {
    color: var(--_text);
    font-size: 15px;
    font-weight: 600;
  }
  .message p {
    max-width: 52ch;
    overflow-wrap: anywhere;
  }
`;
