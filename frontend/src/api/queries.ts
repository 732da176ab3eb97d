// SPDX-License-Identifier: BSD-3-Clause
import type { Link, NewLink, PastQueries, PastQuery, Shared } from "../wire/query";
import { sendJson } from "./http";

const at = (id: string) => `/api/queries/${encodeURIComponent(id)}`;

/** The user's queries with all words of `search`, newest first; `before` is the `next` of an earlier page. */
export function queries(search: string, before: string | null, limit: number, signal?: AbortSignal): Promise<PastQueries> {
  const parameters = new URLSearchParams({ limit: String(limit) });
  if (search) parameters.set("search", search);
  if (before) parameters.set("before", before);
  return sendJson<PastQueries>(`/api/queries?${parameters}`, "GET", undefined, signal);
}

/** Run a query again, as a job on the rows of today. */
export function runAgain(id: string): Promise<PastQuery> {
  return sendJson<PastQuery>(`${at(id)}/run`, "POST");
}

export function forget(id: string): Promise<void> {
  return sendJson<void>(at(id), "DELETE");
}

export async function links(id: string): Promise<Link[]> {
  return (await sendJson<{ links: Link[] }>(`${at(id)}/links`)).links;
}

export function share(id: string, days: number | null): Promise<NewLink> {
  return sendJson<NewLink>(`${at(id)}/links`, "POST", { expires_days: days });
}

export function revoke(key: string): Promise<void> {
  return sendJson<void>(`/api/queries/links/${encodeURIComponent(key)}`, "DELETE");
}

export function shared(secret: string): Promise<Shared> {
  return sendJson<Shared>(`/api/queries/shared/${encodeURIComponent(secret)}`);
}
