// SPDX-License-Identifier: BSD-3-Clause
import type { Job, JobBrief, JobList } from "../wire/job";
import { isFinal } from "../wire/job";
import { ConnectionError, send, sendJson } from "./http";

export function job(id: string, waitSeconds = 0, signal?: AbortSignal): Promise<Job> {
  const wait = waitSeconds ? `?wait=${waitSeconds}` : "";
  return sendJson<Job>(`/api/jobs/${encodeURIComponent(id)}${wait}`, "GET", undefined, signal);
}

/** The newest jobs of every kind. */
export async function jobs(limit = 100, signal?: AbortSignal): Promise<JobBrief[]> {
  return (await sendJson<JobList>(`/api/jobs?limit=${limit}`, "GET", undefined, signal)).jobs;
}

/** Stop a job; its UWS document has the same address for all kinds. */
export async function abort({ links }: JobBrief): Promise<void> {
  await send(`${links.job}/phase`, { method: "POST", body: new URLSearchParams({ PHASE: "ABORT" }) });
}

/** Delete a job and its results. */
export async function destroy({ links }: JobBrief): Promise<void> {
  await send(links.job, { method: "DELETE" });
}

/**
 * Yield a job each time more is known of it, until it is final.
 *
 * A short wait lets the count of rows move while the query runs; the answer still comes at once
 * when the phase changes. A lost connection is waited out.
 */
export async function* follow(id: string, signal: AbortSignal): AsyncGenerator<Job> {
  let pause = 1;
  let last: Job | null = null;
  const began = Date.now();
  while (!signal.aborted) {
    try {
      const wait = last === null ? 0 : Date.now() - began < 30_000 ? 1 : 5;
      last = await job(id, wait, signal);
      pause = 1;
      yield last;
      if (isFinal(last.phase)) return;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      await delay(pause * 1000, signal);
      pause = Math.min(pause * 2, 15);
    }
  }
}

/** Resolve after some time, or reject when the signal is aborted. */
export function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException("Nobody waits any more", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
