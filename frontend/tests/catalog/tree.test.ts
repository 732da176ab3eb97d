// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { columnEntry, keyEntries, schemaEntries } from "../../src/catalog/entry";
import { examplesOf } from "../../src/catalog/examples";
import { items } from "../../src/catalog/tree";

const schemas = schemaEntries(
  [
    { schema_name: "TAP_SCHEMA", description: null },
    { schema_name: "gaia", description: "Stars of Gaia" },
  ],
  [
    { schema_name: "gaia", table_name: "gaia.gaia_source", description: "All stars" },
    { schema_name: "TAP_SCHEMA", table_name: "TAP_SCHEMA.tables", description: null },
  ],
  new Map([["gaia.gaia_source", 482193]]),
);

const named = (name: string, more = {}) => columnEntry({ table_name: "gaia.gaia_source", column_name: name, datatype: "double", ...more });

const columns = new Map([
  [
    "gaia.gaia_source",
    [
      named("ra", { unit: "deg", ucd: "pos.eq.ra;meta.main" }),
      named("dec", { unit: "deg", ucd: "pos.eq.dec;meta.main" }),
      named("parallax", { description: "Absolute parallax" }),
      named("phot_g_mean_mag", { datatype: "float", ucd: "phot.mag;em.opt" }),
    ],
  ],
]);

const ids = (search: string, ...open: string[]) => items(schemas, columns, new Set(open), search).map(({ id }) => id);

describe("the tree", () => {
  it("has releases first and the standards' schemas last", () => {
    expect(ids("")).toEqual(["gaia", "TAP_SCHEMA"]);
  });

  it("shows what is open", () => {
    expect(ids("", "gaia")).toEqual(["gaia", "gaia.gaia_source", "TAP_SCHEMA"]);
    expect(ids("", "gaia", "gaia.gaia_source")).toHaveLength(7);
  });

  it("says that columns are on their way", () => {
    const shown = items(schemas, new Map(), new Set(["gaia", "gaia.gaia_source"]), "");
    expect(shown.map(({ kind }) => kind)).toEqual(["schema", "table", "waiting", "schema"]);
  });

  it("finds columns by name, description and UCD, with what is above them", () => {
    expect(ids("absolute")).toEqual(["gaia", "gaia.gaia_source", "gaia.gaia_source parallax"]);
    expect(ids("pos.eq.dec")).toEqual(["gaia", "gaia.gaia_source", "gaia.gaia_source dec"]);
  });

  it("finds a column by words about its table and itself", () => {
    expect(ids("gaia parallax")).toEqual(["gaia", "gaia.gaia_source", "gaia.gaia_source parallax"]);
  });

  it("finds a table without opening it when the words are about the table", () => {
    expect(ids("all stars")).toEqual(["gaia", "gaia.gaia_source"]);
  });

  it("finds nothing where nothing is", () => {
    expect(ids("quasar")).toEqual([]);
  });
});

describe("an entry", () => {
  it("knows its rows where they are told", () => {
    expect(schemas.flatMap(({ tables }) => tables.map(({ rows }) => rows))).toEqual([482193, null]);
  });

  it("writes types as people do", () => {
    expect(named("x", { datatype: "char", arraysize: "*" }).type).toBe("char(*)");
    expect(named("x", { datatype: "char", arraysize: "*", xtype: "timestamp" }).type).toBe("timestamp");
    expect(named("x", { arraysize: "1" }).type).toBe("double");
  });
});

describe("examples", () => {
  const known = schemas[0]!.tables.map((table) => ({
    table,
    columns: columns.get(table.name)!,
    near: [56.7, 24.1] as [number, number],
  }));

  it("are made of what exists", () => {
    const examples = examplesOf(known, []);
    expect(examples.map(({ title }) => title)).toEqual(["Cone search", "Histogram", "What is here"]);
    expect(examples[0]!.query).toContain("CONTAINS(POINT(ra, dec), CIRCLE(56.7, 24.1, 0.5)) = 1");
    expect(examples[1]!.query).toContain("FLOOR(phot_g_mean_mag * 2)");
  });

  it("join by a key", () => {
    const keys = keyEntries(
      [{ key_id: "k", from_table: "s.Source", target_table: "s.Object", description: null }],
      [{ key_id: "k", from_column: "objectId", target_column: "objectId" }],
    );
    const table = (name: string) => ({ table: { schema: "s", name, description: "", rows: null }, columns: [] });
    const [join] = examplesOf([table("s.Object"), table("s.Source")], keys);
    expect(join!.query).toContain("FROM s.Source AS a\nJOIN s.Object AS b ON a.objectId = b.objectId");
  });

  it("are none where there are no tables", () => {
    expect(examplesOf([], [])).toEqual([]);
  });
});
