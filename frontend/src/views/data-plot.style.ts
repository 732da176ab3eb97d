// SPDX-License-Identifier: BSD-3-Clause
import { css } from "lit";

export const style = css`
  :host {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
    background: var(--_panel);
    --_mark: var(--sp-mark, light-dark(#cf5f04, #f0b454));
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px;
    padding: 4px 8px;
    border-bottom: 1px solid var(--_line);
  }
  .tools [aria-checked="true"] {
    background: var(--_tint);
    color: var(--_accent);
  }
  .tools .space {
    flex: 1;
  }
  .plot {
    position: relative;
    flex: 1;
    min-height: 120px;
    overflow: hidden;
    touch-action: none;
  }
  .plot:focus-visible {
    outline-offset: -2px;
  }
  .chart {
    position: absolute;
    inset: 0;
  }
  .uplot,
  .u-over,
  .u-under {
    pointer-events: none;
  }
  .over {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    cursor: crosshair;
  }
  .over[data-tool="pan"] {
    cursor: grab;
  }
  .over[data-tool="pan"]:active {
    cursor: grabbing;
  }
  .shape {
    fill: color-mix(in srgb, var(--_mark) 14%, transparent);
    stroke: var(--_mark);
    stroke-width: 1.5;
    vector-effect: non-scaling-stroke;
  }
  .shape.closer {
    fill: color-mix(in srgb, var(--_accent) 12%, transparent);
    stroke: var(--_accent);
    stroke-dasharray: 4 3;
  }
  .foot {
    padding: 3px 10px;
    overflow: hidden;
    white-space: nowrap;
    text-overflow: ellipsis;
    border-top: 1px solid var(--_line);
    color: var(--_muted);
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }
  .notice {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 8px;
    padding: 16px;
    color: var(--_muted);
    text-align: center;
    pointer-events: none;
  }
  .notice span {
    padding: 6px 10px;
    border-radius: 6px;
    background: var(--_panel);
  }
  .notice.bad {
    color: var(--_bad);
  }
  .busy {
    position: absolute;
    inset: 0 0 auto;
    height: 2px;
    background: var(--_accent);
    animation: pulse 1.2s ease-in-out infinite alternate;
  }
  @keyframes pulse {
    from {
      opacity: 0.2;
    }
  }
`;
