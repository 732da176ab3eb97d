// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { errorOf, firstChart, quoted } from "../../src/plot/choice";
import type { ResultColumn } from "../../src/table/arrow";

const column = (name: string, ucd = "", unit = "", kind: ResultColumn["kind"] = "double"): ResultColumn => ({ name, ucd, unit, kind });

const ID = column("objectId", "meta.id;meta.main", "", "integer");
const RA = column("ra", "pos.eq.ra;meta.main", "deg");
const DEC = column("dec", "pos.eq.dec;meta.main", "deg");
const MJD = column("expMidptMJD", "time.epoch", "d");
const FLUX = column("psfFlux", "phot.flux", "nJy");
const ERROR = column("psfFluxErr", "stat.error;phot.flux", "nJy");
const BAND = column("band", "instr.bandpass", "", "text");

describe("what is drawn first", () => {
  it("is a light curve with its errors where there are times and fluxes", () => {
    const chart = firstChart([ID, RA, DEC, MJD, FLUX, ERROR, BAND])!;
    expect([chart.x.expression, chart.y.expression, chart.y.error]).toEqual(["expMidptMJD", "psfFlux", "psfFluxErr"]);
  });

  it("is the sky as seen from inside where there are positions", () => {
    const chart = firstChart([ID, DEC, RA, FLUX])!;
    expect(chart.x).toMatchObject({ expression: "ra", reversed: true });
    expect(chart.y).toMatchObject({ expression: "dec", reversed: false });
  });

  it("is two measured numbers else, and no names of things", () => {
    const chart = firstChart([ID, BAND, column("g_r"), column("r", "phot.mag;em.opt.R", "mag")])!;
    expect([chart.x.expression, chart.y.expression, chart.y.reversed]).toEqual(["g_r", "r", true]);
  });

  it("is a histogram where there is but one number, and nothing where there is none", () => {
    expect(firstChart([BAND, FLUX])).toMatchObject({ form: "histogram", x: { expression: "psfFlux" } });
    expect(firstChart([BAND])).toBeNull();
    expect(firstChart([])).toBeNull();
  });
});

it("errors are found as surveys call them", () => {
  expect(errorOf(column("parallax"), [column("parallax_error")])?.name).toBe("parallax_error");
  expect(errorOf(column("Vmag"), [column("e_Vmag")])?.name).toBe("e_Vmag");
  expect(errorOf(column("psfFlux"), [column("psfFluxErr", "", "", "text")])).toBeNull();
});

it("names are quoted where ADQL needs it", () => {
  expect(quoted("g_psfFlux")).toBe("g_psfFlux");
  expect(quoted("2MASS")).toBe('"2MASS"');
  expect(quoted('a "b"')).toBe('"a ""b"""');
});
