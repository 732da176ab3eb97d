// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import type { ImageName } from "../../src/api/images";
import type { ImageFacts } from "../../src/image/facts";
import { cutoutScript, factsOf, timeOf, titleOf } from "../../src/portal/image-words";

const NAME: ImageName = { identifier: "ivo://a/sim1?x", release: "sim1", dataset: "x" };
const VISIT = { dataset_type: "visit_image", data_id: { visit: "12", detector: "3", band: "r", instrument: "Cam" }, width: 1024, height: 512 } as unknown as ImageFacts;

describe("what is said of an image", () => {
  it("is its type and band, then where it is from", () => {
    expect(titleOf(VISIT, null)).toBe("visit_image, r band");
    expect(factsOf(NAME, VISIT, { t_min: 60000.5, t_exptime: 30.000001 })).toEqual([
      "visit 12, detector 3",
      "2023-02-25 12:00:00 UTC",
      "30 s",
      "Cam",
      "1024 \u00d7 512 pixels",
      "release sim1",
    ]);
  });

  it("is what the tables know while the image itself is not read", () => {
    expect(titleOf(null, { dataproduct_subtype: "raw" })).toBe("raw");
    expect(factsOf(NAME, null, null)).toEqual(["release sim1"]);
  });

  it("has times to the second", () => {
    expect(timeOf(40587)).toBe("1970-01-01 00:00:00");
    expect(timeOf(60000 + 1 / 86400)).toBe("2023-02-25 00:00:01");
  });

  it("as Python is quoted", () => {
    expect(cutoutScript("http://localhost:8080", 'ivo://a/b"?x', [[1, 2], [3, 4]])).toContain('"ID": "ivo://a/b\\"?x", "POLYGON": "1.0000000 2.0000000 3.0000000 4.0000000"');
  });
});
