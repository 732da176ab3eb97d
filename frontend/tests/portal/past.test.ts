// SPDX-License-Identifier: BSD-3-Clause
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../src/api/http";
import { Past } from "../../src/portal/past";

afterEach(() => vi.unstubAllGlobals());

/** An instance with queries `q0`, `q1`, … of which each page has two; answers wait until they are let go. */
function instance(total: number) {
  const asked: URL[] = [];
  const gates: (() => void)[] = [];
  vi.stubGlobal("fetch", (address: string, init: RequestInit) => {
    const url = new URL(address, "http://localhost");
    asked.push(url);
    const from = Number(url.searchParams.get("before") ?? 0);
    const queries = [from, from + 1].filter((n) => n < total).map((n) => ({ id: `q${n}${url.searchParams.get("search") ?? ""}` }));
    const next = from + 2 < total ? String(from + 2) : null;
    return new Promise<Response>((resolve, reject) => {
      init.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      gates.push(() => resolve(Response.json({ queries, next })));
    });
  });
  const letGo = async (work: Promise<unknown>) => {
    await Promise.resolve();
    gates.shift()!();
    await work;
  };
  return { asked, gates, letGo };
}

const ids = (past: Past) => past.queries.value.map(({ id }) => id);

describe("a history", () => {
  it("is read page by page until there is no more", async () => {
    const { asked, letGo } = instance(3);
    const past = new Past();
    expect(past.isKnown.value).toBe(false);
    await letGo(past.read());
    expect([ids(past), past.next.value, past.isKnown.value]).toEqual([["q0", "q1"], "2", true]);
    await letGo(past.more());
    expect([ids(past), past.next.value]).toEqual([["q0", "q1", "q2"], null]);
    await past.more();
    expect(asked.length).toBe(2);
  });

  it("shows what was searched last, whichever answer comes first", async () => {
    const { gates } = instance(9);
    const past = new Past();
    const first = past.read("slow");
    const second = past.read("quick");
    await Promise.resolve();
    gates[1]!();
    await second;
    gates[0]!();
    await first;
    expect(ids(past)).toEqual(["q0quick", "q1quick"]);
    expect(past.failure.value).toBe(null);
    expect(past.isReading.value).toBe(false);
  });

  it("keeps what it has when it cannot be read, and says why", async () => {
    const { letGo } = instance(2);
    const past = new Past();
    await letGo(past.read());
    vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ error: { code: "unavailable", message: "Away" } }, { status: 503 })));
    await past.read();
    expect(ids(past)).toEqual(["q0", "q1"]);
    expect((past.failure.value as ApiError).message).toBe("Away");
  });

  it("leaves nothing of somebody who signed out, even if an answer comes later", async () => {
    const { gates } = instance(2);
    const past = new Past();
    const reading = past.read("x");
    await Promise.resolve();
    past.forget();
    gates[0]!();
    await reading;
    expect([ids(past), past.search.value, past.isKnown.value, past.isReading.value]).toEqual([[], "", false, false]);
  });

  it("leaves out what was deleted", async () => {
    const { letGo } = instance(2);
    const past = new Past();
    await letGo(past.read());
    past.drop("q0");
    expect(ids(past)).toEqual(["q1"]);
  });
});
