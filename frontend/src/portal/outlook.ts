// SPDX-License-Identifier: BSD-3-Clause
import { count, span } from "../table/format";
import type { Job } from "../wire/job";

const SOON_SECONDS = 2;

/** What can be said of a job that is not done yet: whose turn it is, and how long it may take. */
export function outlookOf(job: Job, now = Date.now()): string {
  if (job.phase === "QUEUED" && job.turns_before) {
    const [one, several] = job.kind === "query" ? ["query", "queries"] : ["job", "jobs"];
    const many = job.turns_before === 1 ? `One ${one} has its` : `${count(job.turns_before)} ${several} have their`;
    return `${many} turn before this one.`;
  }
  const expected = job.estimated_seconds ?? 0;
  if (job.phase !== "EXECUTING" || expected < SOON_SECONDS) return "";
  const taken = job.started === null ? 0 : (now - Date.parse(job.started)) / 1000;
  const allowed = job.quote && job.started !== null ? (Date.parse(job.quote) - Date.parse(job.started)) / 1000 : Infinity;
  if (allowed < 0.9 * expected) {
    return `It would take about ${span(expected)}, and is stopped after ${span(allowed)}: ask for less, or run it from a script with a longer EXECUTIONDURATION.`;
  }
  return taken > expected
    ? `It was expected to take ${span(expected)}; there is more to do than that.`
    : `It is expected to take about ${span(expected)}.`;
}
