// SPDX-License-Identifier: BSD-3-Clause
import { computed, signal } from "@preact/signals-core";
import { placeIn } from "../adql/names";
import { ApiError, ConnectionError, isAbort } from "../api/http";
import * as jobsApi from "../api/jobs";
import { pagesUrl } from "../api/results";
import * as tap from "../api/tap";
import type { ResultSource } from "../views/result-table";
import type { Selection } from "../table/selection";
import { memoryStore, type Store } from "../views/store";
import { isFinal, type Job, type JobBrief } from "../wire/job";
import { keep, kept } from "./kept";
import { user } from "./session";

/** Rows asked for unless the user says otherwise. */
const USUAL_LIMIT = "100000";

/** One job at a time: of a query also its text and its rows; and the jobs there were. */
export class Work {
  /** Of the editor: `query` and `error`. */
  readonly editor: Store = memoryStore({ query: kept("query", ""), error: null });
  /** Of the result table: `result` and `selection`. */
  readonly table: Store = memoryStore({ result: null, selection: null });
  /** Whether a plot stands beside the table. */
  readonly isPlotted = signal(kept("plot", "") === "yes");
  /** Of the result table; the same as in its store, for who watches. */
  readonly selection = signal<Selection | null>(null);
  readonly maxrec = signal(kept("maxrec", USUAL_LIMIT));
  readonly job = signal<Job | null>(null);
  /** When this tab started the query, by its own clock; null for a job that it found. */
  readonly began = signal<number | null>(null);
  /** Sent, but not yet a job. */
  readonly isSending = signal(false);
  /** Why there is no job: it was refused, or cannot be seen. */
  readonly failure = signal<unknown>(null);
  readonly jobs = signal<readonly JobBrief[]>([]);
  readonly jobsFailure = signal<unknown>(null);
  readonly isRunning = computed(() => this.isSending.value || (this.job.value !== null && !isFinal(this.job.value.phase)));
  /** The failure is of opening a job that exists, not of making one. */
  isOpening = false;
  private following: AbortController | null = null;

  constructor() {
    this.editor.on("query", () => keep("query", this.query));
    this.table.on("selection", () => (this.selection.value = this.table.get("selection") as Selection | null));
  }

  get query(): string {
    return String(this.editor.get("query") ?? "");
  }

  setQuery(text: string): void {
    this.editor.set("error", null);
    this.editor.set("query", text);
  }

  setPlotted(isPlotted: boolean): void {
    this.isPlotted.value = isPlotted;
    keep("plot", isPlotted ? "yes" : "");
  }

  setMaxrec(value: string): void {
    this.maxrec.value = value;
    keep("maxrec", value);
  }

  /** Start what is in the editor; resolves with the job's id once there is one. */
  async run(): Promise<string | null> {
    if (!this.query.trim() || this.isSending.value) return null;
    this.begin();
    this.isOpening = false;
    this.began.value = Date.now();
    this.isSending.value = true;
    try {
      const id = await tap.submit(this.query, this.maxrec.value ? Number(this.maxrec.value) : null);
      void this.follow(id);
      return id;
    } catch (error) {
      this.fail(error);
      return null;
    } finally {
      this.isSending.value = false;
    }
  }

  /** Show a job that exists, with its query. */
  async open(id: string): Promise<void> {
    if (this.job.value?.id === id) return;
    this.begin();
    this.isOpening = true;
    await this.follow(id, true);
  }

  async abort(job: JobBrief | null = this.job.value): Promise<void> {
    if (!job) return;
    await jobsApi.abort(job);
    await this.refreshJobs();
  }

  async destroy(job: JobBrief): Promise<void> {
    await jobsApi.destroy(job);
    this.jobs.value = this.jobs.value.filter(({ id }) => id !== job.id);
    if (this.job.value?.id === job.id) this.begin();
  }

  /** Read the user's jobs; those that only this tab knows stay in the list. */
  async refreshJobs(): Promise<void> {
    // Without signing in there is no list.
    if (user.value === null) return;
    try {
      const read = await jobsApi.jobs();
      const ids = new Set(read.map(({ id }) => id));
      this.jobs.value = newestFirst([...this.jobs.value.filter(({ id }) => !ids.has(id)), ...read]);
      this.jobsFailure.value = null;
    } catch (error) {
      this.jobsFailure.value = error;
    }
  }

  /** Forget what belongs to somebody who has signed out. */
  forget(): void {
    this.begin();
    this.jobs.value = [];
  }

  private begin(): void {
    this.following?.abort();
    this.job.value = null;
    this.began.value = null;
    this.failure.value = null;
    this.editor.set("error", null);
    this.table.set("selection", null);
    this.table.set("result", null);
  }

  private async follow(id: string, takesQuery = false): Promise<void> {
    const following = (this.following = new AbortController());
    try {
      for await (const job of jobsApi.follow(id, following.signal)) {
        if (following.signal.aborted) return;
        if (takesQuery && job.kind === "query") this.setQuery(job.query);
        takesQuery = false;
        this.take(job);
      }
    } catch (error) {
      if (!isAbort(error)) this.fail(error);
    }
  }

  private take(found: Job): void {
    const { error } = found;
    // A message that also speaks of signing in tells its place in words only.
    const job = error && error.line === null ? { ...found, error: { ...error, ...placeIn(error.message) } } : found;
    this.job.value = job;
    this.jobs.value = newestFirst([job, ...this.jobs.value.filter(({ id }) => id !== job.id)]);
    if (job.kind !== "query") return;
    if (job.error) this.editor.set("error", job.error);
    if (job.phase === "COMPLETED") {
      const result: ResultSource = { url: pagesUrl(job.id), rows: job.rows ?? 0 };
      this.table.set("result", result);
    }
  }

  private fail(error: unknown): void {
    this.failure.value = error;
    if (error instanceof ApiError && error.status === 400) {
      this.editor.set("error", { code: error.code, message: error.message, ...placeIn(error.message) });
      this.failure.value = null;
    }
  }

  /** Whether trying the same again may help. */
  static mayRetry(error: unknown): boolean {
    return error instanceof ConnectionError || (error instanceof ApiError && error.status >= 500);
  }
}

function newestFirst(jobs: JobBrief[]): JobBrief[] {
  return jobs.sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : 0));
}
