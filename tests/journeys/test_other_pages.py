"""What other pages and other people's words do in a browser: nothing."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
import requests
from playwright.sync_api import Page, expect
from support.asking import STARS, Ada, send
from support.running import Platform, sciplat

pytestmark = pytest.mark.journey


@pytest.mark.parametrize(
    "origin",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors"},
        {"Referer": "http://127.0.0.1/portal"},
    ],
    ids=str,
)
def test_another_page_changes_nothing_with_a_session(
    platform: Platform, ada: Ada, origin: dict[str, str]
) -> None:
    header = {"Cookie": f"sciplat_session={ada.session}"} | origin
    job = f"/api/tap/async/{ada.job}"

    assert send(platform, "POST", job, data={"ACTION": "DELETE"}, headers=header).status_code == 403
    assert send(platform, "DELETE", job, headers=header).status_code == 403
    assert send(platform, "POST", f"{job}/phase", data={"PHASE": "ABORT"}, headers=header).status_code == 403
    assert send(platform, "POST", "/api/tap/async", data={"QUERY": STARS}, headers=header).status_code == 403
    wanted = b'{"name": "x", "scopes": ["read:tap"]}'
    for kind in ("text/plain", "application/json", "application/x-www-form-urlencoded", None):
        answer = send(
            platform, "POST", "/api/identity/tokens", data=wanted, headers=header | {"Content-Type": kind}
        )
        assert answer.status_code in (400, 403)
    assert send(platform, "DELETE", "/api/identity/session", headers=header).status_code == 403
    assert send(platform, "GET", job, headers=ada.bearer).status_code == 200


def test_reading_changes_nothing(platform: Platform, ada: Ada) -> None:
    for path in (f"/api/tap/async/{ada.job}?ACTION=DELETE", f"/api/tap/async/{ada.job}/phase?PHASE=ABORT"):
        send(platform, "GET", path, headers=ada.bearer)

    assert send(platform, "GET", f"/api/tap/async/{ada.job}/phase", headers=ada.bearer).text == "COMPLETED"
    allowed = send(platform, "GET", "/api/identity/me", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in allowed.headers


def test_a_session_cookie_is_for_this_host_only_and_ends_on_the_server(platform: Platform) -> None:
    found = re.search(r"#(\S+)", sciplat(platform.home, "user", "link", "ada").stdout)
    assert found is not None
    address, own = f"{platform.url}/api/identity/session", {"Origin": platform.url}
    foreign = {"Origin": "http://evil.example"}
    assert (
        send(platform, "POST", "/api/identity/session", json={"link": found[1]}, headers=foreign).status_code
        == 403
    )
    answer = requests.post(address, json={"link": found[1]}, headers=own, timeout=30)
    cookie = answer.headers["set-cookie"]
    kept = {"Cookie": f"sciplat_session={answer.cookies['sciplat_session']}"} | own

    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "Path=/" in cookie
    assert "domain" not in cookie.lower()
    assert send(platform, "GET", "/api/identity/me", headers=kept).json()["user"]["name"] == "ada"
    assert send(platform, "DELETE", "/api/identity/session", headers=kept).status_code == 204
    assert send(platform, "GET", "/api/identity/me", headers=kept).json()["user"] is None
    assert send(platform, "GET", "/api/identity/tokens", headers=kept).status_code == 401


EVIL = "<img src=x onerror=alert(1)>"


def test_markup_in_names_descriptions_and_cells_is_text_in_the_portal(
    platform: Platform, page: Page, tmp_path: Path
) -> None:
    rows, words = tmp_path / "evil.csv", tmp_path / "evil.yaml"
    rows.write_text(f'id,"{EVIL}"\n1,"<script>alert(2)</script>"\n')
    sciplat(platform.home, "ingest", "catalog", str(rows), "--table", "odd.evil", "--public")
    felis = next((platform.home / "catalogs" / "odd").rglob("*.yaml"))
    words.write_text(re.sub(r"(?m)^(\s*)description:.*$", rf"\1description: '{EVIL}'", felis.read_text()))
    again = ("--schema", str(words), "--public")
    sciplat(platform.home, "ingest", "catalog", str(rows), "--table", "odd.evil", *again)
    shown: list[str] = []
    page.on("dialog", lambda dialog: (shown.append(dialog.message), dialog.dismiss()))

    page.goto("/portal?table=odd.evil")
    page.get_by_role("searchbox").fill("evil")
    page.locator('[data-name="odd.evil"]').click()
    page.get_by_role("button", name="Preview").first.click()
    expect(page.get_by_test_id("row-count")).to_have_text(re.compile("^1 row"))
    grid = page.get_by_role("grid", name="Result")
    expect(grid.get_by_role("columnheader", name=re.compile("onerror"))).to_be_visible()
    expect(grid).to_contain_text("<script>alert(2)</script>")
    assert page.locator("img[src=x]").count() == 0
    assert shown == []
    send(platform, "GET", "/api/tap/tables/odd.evil")
    assert EVIL in "".join(ET.fromstring(send(platform, "GET", "/api/tap/tables").content).itertext())


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "https:evil.example", "/portal/../..//evil.example",
     "javascript:alert(1)", "/portal\\@evil.example", "%0d%0ahttp://evil.example",
     "/portal/sign-in?next=//e"],
)  # fmt: skip
def test_after_signing_in_people_stay_here(platform: Platform, page: Page, address: str) -> None:
    page.goto("/portal/sign-in?" + urlencode({"next": address}) + "#nothing")
    went = page.evaluate("location.origin")

    found = re.search(r"#(\S+)", sciplat(platform.home, "user", "link", "ada").stdout)
    assert found is not None
    page.goto("/portal/sign-in?" + urlencode({"next": address}) + f"#{found[1]}")
    page.get_by_role("link", name="Skip this").click()
    page.wait_for_url(re.compile(rf"^{re.escape(platform.url)}/portal"))
    assert went == platform.url
