// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { Catalog } from "../../src/catalog/catalog";
import type { Row } from "../../src/table/arrow";

const TABLES: Record<string, Row[]> = {
  schemas: [{ schema_name: "gaia" }],
  tables: [{ schema_name: "gaia", table_name: "gaia.gaia_source" }],
  keys: [],
  key_columns: [],
  columns: [
    { table_name: "gaia.gaia_source", column_name: "dec", column_index: 2 },
    { table_name: "gaia.gaia_source", column_name: "ra", column_index: 1 },
  ],
};

const noCounts = () => Promise.reject(new Error("unknown"));

function instance() {
  const asked: string[] = [];
  const catalog = new Catalog((adql) => {
    asked.push(adql);
    return Promise.resolve(TABLES[/TAP_SCHEMA\.(\w+)/.exec(adql)![1]!]!);
  }, noCounts);
  return { asked, catalog };
}

describe("the catalog", () => {
  it("reads columns only when somebody looks at their table, once", async () => {
    const { asked, catalog } = instance();
    await catalog.load();
    expect(asked).toHaveLength(4);
    await Promise.all([catalog.entries("gaia.gaia_source"), catalog.entries("gaia.gaia_source")]);
    expect(asked.slice(4)).toEqual(["SELECT * FROM TAP_SCHEMA.columns WHERE table_name = 'gaia.gaia_source'"]);
  });

  it("puts columns in their table's order", async () => {
    const { catalog } = instance();
    await catalog.load();
    expect((await catalog.entries("gaia.gaia_source")).map(({ name }) => name)).toEqual(["ra", "dec"]);
  });

  it("finds tables in any case", async () => {
    const { catalog } = instance();
    await catalog.load();
    expect(catalog.table("GAIA.gaia_SOURCE")?.name).toBe("gaia.gaia_source");
  });

  it("keeps what it knew when it cannot be read again", async () => {
    let works = true;
    const catalog = new Catalog((adql) =>
      works ? Promise.resolve(TABLES[/TAP_SCHEMA\.(\w+)/.exec(adql)![1]!]!) : Promise.reject(new Error("away")),
      noCounts,
    );
    await catalog.load();
    works = false;
    await catalog.load();
    expect(catalog.tables()).toHaveLength(1);
    expect(catalog.failure.value).toEqual(new Error("away"));
  });
});
