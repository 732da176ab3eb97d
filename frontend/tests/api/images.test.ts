// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { fileAddress, imageAddress, imageNameOf } from "../../src/api/images";

const UUID = "0191a6b0-27c8-7abc-9def-0123456789ab";

describe("the name of an image", () => {
  it("is what ObsCore calls it", () => {
    const name = imageNameOf(`ivo://sciplat.local/sim1?${UUID}`)!;
    expect([name.release, name.dataset]).toEqual(["sim1", UUID]);
    expect(fileAddress(name)).toBe(`/api/images/sim1/${UUID}/file`);
    expect(imageAddress(name.identifier)).toBe(`/portal/image?id=ivo%3A%2F%2Fsciplat.local%2Fsim1%3F${UUID}`);
  });

  it.each(["", "nonsense", "ivo://sciplat.local/sim1", "ivo://sciplat.local/sim1/Object?42", `ivo://a/b/c?${UUID}`, `http://a/b?${UUID}`, "ivo://a/b?../../etc"])(
    "is not %j",
    (text) => {
      expect(imageNameOf(text)).toBeNull();
    },
  );
});
