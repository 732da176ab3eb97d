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
  .stage {
    position: relative;
    flex: 1;
    min-height: 120px;
    overflow: hidden;
    background: light-dark(#c9d1d8, #0a0e11);
    cursor: crosshair;
    touch-action: none;
    user-select: none;
  }
  .stage:focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: -2px;
  }
  canvas.picture {
    position: absolute;
  }
  .sign {
    position: absolute;
    pointer-events: none;
    color: #ffffff;
  }
  .sign svg {
    display: block;
    overflow: visible;
  }
  .sign path {
    fill: none;
    stroke: currentColor;
    stroke-width: 1.6;
    stroke-linecap: round;
  }
  .sign text {
    fill: currentColor;
    font: 600 11px var(--_sans);
  }
  .sign path.halo {
    stroke: rgb(0 0 0 / 0.65);
    stroke-width: 4;
  }
  .sign text.halo {
    fill: none;
    stroke: rgb(0 0 0 / 0.65);
    stroke-width: 3;
    stroke-linejoin: round;
  }
  .at-scale {
    left: 14px;
    bottom: 12px;
  }
  .at-compass {
    right: 6px;
    top: 6px;
  }
  .cross {
    display: none;
    left: 50%;
    top: 50%;
    transform: translate(-50%, -50%);
  }
  .stage:focus-visible .cross {
    display: block;
  }
  .tools {
    position: absolute;
    left: 10px;
    top: 10px;
    display: grid;
    border: 1px solid var(--_line);
    border-radius: 7px;
    background: var(--_panel);
    overflow: hidden;
  }
  .tools button {
    min-height: 30px;
    width: 34px;
    padding: 0;
    border: 0;
    border-radius: 0;
    font-size: 12px;
  }
  .tools button + button {
    border-top: 1px solid var(--_line);
  }
  .tools button:focus-visible {
    outline-offset: -2px;
  }
  .message {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 10px;
    padding: 20px;
    background: var(--_panel);
    color: var(--_muted);
    text-align: center;
    cursor: default;
  }
  .message h2 {
    color: var(--_text);
    font-size: 15px;
  }
  .message p {
    max-width: 52ch;
  }
  .message img {
    max-width: 100%;
    max-height: 55vh;
    border: 1px solid var(--_line);
  }
  .trouble {
    position: absolute;
    left: 50%;
    bottom: 44px;
    transform: translateX(-50%);
    display: flex;
    align-items: center;
    gap: 10px;
    max-width: calc(100% - 24px);
    padding: 6px 8px 6px 12px;
    border-radius: 8px;
    background: var(--_bad-tint);
    color: var(--_bad);
    box-shadow: 0 4px 14px rgb(0 0 0 / 0.25);
  }
  .progress {
    position: absolute;
    inset: 0 0 auto;
    height: 2px;
    overflow: hidden;
    pointer-events: none;
  }
  .progress i {
    position: absolute;
    inset: 0;
    width: 35%;
    background: var(--_accent);
    animation: pass 1.1s ease-in-out infinite;
  }
  @keyframes pass {
    from {
      transform: translateX(-100%);
    }
    to {
      transform: translateX(300%);
    }
  }
  .foot {
    display: flex;
    align-items: center;
    gap: 16px;
    min-height: 34px;
    padding: 4px 12px;
    border-top: 1px solid var(--_line);
    font-variant-numeric: tabular-nums;
  }
  .readout {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 1px 16px;
    flex: 1;
    min-width: 0;
  }
  .readout i {
    color: var(--_muted);
    font-style: normal;
  }
  .readout .sky {
    font-weight: 600;
  }
  .readout .degrees,
  .readout .hint {
    color: var(--_muted);
  }
  .readout .flags {
    color: var(--_accent);
    font-size: 12px;
    font-weight: 600;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: 7px;
    color: var(--_muted);
    font-size: 12px;
    white-space: nowrap;
  }
  .bar canvas {
    width: 110px;
    height: 10px;
    border: 1px solid var(--_edge);
    border-radius: 2px;
  }
  @media (max-width: 760px) {
    .foot {
      flex-direction: column;
      align-items: stretch;
      gap: 3px;
      padding: 6px 12px;
    }
    .readout {
      min-height: 58px;
      align-content: start;
    }
  }
`;
