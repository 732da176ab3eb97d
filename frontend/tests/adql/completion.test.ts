// SPDX-License-Identifier: BSD-3-Clause
import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { completionOf, type Names } from "../../src/adql/completion";

const column = (name: string) => ({ name, description: "", unit: "", ucd: "", type: "double" });

const names: Names = {
  tables: () => [
    { schema: "gaia", name: "gaia.gaia_source", description: "Stars" },
    { schema: "simwide", name: "simwide.Object", description: "Objects" },
  ],
  columns: (table) =>
    Promise.resolve(table === "gaia.gaia_source" ? [column("source_id"), column("parallax")] : [column("objectId"), column("size")]),
};

/** The labels offered at `|`. */
async function offered(text: string): Promise<string[]> {
  const position = text.indexOf("|");
  const state = EditorState.create({ doc: text.replace("|", "") });
  const result = await completionOf(names)(new CompletionContext(state, position, true));
  return (result?.options ?? []).map(({ label }) => label);
}

describe("completion", () => {
  it("offers tables after FROM, and nothing else", async () => {
    expect(await offered("SELECT * FROM |")).toEqual(["gaia.gaia_source", "simwide.Object"]);
  });

  it("offers the tables of a release after its name", async () => {
    expect(await offered("SELECT * FROM simwide.|")).toEqual(["Object"]);
  });

  it("offers an alias's columns after its dot", async () => {
    expect(await offered("SELECT g.| FROM gaia.gaia_source AS g, simwide.Object AS o")).toEqual(["source_id", "parallax"]);
  });

  it("offers the columns of all tables read, in any case, and keywords and functions", async () => {
    const labels = await offered("SELECT par| FROM GAIA.GAIA_SOURCE");
    expect(labels).toContain("parallax");
    expect(labels).toContain("WHERE");
    expect(labels).toContain("CONTAINS");
    expect(labels).toContain("COT");
    expect(labels).toContain("ivo_histogram");
    expect(labels).toContain("scisql_fluxToAbMag");
    expect(labels).not.toContain("objectId");
  });

  it("offers nothing in a string", async () => {
    expect(await offered("SELECT 'par|' FROM gaia.gaia_source")).toEqual([]);
  });
});
