// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { messageOf } from "../api/http";
import { ask } from "../api/tap";
import { quoted } from "../adql/words";
import type { Catalog } from "../catalog/catalog";
import { examplesOf, positionOf, previewOf, type Example, type Known } from "../catalog/examples";
import * as history from "../api/queries";
import "../views/adql-editor";
import type { AdqlEditor } from "../views/adql-editor";
import "../views/data-browser";
import type { DataBrowser } from "../views/data-browser";
import { define } from "../views/define";
import { icon } from "../views/icons";
import "../views/job-list";
import "../views/menu";
import "../views/splitter";
import { base, controls, empty } from "../views/style";
import { Watch } from "../views/watch";
import { job as read } from "../api/jobs";
import type { JobBrief } from "../wire/job";
import type { PastQuery } from "../wire/query";
import "./history-panel";
import { keep, kept } from "./kept";
import { attempt } from "./attempt";
import { tell } from "./notices";
import type { Past } from "./past";
import { go, place, signInAddress } from "./place";
import { style } from "./query-page.style";
import "./result-panel";
import * as session from "./session";
import "./share";
import type { Share } from "./share";
import type { Work } from "./work";

type Tab = "data" | "jobs" | "history" | "query";

const LIMITS: [string, string][] = [
  ["1000", "1,000"],
  ["10000", "10,000"],
  ["100000", "100,000"],
  ["1000000", "1,000,000"],
  ["", "No limit"],
];

/** The limits to choose from; one that a shared query or an address brought is among them. */
function limitsWith(chosen: string): [string, string][] {
  if (LIMITS.some(([value]) => value === chosen)) return LIMITS;
  return [[chosen, Number(chosen).toLocaleString("en")], ...LIMITS];
}

/** The workplace: data at the left, a query above its result. */
export class QueryPage extends LitElement {
  static override styles = [base, controls, empty, style];
  static override properties = {
    catalog: { attribute: false },
    work: { attribute: false },
    past: { attribute: false },
    tab: { reflect: true },
    examples: { state: true },
    side: { state: true },
    editorHeight: { state: true },
  };

  declare catalog: Catalog;
  declare work: Work;
  declare past: Past;
  declare tab: Tab;
  /** Null until somebody asks for them. */
  declare private examples: readonly Example[] | null;
  declare private side: number;
  declare private editorHeight: number;
  private shownTable: string | null = null;

  constructor() {
    super();
    this.tab = "data";
    this.examples = null;
    this.side = Number(kept("side", "330")) || 330;
    this.editorHeight = Number(kept("editor", "190")) || 190;
    new Watch(this, () => {
      const { work, catalog } = this;
      if (!work) return;
      return [
        work.isRunning.value,
        work.isSending.value,
        work.maxrec.value,
        work.job.value,
        work.jobs.value,
        work.jobsFailure.value,
        catalog.schemas.value,
        session.user.value,
        place.value,
      ];
    });
    this.addEventListener("sp-insert", (event) => this.insert((event as CustomEvent<string>).detail));
    this.addEventListener("sp-preview", (event) => void this.preview((event as CustomEvent<string>).detail));
    this.addEventListener("sp-run", () => void this.run());
    this.addEventListener("sp-again", () => void (this.work.isOpening ? this.reopen() : this.run()));
    this.addEventListener("sp-open-job", (event) => this.openJob((event as CustomEvent<JobBrief>).detail));
    this.addEventListener("sp-edit-job", (event) => void this.editJob((event as CustomEvent<JobBrief>).detail));
    this.addEventListener("sp-abort-job", (event) => void attempt(() => this.work.abort((event as CustomEvent<JobBrief>).detail)));
    this.addEventListener("sp-open-query", (event) => void this.openQuery((event as CustomEvent<PastQuery>).detail));
    this.addEventListener("sp-repeat-query", (event) => void this.repeat((event as CustomEvent<PastQuery>).detail));
    this.addEventListener("sp-forget-query", (event) => void this.forget((event as CustomEvent<PastQuery>).detail));
    this.addEventListener("sp-share-query", (event) =>
      this.renderRoot.querySelector<Share>("sp-share")!.open((event as CustomEvent<PastQuery>).detail),
    );
    this.addEventListener("sp-delete-job", (event) => void this.deleteJob((event as CustomEvent<JobBrief>).detail));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("keydown", this.onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("keydown", this.onKey);
  }

  protected override updated(_changed: PropertyValues): void {
    this.style.setProperty("--side", `${this.side}px`);
    this.style.setProperty("--editor", `${this.editorHeight}px`);
    this.followPlace();
  }

  /** Show what the address names. */
  private followPlace(): void {
    const at = place.value;
    if (at.page !== "query") {
      // Coming back (from signing in, say) asks again for what could not be shown.
      this.asked = null;
      return;
    }
    if (at.job && this.work.job.value?.id !== at.job && this.asked !== at.job) {
      this.asked = at.job;
      this.tab = this.isNarrow ? "query" : this.tab;
      void this.work.open(at.job);
    }
    if (!at.job) this.asked = null;
    if (at.table && at.table !== this.shownTable && this.catalog.table(at.table)) {
      this.shownTable = at.table;
      const name = this.catalog.table(at.table)!.name;
      this.work.setQuery(previewOf(name));
      void this.renderRoot.querySelector<DataBrowser>("sp-data-browser")!.show(name);
    }
  }

  private asked: string | null = null;

  private get isNarrow(): boolean {
    return matchMedia("(max-width: 760px)").matches;
  }

  private get editor(): AdqlEditor {
    return this.renderRoot.querySelector<AdqlEditor>("sp-adql-editor")!;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || this.hidden) return;
    const target = event.composedPath()[0];
    const isText = target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
    if (isText || kept("keys", "on") !== "on") return;
    event.preventDefault();
    this.tab = "data";
    void this.updateComplete.then(() => {
      this.renderRoot.querySelector("sp-data-browser")!.shadowRoot!.querySelector("input")!.focus();
    });
  };

