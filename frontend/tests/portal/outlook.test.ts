// SPDX-License-Identifier: BSD-3-Clause
import { expect, test } from "vitest";
import { outlookOf } from "../../src/portal/outlook";
import type { Job } from "../../src/wire/job";

const STARTED = "2026-11-21T12:00:00Z";
const NOW = Date.parse(STARTED) + 5000;

function job(facts: Partial<Job>): Job {
  return {
    id: "j",
    phase: "EXECUTING",
    kind: "query",
    title: "",
    created: STARTED,
    started: STARTED,
    ended: null,
    destruction: null,
    rows: null,
    bytes: null,
    overflow: false,
    error: null,
    links: { result: "", job: "" },
    query: "",
    results: [],
    ...facts,
  };
}

test("a query that waits says how many have their turn before it", () => {
  expect(outlookOf(job({ phase: "QUEUED", turns_before: 1 }))).toBe("One query has its turn before this one.");
  expect(outlookOf(job({ phase: "QUEUED", turns_before: 1200 }))).toBe("1,200 queries have their turn before this one.");
  expect(outlookOf(job({ phase: "QUEUED", turns_before: 0 }))).toBe("");
});

test("a query that would take longer than it may says so at once", () => {
  const quote = "2026-11-21T13:00:00Z";
  expect(outlookOf(job({ estimated_seconds: 36_000, quote }), NOW)).toMatch(/about 10 h.*, and is stopped after 1 h/);
  expect(outlookOf(job({ estimated_seconds: 3600, quote }), NOW)).toMatch("It is expected to take about 1 h");
});

test("a query at work says how long it may take, while that is true", () => {
  expect(outlookOf(job({ estimated_seconds: 40 }), NOW)).toBe("It is expected to take about 40.0 s.");
  expect(outlookOf(job({ estimated_seconds: 3 }), NOW)).toMatch(/was expected to take 3(\.0)? s; there is more/);
  expect(outlookOf(job({ estimated_seconds: 0.1 }), NOW)).toBe("");
  expect(outlookOf(job({}), NOW)).toBe("");
});
