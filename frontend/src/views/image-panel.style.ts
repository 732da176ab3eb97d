// SPDX-License-Identifier: BSD-3-Clause
import { css } from "lit";

export const style = css`
  :host {
    display: block;
    padding: 12px 14px 20px;
    background: var(--_panel);
  }
  fieldset {
    position: relative;
    display: grid;
    gap: 8px;
    min-width: 0;
    margin: 0 0 18px;
    padding: 0;
    border: 0;
  }
  legend {
    margin-bottom: 6px;
    padding: 0;
    font-weight: 600;
  }
  .segments {
    display: grid;
    grid-template-columns: repeat(4, 1fr);
    border: 1px solid var(--_edge);
    border-radius: 6px;
    overflow: hidden;
  }
  .segments label {
    position: relative;
    display: grid;
    place-content: center;
    min-height: 28px;
    cursor: pointer;
  }
  .segments label + label {
    border-left: 1px solid var(--_line);
  }
  .segments label:hover {
    background: var(--_hover);
  }
  .segments .chosen {
    background: var(--_tint);
    color: var(--_accent);
    font-weight: 600;
  }
  .segments input,
  .maps input {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    min-height: 0;
    margin: 0;
    opacity: 0;
    cursor: pointer;
  }
  .segments label:has(:focus-visible),
  .maps label:has(:focus-visible) {
    outline: 2px solid var(--_accent);
    outline-offset: -2px;
  }
  .cuts {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto minmax(0, 1fr);
    align-items: center;
    gap: 8px;
  }
  .cuts input {
    width: 100%;
    font-variant-numeric: tabular-nums;
  }
  .cuts input + .unit + input {
    text-align: right;
  }
  .unit {
    color: var(--_muted);
    font-size: 12px;
  }
  .maps {
    display: grid;
    grid-template-columns: repeat(3, 1fr);
    gap: 6px;
  }
  .maps label {
    position: relative;
    padding: 3px;
    border: 1px solid transparent;
    border-radius: 5px;
  }
  .maps .chosen {
    border-color: var(--_accent);
  }
  .maps canvas {
    display: block;
    width: 100%;
    height: 16px;
    border-radius: 2px;
  }
  .check {
    display: flex;
    align-items: baseline;
    gap: 8px;
    cursor: pointer;
  }
  .check input {
    min-height: 0;
    margin: 0;
    accent-color: var(--_accent);
    transform: translateY(1px);
  }
  small {
    display: block;
    color: var(--_muted);
    font-size: 12px;
  }
  .all {
    position: absolute;
    right: -8px;
    top: -31px;
    color: var(--_accent);
  }
  .planes {
    display: grid;
    gap: 8px;
  }
  .plane {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) 72px;
    align-items: start;
    gap: 9px;
  }
  .plane label {
    overflow-wrap: anywhere;
  }
  input[type="color"] {
    width: 22px;
    min-height: 18px;
    height: 18px;
    padding: 0;
    border-radius: 4px;
    cursor: pointer;
  }
  input[type="color"]::-webkit-color-swatch-wrapper {
    padding: 0;
  }
  input[type="color"]::-webkit-color-swatch {
    border: 0;
  }
  input[type="range"] {
    width: 72px;
    min-height: 18px;
    padding: 0;
    border: 0;
    accent-color: var(--_accent);
  }
  .note {
    color: var(--_muted);
  }
`;
