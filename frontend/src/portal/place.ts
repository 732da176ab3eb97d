// SPDX-License-Identifier: BSD-3-Clause
import { signal } from "@preact/signals-core";

/** The pages of the Portal, and what their addresses say. */
export type Place =
  | { page: "query"; job: string | null; table: string | null }
  | { page: "sign-in"; code: string | null; next: string }
  /** Somebody's shared query; what opens it stands in the fragment, which no server ever sees. */
  | { page: "shared"; secret: string | null }
  | { page: "tokens" }
  /** An image by its publisher's identifier, with what to show in its middle (ICRS degrees). */
  | { page: "image"; id: string; at: { ra: number; dec: number } | null }
  | { page: "notebooks" }
  | { page: "unknown" };

const HOME = "/portal";

/** Read an address. */
export function placeOf(url: URL): Place {
  const path = url.pathname.replace(/\/+$/, "");
  if (path === "" || path === HOME || path === `${HOME}/jobs`) {
    return { page: "query", job: null, table: url.searchParams.get("table") };
  }
  const job = /^\/portal\/jobs\/([^/]+)$/.exec(path);
  if (job) return { page: "query", job: decodeURIComponent(job[1]!), table: null };
  if (path === `${HOME}/sign-in`) {
    return { page: "sign-in", code: url.hash.slice(1) || null, next: safe(url.searchParams.get("next")) };
  }
  if (path === `${HOME}/shared`) return { page: "shared", secret: url.hash.slice(1) || null };
  if (path === `${HOME}/tokens`) return { page: "tokens" };
  if (path === `${HOME}/image`) return { page: "image", id: url.searchParams.get("id") ?? "", at: positionIn(url.searchParams) };
  if (path === `${HOME}/notebooks`) return { page: "notebooks" };
  return { page: "unknown" };
}

function positionIn(parameters: URLSearchParams): { ra: number; dec: number } | null {
  const [ra, dec] = ["ra", "dec"].map((name) => Number.parseFloat(parameters.get(name) ?? "")) as [number, number];
  return Number.isFinite(ra) && Math.abs(dec) <= 90 ? { ra, dec } : null;
}

/** Where a program of this instance asks who has signed in; it leads on to that program. */
const AUTHORIZE = /^\/api\/identity\/oauth\/authorize\?[^\\#]*$/;

/** Only addresses of the Portal itself may be gone to after signing in, and the one that asks who has. */
export function safe(next: string | null): string {
  if (next !== null && AUTHORIZE.test(next)) return next;
  if (next === null || !/^\/portal(?:[/?][^\\]*)?$/.test(next)) return HOME;
  // As a browser reads it: dots lead out of the Portal.
  const { pathname } = new URL(next, "http://portal.invalid");
  return /^\/portal(?:\/|$)/.test(pathname) && !pathname.startsWith("/portal/sign-in") ? next : HOME;
}

export const place = signal<Place>({ page: "query", job: null, table: null });

/** Where to sign in so as to come back here. */
export function signInAddress(): string {
  const here = location.pathname + location.search;
  const next = safe(here);
  return next === HOME ? `${HOME}/sign-in` : `${HOME}/sign-in?next=${encodeURIComponent(next)}`;
}

/** Go to another page, without loading it anew where it is the Portal's. */
export function go(address: string, replace = false): void {
  if (AUTHORIZE.test(address)) return location.assign(address);
  history[replace ? "replaceState" : "pushState"](null, "", address);
  read();
}

function read(): void {
  place.value = placeOf(new URL(location.href));
}

/** Follow the address bar, and links to the Portal's own pages. */
export function start(): void {
  read();
  window.addEventListener("popstate", read);
  // A second one-time link pasted into the same tab changes the fragment only.
  window.addEventListener("hashchange", read);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find((each): each is HTMLAnchorElement => each instanceof HTMLAnchorElement);
    if (!link || link.target || link.download || link.origin !== location.origin) return;
    if (!/^\/portal(\/(?!assets\/)|$)/.test(link.pathname)) return;
    event.preventDefault();
    go(link.pathname + link.search + link.hash);
  });
}
