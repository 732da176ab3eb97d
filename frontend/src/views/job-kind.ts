// SPDX-License-Identifier: BSD-3-Clause
import { count } from "../table/format";
import type { JobBrief, JobKind } from "../wire/job";

interface Words {
  /** What such a job is, at the beginning of a sentence; null for a query, which most jobs are. */
  label: string | null;
  /** In the middle of one. */
  job: string;
  /** Of what `rows` counts, one and many. */
  parts: readonly [string, string];
  /** Where it has no title. */
  untitled: string;
}

export const KINDS: Record<JobKind, Words> = {
  query: { label: null, job: "query", parts: ["row", "rows"], untitled: "(empty query)" },
  cutout: { label: "Cutouts", job: "job", parts: ["cutout", "cutouts"], untitled: "(no image)" },
  bulk_cutout: { label: "Many cutouts", job: "job", parts: ["cutout", "cutouts"], untitled: "(no table)" },
};

/** How much a job has come to, in words. */
export function partsOf({ kind, rows }: JobBrief): string {
  const [one, many] = KINDS[kind].parts;
  return `${count(rows ?? 0)} ${rows === 1 ? one : many}`;
}
