// SPDX-License-Identifier: BSD-3-Clause
import { css, html, nothing, type TemplateResult } from "lit";
import { count, size } from "../table/format";
import { icon } from "../views/icons";
import type { Job, JobResult } from "../wire/job";

export const filesStyle = css`
  .files {
    flex: 1;
    min-height: 0;
    margin: 0;
    padding: 4px 0;
    overflow: auto;
    list-style: none;
  }
  .files li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px 12px;
    padding: 6px 12px;
    border-bottom: 1px solid var(--_line);
    font-variant-numeric: tabular-nums;
  }
  .files a {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    overflow-wrap: anywhere;
  }
  .files .about,
  .files .size {
    color: var(--_muted);
  }
  .files .about {
    grid-column: 1 / -1;
    font-size: 12px;
  }
`;

/** How many parts of a completed job could not be made. */
export function failedOf(job: Job): number {
  return job.results.reduce((sum, result) => sum + result.failed, 0);
}

/** How many parts it was to have: the cutouts of an archive, or the results themselves. */
export function triedOf(job: Job): number {
  return job.kind === "bulk_cutout" ? (job.rows ?? 0) : job.results.length;
}

/** What became of a completed job that has files, in one sentence. */
export function filesInWords(job: Job): string {
  const failed = failedOf(job);
  const tried = triedOf(job);
  const made = tried - failed;
  const many = `${count(made)} ${made === 1 ? "cutout" : "cutouts"}`;
  return failed ? `${many} of ${count(tried)}` : many;
}

/** What says that some parts are missing, and where the reasons are. */
export function missing(job: Job): TemplateResult | typeof nothing {
  const failed = failedOf(job);
  if (!failed) return nothing;
  const where = job.kind === "bulk_cutout" ? "the index tells why, row by row" : "a text in its place tells why";
  return html`<div class="cut" role="note">${count(failed)} of ${count(triedOf(job))} cutouts could not be made; ${where}.</div>`;
}

/** The files of a completed job. */
export function files(job: Job): TemplateResult {
  return html`<ul class="files" aria-label="Results">
    ${job.results.map(
      (result) => html`<li>
        <a href=${result.url} download=${result.file}>${icon("download", 14)} ${result.file}</a>
        <span class="size">${result.bytes === null ? nothing : size(result.bytes)}</span>
        ${aboutOf(job, result)}
      </li>`,
    )}
  </ul>`;
}

function aboutOf(job: Job, result: JobResult): TemplateResult | typeof nothing {
  const text =
    job.kind === "bulk_cutout"
      ? result.name === "index"
        ? "What came of each row and image, as a table"
        : "All cutouts, and the index"
      : result.failed
        ? "Why there is no cutout"
        : "";
  return text ? html`<span class="about">${text}</span>` : nothing;
}
