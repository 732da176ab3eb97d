// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { ago, span, utc } from "../table/format";
import { isFinal, type JobBrief, type Phase } from "../wire/job";
import { define } from "./define";
import { icon } from "./icons";
import { KINDS, partsOf } from "./job-kind";
import { base, controls } from "./style";

/** Phases in the words of a person; the standard's own word stays in the tooltip. */
export const SAID: Record<Phase, string> = {
  PENDING: "Not started",
  QUEUED: "Waiting",
  EXECUTING: "Running",
  COMPLETED: "Done",
  ERROR: "Failed",
  ABORTED: "Stopped",
  UNKNOWN: "Unknown",
  HELD: "Held",
  SUSPENDED: "Suspended",
  ARCHIVED: "Result gone",
};

/** How long a job ran, or has been running, in seconds; null before it started. */
export function duration(job: JobBrief, now = Date.now()): number | null {
  if (!job.started) return null;
  const end = job.ended ? Date.parse(utc(job.ended)) : now;
  return Math.max(0, (end - Date.parse(utc(job.started))) / 1000);
}

/** How lists of queries look. */
export const listStyle = css`
  :host {
    display: block;
    overflow: auto;
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    padding: 8px 8px 8px 12px;
    border-bottom: 1px solid var(--_line);
  }
  li:hover {
    background: var(--_hover);
  }
  li.current {
    background: var(--_tint);
  }
  .open {
    display: block;
    width: 100%;
    min-height: 0;
    padding: 0;
    border: 0;
    background: none;
    text-align: left;
    font: 12.5px/1.45 var(--_mono);
    white-space: normal;
  }
  .open:hover {
    background: none;
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  .open span {
    display: -webkit-box;
    overflow: hidden;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow-wrap: anywhere;
  }
  .why,
  .facts {
    grid-column: 1 / -1;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px 10px;
    margin-top: 3px;
    color: var(--_muted);
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }
  .phase {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    color: var(--_text);
  }
  .phase::before {
    content: "";
    width: 7px;
    height: 7px;
    border-radius: 50%;
    background: var(--_edge);
  }
  .COMPLETED::before {
    background: var(--_accent);
  }
  .ERROR::before {
    background: var(--_bad);
  }
  .EXECUTING::before {
    background: var(--_warn);
    animation: beat 1.6s ease-in-out infinite;
  }
  @keyframes beat {
    50% {
      opacity: 0.35;
    }
  }
  .why {
    margin-top: 3px;
    color: var(--_bad);
    font-size: 12px;
    overflow-wrap: anywhere;
  }
  .actions {
    display: flex;
    margin: -3px 0 0 6px;
  }
  .actions button,
  .actions .button {
    min-height: 24px;
    width: 26px;
    color: var(--_muted);
  }
  .actions button:hover,
  .actions .button:hover {
    color: var(--_text);
  }
`;

/**
 * Jobs, the newest first.
 *
 * Dispatches `sp-open-job`, `sp-edit-job`, `sp-abort-job` and `sp-delete-job` with a job.
 */
export class JobList extends LitElement {
  static override styles = [
    base,
    controls,
    listStyle,
  ];
  static override properties = { jobs: { attribute: false }, current: {} };

  declare jobs: readonly JobBrief[];
  declare current: string | null;

  constructor() {
    super();
    this.jobs = [];
    this.current = null;
  }

  private tell(type: string, job: JobBrief): void {
    this.dispatchEvent(new CustomEvent(type, { detail: job, bubbles: true, composed: true }));
  }

  override render(): TemplateResult {
    return html`<ul aria-label="Jobs">
      ${this.jobs.map((job) => this.line(job))}
    </ul>`;
  }

  private line(job: JobBrief): TemplateResult {
    const seconds = duration(job);
    const { title } = job;
    const words = KINDS[job.kind];
    return html`<li class=${job.id === this.current ? "current" : ""} data-job=${job.id}>
      <button
        class="open"
        aria-current=${job.id === this.current ? "true" : nothing}
        @click=${() => this.tell("sp-open-job", job)}
      >
        <span>${title || words.untitled}</span>
      </button>
      <span class="actions">
        ${job.kind === "query" ? this.button("edit", "Edit this query", "sp-edit-job", job, title) : nothing}
        ${isFinal(job.phase)
          ? this.button("trash", "Delete this job and its result", "sp-delete-job", job, title)
          : this.button("stop", "Stop this job", "sp-abort-job", job, title)}
      </span>
      ${job.error ? html`<div class="why">${job.error.message}</div>` : nothing}
      <div class="facts">
        <span class="phase ${job.phase}" title=${job.phase}>${SAID[job.phase] ?? job.phase}</span>
        ${words.label ? html`<span>${words.label}</span>` : nothing}
        ${job.rows !== null && job.phase !== "ERROR"
          ? html`<span>${partsOf(job)}${job.overflow ? ", cut" : ""}</span>`
          : nothing}
        ${seconds !== null ? html`<span>${span(seconds)}</span>` : nothing}
        <span title=${job.created}>${ago(job.created)}</span>
      </div>
    </li>`;
  }

  private button(name: "edit" | "trash" | "stop", label: string, event: string, job: JobBrief, title: string): TemplateResult {
    return html`<button
      class="quiet icon"
      title=${label}
      aria-label="${label}: ${title.slice(0, 60)}"
      @click=${() => this.tell(event, job)}
    >
      ${icon(name, 14)}
    </button>`;
  }
}

define("sp-job-list", JobList);
