// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, type TemplateResult } from "lit";
import { ApiError, ConnectionError, messageOf } from "../api/http";
import { imageAddress, imageNameOf } from "../api/images";
import { downloadUrl } from "../api/results";
import { rowsReader } from "../api/rows";
import type { Reader } from "../plot/looking";
import type { ResultColumn } from "../table/arrow";
import { count, size, span } from "../table/format";
import { define } from "../views/define";
import { KINDS, partsOf } from "../views/job-kind";
import { duration } from "../views/job-list";
import { icon } from "../views/icons";
import "../views/menu";
import type { MenuItem } from "../views/menu";
import "../views/plot-panel";
import "../views/result-table";
import type { ResultTable } from "../views/result-table";
import { base, controls } from "../views/style";
import { Watch } from "../views/watch";
import type { Job } from "../wire/job";
import { files, filesInWords, filesStyle, missing } from "./job-files";
import { tell } from "./notices";
import { outlookOf } from "./outlook";
import { signInAddress } from "./place";
import { style } from "./result-panel.style";
import { user } from "./session";
import { Work } from "./work";

const RUN = /Mac|iP(ad|hone)/.test(navigator.platform) ? "\u2318 Enter" : "Ctrl Enter";

/** What became of the job: how it goes, the rows of a query, or the files of another job. */
export class ResultPanel extends LitElement {
  static override styles = [base, controls, style, filesStyle];
  static override properties = { work: { attribute: false }, columns: { state: true } };

  declare work: Work;
  /** Of the result, once its first page has come. */
  private declare columns: readonly ResultColumn[];
  private reader: { job: string; rows: Reader } | null = null;
  private ticking = 0;

