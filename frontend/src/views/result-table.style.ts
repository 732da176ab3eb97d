// SPDX-License-Identifier: BSD-3-Clause
import { css } from "lit";

export const style = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    background: var(--_panel);
  }
  .scroller {
    flex: 1;
    min-height: 120px;
    overflow: auto;
    overscroll-behavior: contain;
    position: relative;
  }
  .scroller:focus-visible {
    outline: none;
  }
  .layer {
    position: sticky;
    top: 0;
    left: 0;
    overflow: hidden;
    font-size: 12.5px;
    font-variant-numeric: tabular-nums lining-nums;
    user-select: none;
    cursor: default;
  }
  .head {
    position: relative;
    z-index: 2;
    height: 44px;
    background: var(--_raised);
    border-bottom: 1px solid var(--_line);
  }
  .body {
    position: relative;
    z-index: 1;
  }
  .row {
    position: relative;
    height: 100%;
  }
  .body .row {
    height: 26px;
    border-bottom: 1px solid color-mix(in srgb, var(--_line) 55%, transparent);
  }
  .body .row:hover {
    background: var(--_hover);
  }
  .cells {
    position: absolute;
    inset: 0;
    transform: translateX(var(--shift, 0));
  }
  .gutter {
    position: absolute;
    z-index: 1;
    left: 0;
    top: 0;
    bottom: 0;
    width: var(--gutter);
    padding: 0 8px;
    background: var(--_raised);
    border-right: 1px solid var(--_line);
    color: var(--_muted);
    font-size: 11px;
    line-height: 25px;
    text-align: right;
  }
  .cell {
    position: absolute;
    top: 0;
    bottom: 0;
    padding: 0 10px;
    overflow: hidden;
    line-height: 25px;
    text-overflow: ellipsis;
    white-space: pre;
  }
  .number {
    text-align: right;
  }
  .null {
    color: var(--_muted);
    font-size: 10px;
    letter-spacing: 0.04em;
  }
  .odd {
    color: var(--_warn);
  }
  .waiting::before {
    content: "";
    display: inline-block;
    width: 60%;
    height: 8px;
    border-radius: 4px;
    background: var(--_line);
    opacity: 0.6;
  }
  .chosen {
    background: var(--_tint);
  }
  .cursor {
    box-shadow: inset 0 0 0 1px var(--_edge);
  }
  .scroller:focus .cursor {
    box-shadow: inset 0 0 0 2px var(--_accent);
  }
  .name {
    position: absolute;
    top: 0;
    bottom: 0;
    padding: 5px 10px 0;
    overflow: hidden;
    border-right: 1px solid var(--_line);
    line-height: 17px;
    white-space: nowrap;
  }
  .name b,
  .name small {
    display: block;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .name b {
    font-weight: 600;
  }
  .name small {
    color: var(--_muted);
    font-size: 11px;
  }
  .grip {
    position: absolute;
    top: 0;
    right: 0;
    bottom: 0;
    width: 7px;
    cursor: col-resize;
    touch-action: none;
  }
  .grip:hover,
  .grip.held {
    background: var(--_accent);
    opacity: 0.5;
  }
  .readout {
    display: flex;
    gap: 12px;
    align-items: center;
    min-height: 28px;
    padding: 0 10px;
    border-top: 1px solid var(--_line);
    background: var(--_raised);
    font-size: 12px;
    white-space: nowrap;
    overflow: hidden;
  }
  .readout code {
    font-family: var(--_mono);
    user-select: text;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .readout .about {
    flex: 1;
    min-width: 0;
    overflow: hidden;
    color: var(--_muted);
    text-overflow: ellipsis;
  }
  .trouble {
    display: flex;
    gap: 10px;
    align-items: center;
    padding: 6px 10px;
    background: var(--_warn-tint);
    color: var(--_warn);
  }
`;
