// SPDX-License-Identifier: BSD-3-Clause
import { css } from "lit";

export const style = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    background: var(--_panel);
  }
  .tree {
    flex: 1;
    min-height: 80px;
    overflow: auto;
    position: relative;
  }
  .tree:focus-visible {
    outline-offset: -2px;
  }
  .window {
    position: relative;
    overflow: hidden;
  }
  .item {
    position: absolute;
    left: 0;
    right: 0;
    height: 40px;
    display: grid;
    grid-template-columns: 18px minmax(0, 1fr) auto;
    column-gap: 4px;
    align-content: center;
    padding: 0 10px 0 6px;
    cursor: default;
  }
  .item.level2 {
    padding-left: 20px;
  }
  .item.level3 {
    padding-left: 40px;
    grid-template-columns: 0 minmax(0, 1fr) auto;
  }
  .item:hover {
    background: var(--_hover);
  }
  .item[aria-selected="true"] {
    background: var(--_tint);
  }
  .tree:focus-visible .item[aria-selected="true"] {
    box-shadow: inset 2px 0 0 var(--_accent);
  }
  .twist {
    display: grid;
    place-items: center;
    grid-row: span 2;
    color: var(--_muted);
  }
  .title,
  .about,
  .note {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .title {
    line-height: 18px;
  }
  .level1 .title {
    font-weight: 650;
  }
  .level2 .title {
    font-weight: 550;
  }
  .level3 .title {
    font-family: var(--_mono);
    font-size: 12.5px;
  }
  .note {
    max-width: 110px;
    color: var(--_muted);
    font-size: 11.5px;
    font-variant-numeric: tabular-nums;
    line-height: 18px;
  }
  .item.bare > * {
    grid-row: span 2;
    align-self: center;
  }
  .about {
    grid-column: 2 / 4;
    color: var(--_muted);
    font-size: 11.5px;
    line-height: 15px;
  }
  .details {
    flex: none;
    max-height: 45%;
    overflow: auto;
    padding: 10px 12px 12px;
    border-top: 1px solid var(--_line);
    background: var(--_raised);
  }
  .details h2 {
    font: 600 13px/1.4 var(--_mono);
    overflow-wrap: anywhere;
  }
  .details p {
    margin-top: 4px;
    white-space: pre-line;
    overflow-wrap: anywhere;
  }
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 2px 10px;
    margin: 8px 0 0;
    font-size: 12px;
  }
  dt {
    color: var(--_muted);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    margin-top: 10px;
  }
  .skeleton {
    height: 10px;
    margin: 18px 14px;
    border-radius: 5px;
    background: var(--_line);
  }
  .skeleton.short {
    width: 55%;
  }
`;
