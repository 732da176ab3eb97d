// SPDX-License-Identifier: BSD-3-Clause
import type { Job, JobBrief, JobList } from "../wire/job";
import { isFinal } from "../wire/job";
import { ConnectionError, sendJson } from "./http";

export function job(id: string, waitSeconds = 0, signal?: AbortSignal): Promise<Job> {
  const wait = waitSeconds ? `?wait=${waitSeconds}` : "";
  return sendJson<Job>(`/api/jobs/${encodeURIComponent(id)}${wait}`, "GET", undefined, signal);
}

/** The newest queries; other kinds of jobs have no rows to show. */
export async function jobs(limit = 100, signal?: AbortSignal): Promise<JobBrief[]> {
  return (await sendJson<JobList>(`/api/jobs?kind=query&limit=${limit}`, "GET", undefined, signal)).jobs;
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
