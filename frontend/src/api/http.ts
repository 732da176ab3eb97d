// SPDX-License-Identifier: BSD-3-Clause
import type { ErrorDocument } from "../wire/error";

/** The instance answered, and said no. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Signing in may help. */
  get wantsSignIn(): boolean {
    return this.status === 401;
  }
}

/** No answer came: the network or the instance is away. Asking again may help. */
export class ConnectionError extends Error {
  constructor() {
    super("The instance does not answer. It may be restarting, or the network is away.");
    this.name = "ConnectionError";
  }
}

/** Whether a failure is only that somebody stopped waiting. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** A sentence for people about any failure. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Calls about whether the instance was reached; the page's banner listens. */
export const contact = new EventTarget();

/**
 * Tells the instance that a page asks, which shows its own sign-in: a Basic challenge in a 401 would make
 * the browser open a dialog of its own and hold the answer back until it is closed.
 */
const FROM_PORTAL = { "X-Requested-With": "sciplat-portal" };

/** Send a request to this instance, and return its answer if it is a good one. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init, headers: { ...init.headers, ...FROM_PORTAL } });
  } catch (error) {
    if (isAbort(error)) throw error;
    contact.dispatchEvent(new Event("lost"));
    throw new ConnectionError();
  }
  // The front door answers so while the process behind it is away.
  if (response.status === 502 || response.status === 504) {
    contact.dispatchEvent(new Event("lost"));
    throw new ConnectionError();
  }
  contact.dispatchEvent(new Event("reached"));
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Send JSON (or nothing) and read JSON. */
export async function sendJson<T>(path: string, method = "GET", body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, "Content-Type": "application/json" };
  }
  if (signal) init.signal = signal;
  const response = await send(path, init);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  const fallback = `The instance answered ${response.status} ${response.statusText}`.trim();
  if (/json/.test(response.headers.get("Content-Type") ?? "")) {
    try {
      const document = JSON.parse(text) as Partial<ErrorDocument>;
      if (document.error) return new ApiError(response.status, document.error.code, document.error.message);
    } catch {
      // Not the JSON that it claims to be: the fallback below says what is known.
    }
  }
  const status = queryStatus(text);
  return new ApiError(response.status, "error", status ?? fallback);
}

/** The message of a VOTable error document (DALI 1.1, section 4.4), if it is one. */
export function queryStatus(text: string): string | null {
  const match = /<INFO\b[^>]*\bvalue="ERROR"[^>]*>([^<]*)</.exec(text);
  return match?.[1] ? unescaped(match[1]).trim() : null;
}

/** The text that XML wrote with its five entities. */
export function unescaped(xml: string): string {
  return xml
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&apos;|&#39;|&#x27;/g, "'")
    .replace(/&amp;/g, "&");
}
