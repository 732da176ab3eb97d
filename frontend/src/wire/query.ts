// SPDX-License-Identifier: BSD-3-Clause
import type { Phase, QueryError } from "./job";

/** One query of the user's history, as `GET /api/queries` answers it. Times are ISO 8601, UTC. */
export interface PastQuery {
  id: string;
  aspect: "portal" | "notebook" | "api";
  kind: "sync" | "async";
  phase: Phase;
  query: string;
  maxrec: number | null;
  created: string;
  started: string | null;
  ended: string | null;
  rows: number | null;
  overflow: boolean;
  cached: boolean;
  error: QueryError | null;
  uploads: { name: string }[];
  /** Tables that have other rows now; in lists always empty. */
  changes: { table: string; then: string; now: string | null }[];
  links: { query: string; specification: string; job: string | null; result: string | null };
}

export interface PastQueries {
  queries: PastQuery[];
  /** Where older ones begin. */
  next: string | null;
}

/** A link that shares a query; its secret is known only when it is made. */
export interface Link {
  key: string;
  query: string;
  created: string;
  expires: string | null;
}

export interface NewLink extends Link {
  url: string;
}

/** A query that somebody shares. */
export interface Shared {
  by: string;
  specification: { query: string; maxrec: number | null; created: string | null; uploads: { name: string }[] };
}
