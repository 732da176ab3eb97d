// SPDX-License-Identifier: BSD-3-Clause
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, ConnectionError, queryStatus, send } from "../../src/api/http";
import { jobIdOf, literal, rowCountsIn } from "../../src/api/tap";
import { placeIn } from "../../src/adql/names";

const answer = (response: Response | Error) =>
  vi.stubGlobal("fetch", () => (response instanceof Error ? Promise.reject(response) : Promise.resolve(response)));

afterEach(() => vi.unstubAllGlobals());

describe("a refusal", () => {
  it("says what the instance said, in JSON", async () => {
    answer(Response.json({ error: { code: "forbidden", message: "Not yours" } }, { status: 403 }));
    await expect(send("/api/x")).rejects.toEqual(new ApiError(403, "forbidden", "Not yours"));
  });

  it("says what the instance said, in a VOTable", async () => {
    answer(new Response('<VOTABLE><INFO name="QUERY_STATUS" value="ERROR">Expected &lt;name&gt;</INFO></VOTABLE>', { status: 400 }));
    await expect(send("/api/x")).rejects.toMatchObject({ status: 400, message: "Expected <name>" });
  });

  it("says its status where nothing else is said", async () => {
    answer(new Response("<html>oops</html>", { status: 500, statusText: "Internal Server Error" }));
    await expect(send("/api/x")).rejects.toMatchObject({ message: "The instance answered 500 Internal Server Error" });
  });
});

describe("silence", () => {
  it("is not a refusal", async () => {
    answer(new TypeError("Failed to fetch"));
    await expect(send("/api/x")).rejects.toBeInstanceOf(ConnectionError);
    answer(new Response("", { status: 502 }));
    await expect(send("/api/x")).rejects.toBeInstanceOf(ConnectionError);
  });

  it("is not what a reader who stopped waiting hears", async () => {
    answer(new DOMException("stopped", "AbortError"));
    await expect(send("/api/x")).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("TAP", () => {
  it("names a job by the last part of its address", () => {
    expect(jobIdOf("http://localhost:8080/api/tap/async/a%2Db")).toBe("a-b");
    expect(() => jobIdOf("http://localhost:8080/api/tap/async")).toThrow();
  });

  it("reads row counts from VOSI's tables", () => {
    const table = (name: string, rows: string) => `<table type="table"><name>${name}</name>${rows}</table>`;
    const vosi = `<schema><name>a</name>${table("a.b", "<nrows>42</nrows>")}${table("a.c", "")}${table("&quot;x&quot;.y", "\n<nrows>1</nrows>")}</schema>`;
    expect([...rowCountsIn(vosi)]).toEqual([
      ["a.b", 42],
      ['"x".y', 1],
    ]);
  });

  it("doubles quotes in a string", () => {
    expect(literal("o'neil")).toBe("'o''neil'");
  });

  it("reads no status from a good VOTable", () => {
    expect(queryStatus('<INFO name="QUERY_STATUS" value="OK"/>')).toBeNull();
  });

  it("finds the place that a message tells in words", () => {
    expect(placeIn("Expected table name (line 3, column 8)")).toEqual({ line: 3, column: 8, length: null });
    expect(placeIn("Too long")).toEqual({ line: null, column: null, length: null });
  });
});
