// SPDX-License-Identifier: BSD-3-Clause
import { rowsOf, type Row } from "../table/arrow";
import { send, unescaped } from "./http";

const TAP = "/api/tap";

/** Ask a small question and return its rows; for metadata, not for science, so that no history has it. */
export async function ask(adql: string, signal?: AbortSignal): Promise<Row[]> {
  const body = new URLSearchParams({ REQUEST: "doQuery", LANG: "ADQL", QUERY: adql, RESPONSEFORMAT: "arrow" });
  const response = await send(`${TAP}/sync`, {
    method: "POST",
    body,
    headers: { "X-Sciplat-History": "off" },
    ...(signal && { signal }),
  });
  return rowsOf(new Uint8Array(await response.arrayBuffer()));
}

/** How many rows tables have, by name: VOSI tells it (VODataService 1.2, `nrows`), TAP_SCHEMA does not. */
export async function rowCounts(signal?: AbortSignal): Promise<Map<string, number>> {
  const response = await send(`${TAP}/tables?detail=min`, signal ? { signal } : {});
  return rowCountsIn(await response.text());
}

export function rowCountsIn(vosi: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, table] of vosi.matchAll(/<table\b[^>]*>(.*?)<\/table>/gs)) {
    const name = /<name>([^<]*)<\/name>/.exec(table!)?.[1];
    const rows = /<nrows>(\d+)<\/nrows>/.exec(table!)?.[1];
    if (name && rows) counts.set(unescaped(name).trim(), Number(rows));
  }
  return counts;
}

/** Start a query as a job and return the job's id. */
export async function submit(adql: string, maxrec: number | null): Promise<string> {
  const body = new URLSearchParams({ LANG: "ADQL", QUERY: adql, PHASE: "RUN" });
  if (maxrec !== null) body.set("MAXREC", String(maxrec));
  const response = await send(`${TAP}/async`, { method: "POST", body });
  return jobIdOf(response.url);
}

/** The id of a job: the last part of its address (UWS 1.1, section 2.2.2.1). */
export function jobIdOf(url: string): string {
  const path = new URL(url, "http://localhost").pathname.replace(/\/+$/, "");
  const id = path.slice(path.lastIndexOf("/") + 1);
  if (!id || id === "async") throw new Error("The instance took the query but named no job");
  return decodeURIComponent(id);
}

/** A string literal of ADQL. */
export function literal(text: string): string {
  return `'${text.replace(/'/g, "''")}'`;
}
