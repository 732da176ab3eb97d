// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { extentOf, fitted, offsetOf, placeOf, sources } from "../../src/adql/names";
import { quoted } from "../../src/adql/words";

/** A place in a query is marked by `|`. */
const at = (text: string) => placeOf(text.replace("|", ""), text.indexOf("|"));

describe("the tables of a query", () => {
  it("are found with and without aliases", () => {
    expect(sources("SELECT * FROM gaia.gaia_source AS g JOIN simwide.Object o ON g.ra = o.ra WHERE 1 = 1")).toEqual([
      { table: "gaia.gaia_source", alias: "g" },
      { table: "simwide.Object", alias: "o" },
    ]);
    expect(sources("select x from a.b where x > 1")).toEqual([{ table: "a.b", alias: "b" }]);
  });

  it("are found in lists, subqueries and across comments", () => {
    expect(sources("SELECT * FROM a.b x, -- one\n a.c y WHERE id IN (SELECT id FROM a.d)").map(({ alias }) => alias)).toEqual([
      "x",
      "y",
      "d",
    ]);
  });

  it("keep names in quotes", () => {
    expect(sources('SELECT * FROM "my release"."a table" t')).toEqual([{ table: '"my release"."a table"', alias: "t" }]);
  });

  it("are not sought in strings", () => {
    expect(sources("SELECT 'FROM a.b' FROM c.d")).toEqual([{ table: "c.d", alias: "d" }]);
  });
});

describe("the place of the cursor", () => {
  it("is after the dots of a name", () => {
    expect(at("SELECT g.pa| FROM gaia.gaia_source g")).toMatchObject({ path: ["g"], typed: "pa", wantsTable: false });
    expect(at("SELECT * FROM gaia.|")).toMatchObject({ path: ["gaia"], typed: "" });
  });

  it("wants a table after FROM, JOIN and a comma between tables", () => {
    expect(at("SELECT * FROM |").wantsTable).toBe(true);
    expect(at("SELECT * FROM a.b JOIN c|").wantsTable).toBe(true);
    expect(at("SELECT * FROM a.b, |").wantsTable).toBe(true);
    expect(at("SELECT ra, | FROM a.b").wantsTable).toBe(false);
    expect(at("SELECT * FROM a.b ORDER BY x, |").wantsTable).toBe(false);
  });

  it("is no place for names inside strings and comments", () => {
    expect(at("SELECT 'a|").isText).toBe(true);
    expect(at("SELECT 1 -- fr|").isText).toBe(true);
    expect(at("SELECT 'a' |").isText).toBe(false);
  });
});

describe("the place of an error", () => {
  const text = "SELECT ra\nFROM nowhere.tab\n";

  it("is counted from one", () => {
    expect(offsetOf(text, 1, 1)).toBe(0);
    expect(text.slice(offsetOf(text, 2, 6))).toBe("nowhere.tab\n");
  });

  it("covers as much as is said, or the word there", () => {
    expect(text.slice(...extentOf(text, 2, 6, 11))).toBe("nowhere.tab");
    expect(text.slice(...extentOf(text, 2, 6, null))).toBe("nowhere");
  });

  it("at the end of the text marks the last character", () => {
    expect(extentOf("SELECT", 1, 7, null)).toEqual([5, 6]);
    expect(extentOf("SELECT", 9, 9, 3)).toEqual([5, 6]);
  });

  it("in an empty text is empty", () => {
    expect(extentOf("", 1, 1, null)).toEqual([0, 0]);
  });
});

describe("a name in a query", () => {
  it("is quoted only where it must be", () => {
    expect(["ra", "coord_ra", "size", "Distance", "a b", '"x"'].map(quoted)).toEqual([
      "ra",
      "coord_ra",
      '"size"',
      '"Distance"',
      '"a b"',
      '"x"',
    ]);
  });
});

describe("a name that is put into a query", () => {
  /** The query after `name` was put where `|` stands. */
  const put = (text: string, name: string) => {
    const position = text.indexOf("|");
    const plain = text.replace("|", "");
    const { from, insert } = fitted(plain, position, position, name);
    return plain.slice(0, from) + insert + plain.slice(position);
  };

  it("gets a comma after another name", () => {
    expect(put("SELECT ra| FROM a.b", "dec")).toBe("SELECT ra, dec FROM a.b");
    expect(put("SELECT ra |FROM a.b", "dec")).toBe("SELECT ra, dec FROM a.b");
    expect(put("SELECT ra\n  |", "dec")).toBe("SELECT ra,\n  dec");
    expect(put("SELECT COUNT(*)|", "band")).toBe("SELECT COUNT(*), band");
  });

  it("gets none after a keyword, a sign or TOP's number", () => {
    expect(put("SELECT |", "ra")).toBe("SELECT ra");
    expect(put("SELECT TOP 10 |", "ra")).toBe("SELECT TOP 10 ra");
    expect(put("SELECT ra,|", "dec")).toBe("SELECT ra, dec");
    expect(put("SELECT SQRT(|)", "ra")).toBe("SELECT SQRT(ra)");
    expect(put("SELECT g.|", "ra")).toBe("SELECT g.ra");
    expect(put("SELECT a FROM b WHERE x = 1 AND y|", "z")).toBe("SELECT a FROM b WHERE x = 1 AND y z");
    expect(put("|", "a.b")).toBe("a.b");
  });

  it("is parted from the word after it", () => {
    expect(put("SELECT |FROM a.b", "ra")).toBe("SELECT ra FROM a.b");
  });
});
