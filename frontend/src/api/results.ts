// SPDX-License-Identifier: BSD-3-Clause
import { pageOf, type Page } from "../table/arrow";
import { send } from "./http";

/** Where the rows of a job's result can be read in pages. */
export function pagesUrl(id: string): string {
  return `/api/views/results/${encodeURIComponent(id)}`;
}

/** Read the rows `offset` to `offset + limit` of a result. */
export async function page(url: string, offset: number, limit: number, signal?: AbortSignal): Promise<Page> {
  const response = await send(`${url}?offset=${offset}&limit=${limit}`, signal ? { signal } : {});
  return pageOf(new Uint8Array(await response.arrayBuffer()), offset);
}

/** Where a whole result can be downloaded in one format (DALI's RESPONSEFORMAT). */
export function downloadUrl(result: string, format: string): string {
  return `${result}${result.includes("?") ? "&" : "?"}RESPONSEFORMAT=${format}`;
}
