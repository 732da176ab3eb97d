// SPDX-License-Identifier: BSD-3-Clause
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { follow } from "../../src/api/jobs";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("following a job", () => {
  it("goes on until the job is final", async () => {
    const phases = ["QUEUED", "EXECUTING", "COMPLETED", "COMPLETED"];
    const asked: string[] = [];
    vi.stubGlobal("fetch", (url: string) => {
      asked.push(url);
      return Promise.resolve(Response.json({ phase: phases.shift() }));
    });
    const seen = [];
    for await (const job of follow("a", new AbortController().signal)) seen.push(job.phase);
    expect(seen).toEqual(["QUEUED", "EXECUTING", "COMPLETED"]);
    expect(asked).toEqual(["/api/jobs/a", "/api/jobs/a?wait=1", "/api/jobs/a?wait=1"]);
  });

  it("waits out a lost connection", async () => {
    const answers = [new TypeError("Failed to fetch"), Response.json({ phase: "COMPLETED" })];
    vi.stubGlobal("fetch", () => {
      const next = answers.shift()!;
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    });
    const first = follow("a", new AbortController().signal).next();
    await vi.advanceTimersByTimeAsync(1000);
    expect((await first).value).toEqual({ phase: "COMPLETED" });
  });
});
