// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { placeOf, safe } from "../../src/portal/place";

const at = (address: string) => placeOf(new URL(address, "http://localhost:8080"));

describe("an address", () => {
  it("names a page", () => {
    expect(at("/")).toEqual({ page: "query", job: null, table: null });
    expect(at("/portal/")).toEqual({ page: "query", job: null, table: null });
    expect(at("/portal/jobs/ab-1")).toEqual({ page: "query", job: "ab-1", table: null });
    expect(at("/portal?table=gaia.gaia_source")).toEqual({ page: "query", job: null, table: "gaia.gaia_source" });
    expect(at("/portal/tokens")).toEqual({ page: "tokens" });
    expect(at("/portal/notebooks")).toEqual({ page: "notebooks" });
    expect(at("/portal/elsewhere")).toEqual({ page: "unknown" });
  });

  it("names an image, and what is in its middle", () => {
    expect(at("/portal/image?id=ivo%3A%2F%2Fa%2Fr%3Fb")).toEqual({ page: "image", id: "ivo://a/r?b", at: null });
    expect(at("/portal/image?id=x&ra=25.6&dec=-0.3")).toEqual({ page: "image", id: "x", at: { ra: 25.6, dec: -0.3 } });
    expect(at("/portal/image?ra=25.6&dec=-93")).toEqual({ page: "image", id: "", at: null });
  });

  it("carries what opens a shared query in its fragment", () => {
    expect(at("/portal/shared#sq-abc")).toEqual({ page: "shared", secret: "sq-abc" });
    expect(at("/portal/shared")).toEqual({ page: "shared", secret: null });
  });

  it("carries the code of a one-time link in its fragment", () => {
    expect(at("/portal/sign-in#abc")).toEqual({ page: "sign-in", code: "abc", next: "/portal" });
  });
});

describe("where to go after signing in", () => {
  it("is a page of the Portal", () => {
    expect(safe("/portal/jobs/x?y=1")).toBe("/portal/jobs/x?y=1");
  });

  it("is where a program of this instance asks who has signed in", () => {
    const asks = "/api/identity/oauth/authorize?client_id=hub&state=x";
    expect(safe(asks)).toBe(asks);
  });

  it.each(["/api/identity/oauth/token?x", "/api/identity/oauth/authorize/../me?x", "/api/identity/oauth/authorize?x\\y", "https://evil.example", "//evil.example", "/portal\\@evil", "/portalx", "/portal/../..//evil.example", "javascript:alert(1)", "/portal/sign-in?next=/portal"])(
    "is never %s",
    (next) => {
      expect(safe(next)).toBe("/portal");
    },
  );
});
