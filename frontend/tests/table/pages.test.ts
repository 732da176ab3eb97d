// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import type { Page } from "../../src/table/arrow";
import { copyText } from "../../src/table/copy";
import { formatOf } from "../../src/table/format";
import { Pages } from "../../src/table/pages";

const page = (offset: number, rows: number): Page => ({
  offset,
  rows,
  columns: [{ name: "n", kind: "integer" }],
  value: (row) => BigInt(offset + row),
});

/** A source that answers at once, and tells what it was asked for. */
function source(rows: number, most = 50) {
  const asked: number[] = [];
  const pages = new Pages(
    (offset, limit) => {
      asked.push(offset);
      return Promise.resolve(page(offset, Math.min(limit, rows - offset)));
    },
    rows,
    100,
    most,
  );
  return { asked, pages };
}

describe("pages", () => {
  it("are fetched for the rows that are wanted, once", async () => {
    const { asked, pages } = source(1000);
    await pages.want(150, 320);
    await pages.want(150, 320);
    expect(asked).toEqual([100, 200, 300]);
    expect(pages.value(255, 0)).toBe(255n);
  });

  it("are undefined where they have not come", () => {
    expect(source(1000).pages.value(5, 0)).toBeUndefined();
  });

  it("end with the table", async () => {
    const { asked, pages } = source(250);
    await pages.want(200, 400);
    expect(asked).toEqual([200]);
    expect(pages.value(249, 0)).toBe(249n);
    expect(pages.value(250, 0)).toBeUndefined();
  });

  it("are asked for once even where there are no rows, for the columns", async () => {
    const { asked, pages } = source(0);
    await pages.want(0, 0);
    expect(asked).toEqual([0]);
  });

  it("forget the one used longest ago", async () => {
    const { pages } = source(1000, 2);
    await pages.want(0, 100);
    await pages.want(100, 200);
    pages.value(0, 0);
    await pages.want(200, 300);
    expect(pages.value(0, 0)).toBe(0n);
    expect(pages.value(100, 0)).toBeUndefined();
  });

  it("far from where one looks are not fetched to the end", async () => {
    const stopped: number[] = [];
    const pages = new Pages(
      (offset, limit, signal) =>
        offset > 0
          ? Promise.resolve(page(offset, limit))
          : new Promise((_, reject) => {
              signal.addEventListener("abort", () => {
                stopped.push(offset);
                reject(new DOMException("stopped", "AbortError"));
              });
            }),
      10_000,
      100,
    );
    const first = pages.want(0, 50).catch((error: DOMException) => error.name);
    await pages.want(5000, 5050);
    expect(stopped).toEqual([0]);
    expect(await first).toBe("AbortError");
  });
});

describe("copying", () => {
  const columns = page(0, 0).columns;
  const formats = columns.map((column) => formatOf(column, []));
  const span = (row: number, rowEnd: number) => ({ row, rowEnd, column: 0, columnEnd: 1 });

  it("reads pages that are not here, and gives all digits", async () => {
    const { pages } = source(1000);
    expect(await copyText(pages, span(98, 102), columns, formats, true)).toBe("n\n98\n99\n100\n101");
  });

  it("refuses what no clipboard should hold", async () => {
    const { pages } = source(10_000_000);
    await expect(copyText(pages, span(0, 10_000_000), columns, formats, false)).rejects.toThrow("Download");
  });
});