  private insert(text: string): void {
    if (this.isNarrow) this.tab = "query";
    void this.updateComplete.then(() => this.editor.insert(text));
  }

  private async preview(table: string): Promise<void> {
    if (this.isNarrow) this.tab = "query";
    this.work.setQuery(previewOf(table));
    await this.run();
  }

  private async run(): Promise<void> {
    const id = await this.work.run();
    if (!id) return;
    this.asked = id;
    go(`/portal/jobs/${encodeURIComponent(id)}`);
  }

  private async reopen(): Promise<void> {
    const at = place.value;
    if (at.page === "query" && at.job) await this.work.open(at.job);
  }

  private openJob(job: JobBrief): void {
    if (this.isNarrow) this.tab = "query";
    go(`/portal/jobs/${encodeURIComponent(job.id)}`);
  }

  private async editJob({ id }: JobBrief): Promise<void> {
    await attempt(async () => {
      this.work.setQuery((await read(id)).query);
      if (this.isNarrow) this.tab = "query";
      await this.updateComplete;
      this.editor.focus();
    });
  }

  /** Show a query of the past: with its result while that is kept, else in the editor. */
  private async openQuery(query: PastQuery): Promise<void> {
    if (this.isNarrow) this.tab = "query";
    if (query.links.job) {
      go(`/portal/jobs/${encodeURIComponent(query.id)}`);
      return;
    }
    this.work.setQuery(query.query);
    await this.updateComplete;
    this.editor.focus();
  }

  private async repeat(query: PastQuery): Promise<void> {
    await attempt(async () => {
      const made = await history.runAgain(query.id);
      const changed = made.changes.map(({ table }) => table).join(", ");
      if (changed) tell(`Since then these tables have changed: ${changed}`);
      if (this.isNarrow) this.tab = "query";
      go(`/portal/jobs/${encodeURIComponent(made.id)}`);
      await Promise.all([this.past.read(), this.work.refreshJobs()]);
    });
  }

  private async forget(query: PastQuery): Promise<void> {
    await attempt(async () => {
      await history.forget(query.id);
      this.past.drop(query.id);
      tell("Deleted from the history");
    });
  }

  private async deleteJob(job: JobBrief): Promise<void> {
    await attempt(async () => {
      await this.work.destroy(job);
      if (place.value.page === "query" && place.value.job === job.id) go("/portal", true);
      tell("Job deleted");
    });
  }

  private choose(tab: Tab): void {
    this.tab = tab;
    if (tab === "jobs") void this.work.refreshJobs();
    if (tab === "history" && session.user.value !== null) void this.past.read();
  }

  /** Make examples from the tables that exist, each at a place where there are data. */
  private async makeExamples(): Promise<void> {
    if (this.examples?.length) return;
    await attempt(async () => {
      await this.catalog.loadAll();
      const own = this.catalog.tables().filter(({ schema }) => !/^(tap_schema|ivoa)$/i.test(schema));
      const known: Known[] = own.map((table) => ({ table, columns: this.catalog.known.peek().get(table.name) ?? [] }));
      const first = known.find(({ columns }) => positionOf(columns));
      if (first) {
        const [ra, dec] = positionOf(first.columns)!.map(({ name }) => quoted(name)) as [string, string];
        const rows = await ask(`SELECT TOP 1 ${ra} AS x, ${dec} AS y FROM ${first.table.name} WHERE ${ra} IS NOT NULL`).catch(() => []);
        const row = rows[0];
        if (row) first.near = [Number(Number(row["x"]).toFixed(2)), Number(Number(row["y"]).toFixed(2))];
      }
      this.examples = examplesOf(known, this.catalog.keys.value);
    });
  }

