// SPDX-License-Identifier: BSD-3-Clause
import type { ImageName } from "../api/images";
import type { ImageFacts } from "../image/facts";
import type { Row } from "../table/arrow";

const MJD_OF_1970 = 40587;
const DAY_MS = 86_400_000;

/** What an image is, in a few words: its dataset type and band. */
export function titleOf(facts: ImageFacts | null, row: Row | null): string {
  const type = facts?.dataset_type ?? text(row?.["dataproduct_subtype"]);
  const band = facts?.data_id["band"] ?? text(row?.["lsst_band"]);
  return [type, band && `${band} band`].filter(Boolean).join(", ");
}

/** What else there is to say of it, the most telling first. */
export function factsOf(name: ImageName, facts: ImageFacts | null, row: Row | null): string[] {
  const id = facts?.data_id ?? {};
  const part = (key: string, label = key) => (id[key] === undefined ? "" : `${label} ${id[key]}`);
  const start = number(row?.["t_min"]);
  const seconds = number(row?.["t_exptime"]);
  return [
    [part("visit") || part("exposure"), part("detector")].filter(Boolean).join(", "),
    [part("tract"), part("patch")].filter(Boolean).join(", "),
    start === null ? "" : `${timeOf(start)} UTC`,
    seconds === null ? "" : `${Number(seconds.toPrecision(4))} s`,
    id["instrument"] ?? text(row?.["instrument_name"]),
    facts ? `${facts.width} \u00d7 ${facts.height} pixels` : "",
    `release ${name.release}`,
  ].filter(Boolean);
}

/** A modified Julian date, to the second. */
export function timeOf(mjd: number): string {
  return new Date(Math.round((mjd - MJD_OF_1970) * 86_400) * (DAY_MS / 86_400)).toISOString().slice(0, 19).replace("T", " ");
}

/** Python that cuts a polygon (corners as RA and Dec, ICRS degrees) out of an image. */
export function cutoutScript(origin: string, identifier: string, corners: readonly (readonly [number, number])[]): string {
  const polygon = corners.flat().map((each) => each.toFixed(7)).join(" ");
  return [
    "import io",
    "",
    "import requests",
    "from astropy.io import fits",
    "",
    `what = {"ID": ${JSON.stringify(identifier)}, "POLYGON": ${JSON.stringify(polygon)}}`,
    '# For a private release add auth=("", token), with a token that has the scope read:image.',
    `answer = requests.get(${JSON.stringify(`${origin}/api/soda/sync`)}, what)`,
    "answer.raise_for_status()",
    "cutout = fits.open(io.BytesIO(answer.content))",
    "",
  ].join("\n");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