  constructor() {
    super();
    this.columns = [];
    new Watch(this, () => {
      const { work } = this;
      return work && [work.selection.value, work.isPlotted.value, work.job.value, work.failure.value, work.isSending.value, work.began.value, work.maxrec.value];
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.ticking);
  }

  protected override firstUpdated(): void {
    this.work.table.on("result", () => (this.columns = []));
  }

  protected override updated(): void {
    const running = this.work.isRunning.value;
    if (running && !this.ticking) this.ticking = window.setInterval(() => this.requestUpdate(), 100);
    if (!running && this.ticking) {
      clearInterval(this.ticking);
      this.ticking = 0;
    }
  }

  private get table(): ResultTable {
    return this.renderRoot.querySelector<ResultTable>("sp-result-table")!;
  }

  private goTo(event: Event): void {
    const input = event.target as HTMLInputElement;
    const row = Number(input.value.replace(/[^\d]/g, ""));
    if (row >= 1) this.table.goTo(row - 1);
  }

  private downloads(job: Job): MenuItem[] {
    const result = job.links.result;
    return [
      { label: "VOTable", about: "With units, UCDs and descriptions", href: downloadUrl(result, "votable"), file: `${job.id}.vot` },
      { label: "FITS", about: "A binary table, with units and UCDs", href: downloadUrl(result, "fits"), file: `${job.id}.fits` },
      { label: "Parquet", about: "Small and quick to read, with all of that", href: downloadUrl(result, "parquet"), file: `${job.id}.parquet` },
      { label: "CSV", about: "Names and values only", href: downloadUrl(result, "csv"), file: `${job.id}.csv` },
      { label: "Copy chosen cells", about: "With their columns' names, for a spreadsheet", run: () => void this.table.copy(true) },
      { label: "Copy as Python", about: "Lines for pyvo that read this result", run: () => void this.copyPython(job) },
    ];
  }

  private async copyPython(job: Job): Promise<void> {
    const url = new URL(job.links.job, location.href).href;
    const lines = [
      "import pyvo",
      "",
      `job = pyvo.dal.AsyncTAPJob(${JSON.stringify(url)})`,
      "table = job.fetch_result().to_table()",
      "",
    ];
    try {
      await navigator.clipboard.writeText(lines.join("\n"));
      tell("Copied four lines of Python");
    } catch {
      tell("The browser does not let this page copy");
    }
  }

  override render(): TemplateResult {
    const job = this.work.job.value;
    const isDone = job?.phase === "COMPLETED";
    const isQuery = job?.kind === "query";
    const hasRows = isDone && isQuery && (job.rows ?? 0) > 0;
    return html`
      ${this.work.isRunning.value ? html`<div class="progress" aria-hidden="true"><i></i></div>` : nothing}
      <div class="visually-hidden" role="status" data-testid="run-state">${this.spoken(job)}</div>
      ${job ? this.bar(job) : nothing} ${isDone && job.overflow ? this.cut(job) : nothing}
      ${isDone && !isQuery ? missing(job) : nothing}
      <div class="views" ?hidden=${!hasRows}>
        <sp-result-table
          label="Result"
          .store=${this.work.table}
          @sp-columns=${(event: CustomEvent<ResultColumn[]>) => (this.columns = event.detail)}
        ></sp-result-table>
        ${hasRows && this.work.isPlotted.value ? this.plot(job) : nothing}
      </div>
      ${isDone && !isQuery ? files(job) : hasRows ? nothing : this.instead(job)}
    `;
  }

  /** A plot of the rows, which points at the same row as the table. */
  private plot(job: Job): TemplateResult {
    if (this.reader?.job !== job.id) this.reader = { job: job.id, rows: rowsReader({ source: { kind: "job", job: job.id } }) };
    return html`<sp-plot-panel
      .reader=${this.reader.rows}
      .columns=${this.columns}
      .highlighted=${this.work.selection.value?.cursor.row ?? null}
      @sp-highlight=${(event: CustomEvent<{ row: number | null }>) => {
        if (event.detail.row !== null) this.table.goTo(event.detail.row);
      }}
    ></sp-plot-panel>`;
  }

  /** One sentence for each phase, not for each tick. */
  private spoken(job: Job | null): string {
    const what = `The ${nameOf(job)}`;
    if (this.work.isRunning.value) return `${what} is running`;
    switch (job?.phase) {
      case "COMPLETED":
        return `${what} is done: ${job.kind === "query" ? partsOf(job) : filesInWords(job)}${job.overflow ? ", cut" : ""}`;
      case "ERROR":
        return `${what} failed`;
      case "ABORTED":
        return `${what} was stopped`;
      default:
        return "";
    }
  }

  private bar(job: Job): TemplateResult {
    const began = this.work.began.value;
    const running = this.work.isRunning.value;
    const seconds = running && began !== null ? (Date.now() - began) / 1000 : duration(job);
    const time = seconds === null ? nothing : html`<span class="fact" aria-hidden=${running}>${span(seconds)}</span>`;
    if (running) {
      const what = job.phase === "EXECUTING" ? "Running" : "Waiting for a free place";
      return html`<div class="bar">
        <span class="state">${what}</span>${time}
        ${job.progress ? html`<span class="fact">${Math.floor(job.progress * 100)} %</span>` : nothing}
        ${job.rows ? html`<span class="fact">${partsOf(job)} so far</span>` : nothing}
      </div>`;
    }
    if (job.phase !== "COMPLETED") {
      return html`<div class="bar"><span class="state">${job.phase === "ABORTED" ? "Stopped" : "Failed"}</span>${time}</div>`;
    }
    const kept = job.destruction ? `Kept until ${job.destruction}` : nothing;
    if (job.kind !== "query") {
      return html`<div class="bar">
        <span class="state" title=${kept}>${filesInWords(job)}</span>${time}${job.bytes ? html`<span class="fact size">${size(job.bytes)}</span>` : nothing}
      </div>`;
    }
    return html`<div class="bar" role="toolbar" aria-label="Result">
      <span class="state" data-testid="row-count" title=${kept}>${partsOf(job)}</span>
      ${time}${job.bytes ? html`<span class="fact size">${size(job.bytes)}</span>` : nothing}
      <span class="room"></span>
      ${this.image()}
      ${(job.rows ?? 0) > 20
        ? html`<label class="row"
            ><span>Go to row</span>
            <input inputmode="numeric" placeholder="Row" @change=${(event: Event) => this.goTo(event)}
          /></label>`
        : nothing}
      <button
        class="quiet"
        aria-pressed=${this.work.isPlotted.value}
        title="Show the rows as a plot, too"
        @click=${() => this.work.setPlotted(!this.work.isPlotted.value)}
      >
        ${icon("plot")} Plot
      </button>
      <sp-menu quiet icon="download" label="Download" .items=${this.downloads(job)}></sp-menu>
    </div>`;
  }

  /** A way to the image of the row that is chosen, or of the first one. */
  private image(): TemplateResult | typeof nothing {
    const table = this.renderRoot.querySelector<ResultTable>("sp-result-table");
    const row = this.work.selection.value?.cursor.row ?? 0;
    const identifier = table?.valueIn(row, "obs_publisher_did");
    const kind = table?.valueIn(row, "dataproduct_type") ?? "image";
    if (typeof identifier !== "string" || kind !== "image" || !imageNameOf(identifier)) return nothing;
    return html`<a class="button quiet" href=${imageAddress(identifier)} title="The image of row ${row + 1}">${icon("image")} Open image</a>`;
  }

  private cut(job: Job): TemplateResult {
    const limit = job.maxrec ?? (Number(this.work.maxrec.value) || null);
    const rows = count(job.rows ?? 0);
    return html`<div class="cut" role="note">
      ${limit !== null && job.rows === limit
        ? `Cut at ${rows} rows, the limit you chose. There are more: raise the row limit beside Run, or narrow the query.`
        : `Cut at ${rows} rows by a limit of this instance. There are more: narrow the query, or ask for fewer columns.`}
    </div>`;
  }

  /** What stands where the rows would be. */
  private instead(job: Job | null): TemplateResult {
    const failure = this.work.failure.value;
    if (failure) return this.refused(failure);
    if (this.work.isRunning.value) return waiting(job);
    switch (job?.phase) {
      case "COMPLETED":
        return message("No rows", "The query is right, but nothing in the data matches it.");
      case "ERROR":
        return this.failed(job);
      case "ABORTED":
        return message("Stopped", job.kind === "query" ? "Change the query if you like, and run it again." : "To have it done after all, send it again.");
      case "ARCHIVED":
        return message("The result is gone", `Results are kept for a while only. ${job.kind === "query" ? "Run the query" : "Send the job"} again to get it back.`);
      default:
        return message("No result yet", `Choose a table at the left and press Preview, take an example, or write a query and press ${RUN}.`);
    }
  }

  private failed(job: Job): TemplateResult {
    const { error } = job;
    const text = error?.line
      ? "The place is underlined in the query, with the reason below it."
      : (error?.message ?? "The instance gave no reason.");
    // A visitor cannot know whether a name is wrong or private.
    const mayHelp = error?.code === "authentication" && user.value === null;
    const signIn = mayHelp ? html`<a class="button" href=${signInAddress()}>Sign in</a>` : nothing;
    return message(`The ${nameOf(job)} failed`, text, signIn);
  }

  private refused(failure: unknown): TemplateResult {
    if (failure instanceof ApiError && failure.wantsSignIn) {
      return message("This needs you to sign in", failure.message, html`<a class="button" href=${signInAddress()}>Sign in</a>`);
    }
    if (failure instanceof ApiError && failure.status === 404) {
      return message("There is no such job", "It may have been deleted, or belong to somebody else.");
    }
    const again = Work.mayRetry(failure)
      ? html`<button @click=${() => this.dispatchEvent(new Event("sp-again", { bubbles: true, composed: true }))}>Try again</button>`
      : nothing;
    return message(failure instanceof ConnectionError ? "No answer" : "The query was refused", messageOf(failure), again);
  }
}

/** What to call the job in a sentence; before there is one, it is a query. */
function nameOf(job: Job | null): string {
  return KINDS[job?.kind ?? "query"].job;
}

function waiting(job: Job | null): TemplateResult {
  const outlook = job ? outlookOf(job) : "";
  const what = job && job.kind !== "query" ? "Its files" : "Rows";
  return message(
    job?.phase === "QUEUED" ? "Waiting\u2026" : "Running\u2026",
    `${outlook} ${what} appear here when the ${nameOf(job)} is done. You can leave this page: the job goes on.`.trim(),
  );
}

function message(title: string, text: string, then: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`<div class="message"><h2>${title}</h2><p>${text}</p>${then}</div>`;
}

define("sp-result-panel", ResultPanel);