  override render(): TemplateResult {
    const { work } = this;
    return html`
      <h1 class="visually-hidden">Query</h1>
      <div class="side">
        <div class="tabs" role="tablist" aria-label="Panes" @keydown=${(event: KeyboardEvent) => this.onTabKey(event)}>
          ${this.tabButton("data", "Data")} ${this.tabButton("jobs", "Jobs")} ${this.tabButton("history", "History")} ${this.tabButton("query", "Query", "only-narrow")}
        </div>
        <div role="tabpanel" id="pane-data" aria-labelledby="tab-data" ?hidden=${this.sideTab !== "data"}>
          <sp-data-browser .catalog=${this.catalog}></sp-data-browser>
        </div>
        <div role="tabpanel" id="pane-jobs" aria-labelledby="tab-jobs" ?hidden=${this.sideTab !== "jobs"}>${this.jobs()}</div>
        <div role="tabpanel" id="pane-history" aria-labelledby="tab-history" ?hidden=${this.sideTab !== "history"}>
          <sp-history-panel .past=${this.past}></sp-history-panel>
        </div>
      </div>
      <sp-splitter
        class="only-wide"
        upright
        label="Width of the data pane"
        .size=${this.side}
        .least=${220}
        .most=${640}
        @sp-move=${(event: CustomEvent<number>) => {
          this.side = event.detail;
          keep("side", String(event.detail));
        }}
      ></sp-splitter>
      <div class="work" id="pane-query">
        ${this.bar()}
        <sp-adql-editor .store=${work.editor} .names=${this.catalog}></sp-adql-editor>
        <sp-splitter
          label="Height of the editor"
          .size=${this.editorHeight}
          .least=${80}
          .most=${Math.max(200, innerHeight - 300)}
          @sp-move=${(event: CustomEvent<number>) => {
            this.editorHeight = event.detail;
            keep("editor", String(event.detail));
          }}
        ></sp-splitter>
        <sp-result-panel .work=${work}></sp-result-panel>
      </div>
      <sp-share></sp-share>
    `;
  }

  private get sideTab(): Tab {
    return this.tab === "query" ? "data" : this.tab;
  }

  private tabButton(tab: Tab, label: string, kind = ""): TemplateResult {
    const isChosen = this.isNarrow ? this.tab === tab : this.sideTab === tab;
    return html`<button
      class=${kind}
      role="tab"
      id="tab-${tab}"
      aria-selected=${isChosen}
      aria-controls="pane-${tab}"
      tabindex=${isChosen ? 0 : -1}
      @click=${() => this.choose(tab)}
    >
      ${label}
    </button>`;
  }

  private onTabKey(event: KeyboardEvent): void {
    const tabs: Tab[] = this.isNarrow ? ["data", "jobs", "history", "query"] : ["data", "jobs", "history"];
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const at = tabs.indexOf(this.isNarrow ? this.tab : this.sideTab);
    const to = tabs[(at + step + tabs.length) % tabs.length]!;
    this.choose(to);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${to}`)!.focus());
  }

  private bar(): TemplateResult {
    const { work } = this;
    const running = work.isRunning.value;
    return html`<div class="bar" role="toolbar" aria-label="Query">
      ${running && work.job.value
        ? html`<button @click=${() => void attempt(() => work.abort())}>${icon("stop", 14)} Stop</button>`
        : html`<button class="primary" ?disabled=${work.isSending.value} @click=${() => void this.run()}>${icon("run", 14)} Run</button>`}
      <label
        ><span class="long">Row limit</span>
        <select @change=${(event: Event) => work.setMaxrec((event.target as HTMLSelectElement).value)}>
          ${limitsWith(work.maxrec.value).map(([value, label]) => html`<option value=${value} ?selected=${work.maxrec.value === value}>${label}</option>`)}
        </select>
      </label>
      <span class="room"></span>
      <sp-menu
        quiet
        label="Examples"
        empty=${this.examples === null ? "Looking for tables to try them on\u2026" : "Examples appear once there is a table to try them on."}
        .items=${(this.examples ?? []).map(({ title, about, query }) => ({
          label: title,
          about,
          run: () => {
            work.setQuery(query);
            void this.updateComplete.then(() => this.editor.focus());
          },
        }))}
        @sp-opening=${() => void this.makeExamples()}
      ></sp-menu>
    </div>`;
  }

  private jobs(): TemplateResult {
    const { work } = this;
    const failure = work.jobsFailure.value;
    const jobs = work.jobs.value;
    const isVisitor = session.me.value !== null && session.user.value === null;
    const note = isVisitor
      ? html`<p>Jobs made without signing in are listed only here, and only until this page is closed.</p>
          <a href=${signInAddress()}>Sign in to keep them</a>`
      : nothing;
    return html`
      ${failure
        ? html`<div class="empty" role="status">
            <p>The jobs could not be read. ${messageOf(failure)}</p>
            <button @click=${() => void work.refreshJobs()}>Try again</button>
          </div>`
        : nothing}
      ${jobs.length
        ? html`<sp-job-list .jobs=${jobs} .current=${work.job.value?.id ?? null}></sp-job-list>
            ${isVisitor ? html`<div class="foot">${note}</div>` : nothing}`
        : html`<div class="empty">
            <p>No jobs yet. Every query you run becomes one, and its result is kept for a week.</p>
            ${note}
          </div>`}
    `;
  }
}

define("sp-query-page", QueryPage);
