// SPDX-License-Identifier: BSD-3-Clause

/** The phases of UWS 1.1, section 2.1.3. */
export type Phase =
  | "PENDING"
  | "QUEUED"
  | "EXECUTING"
  | "COMPLETED"
  | "ERROR"
  | "ABORTED"
  | "UNKNOWN"
  | "HELD"
  | "SUSPENDED"
  | "ARCHIVED";

const FINAL: ReadonlySet<Phase> = new Set(["COMPLETED", "ERROR", "ABORTED", "ARCHIVED"]);

/** Whether a job in this phase will never change again. */
export function isFinal(phase: Phase): boolean {
  return FINAL.has(phase);
}

export type JobKind = "query" | "cutout" | "bulk_cutout";

/** Why a job failed; of a query also where in its text: line and column count from 1. */
export interface QueryError {
  code: string;
  message: string;
  line: number | null;
  column: number | null;
  length: number | null;
}

/** One job, as lists show it. Times are ISO 8601, UTC. */
export interface JobBrief {
  id: string;
  phase: Phase;
  kind: JobKind;
  /** How its query begins, or what is cut out of what, in one line. */
  title: string;
  created: string;
  started: string | null;
  ended: string | null;
  destruction: string | null;
  /** Rows written so far, and in the end all; of other jobs the cutouts that have been tried. */
  rows: number | null;
  bytes: number | null;
  /** The result was cut: by the row limit asked for, or by a limit of the instance. */
  overflow: boolean;
  error: QueryError | null;
  links: { result: string; job: string };
}

/** One job, as `GET /api/jobs/{id}` answers it. */
export interface Job extends JobBrief {
  /** Empty where it has none. */
  query: string;
  maxrec?: number | null;
  /** Between 0 and 1, where the engine knows. */
  progress?: number | null;
  /** How many jobs have their turn before this one, while it is queued. */
  turns_before?: number | null;
  /** What it was expected to take, before it ran. */
  estimated_seconds?: number | null;
  /** When it is expected to end, or is stopped because it may run no longer. */
  quote?: string | null;
  /** Empty before it is completed. */
  results: readonly JobResult[];
}

/** One result of a completed job. */
export interface JobResult {
  name: string;
  url: string;
  /** Null for a table, which is written in the form that is asked for. */
  media_type: string | null;
  /** What to call it on a disk. */
  file: string;
  bytes: number | null;
  rows: number | null;
  /** How many parts of it could not be made. */
  failed: number;
}

export interface JobList {
  jobs: JobBrief[];
  /** Where the list goes on; null at its end. */
  next: string | null;
}
