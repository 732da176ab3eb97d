"""A person finds, repeats, shares and deletes queries in the Portal."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
import requests
from journeys.test_portal import AXE, sign_in
from playwright.sync_api import Browser, Page, expect
from support.running import Platform

pytestmark = pytest.mark.journey

QUERY = "SELECT TOP 7 source_id, ra\nFROM gaia.gaia_source -- found again"


def asked(platform: Platform, *queries: str) -> None:
    """Ask as a script of ada's does."""
    headers = {"Authorization": f"Bearer {platform.token(user='ada')}"}
    for query in queries:
        answer = requests.post(
            f"{platform.tap}/sync", data={"QUERY": query, "LANG": "ADQL"}, headers=headers, timeout=60
        )
        assert answer.headers.get("X-Sciplat-Query") or answer.status_code == 400


def opened(page: Page) -> None:
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_role("list", name="History").get_by_role("listitem").first).to_be_visible()


def test_a_visitor_is_told_who_has_a_history(page: Page) -> None:
    page.goto("/portal")
    page.get_by_role("tab", name="History").click()

    expect(page.get_by_text("Who signs in has a history")).to_be_visible()


def test_a_query_of_a_script_is_found_and_put_into_the_editor_and_run_again(
    page: Page, platform: Platform
) -> None:
    asked(platform, QUERY, "SELECT nosuch FROM gaia.gaia_source")
    sign_in(page, platform)
    opened(page)
    lines = page.get_by_role("list", name="History").get_by_role("listitem")
    expect(lines.first).to_contain_text("nosuch")
    expect(lines.first).to_contain_text("Failed")

    page.get_by_role("searchbox", name="Search in your queries").fill("AGAIN found")
    expect(lines).to_have_count(1)
    expect(lines.first).to_contain_text("7 rows")
    lines.first.get_by_role("button", name=re.compile("^SELECT TOP 7")).click()
    expect(page.get_by_role("textbox", name="ADQL query")).to_contain_text("found again")

    lines.first.get_by_role("button", name=re.compile("^Run again")).click()
    expect(page.get_by_test_id("row-count")).to_contain_text("7 rows")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("Portal")

    page.get_by_role("searchbox", name="Search in your queries").fill("no such words")
    expect(page.get_by_text("No query has all these words.")).to_be_visible()


def test_a_query_is_saved_as_a_file_and_deleted(page: Page, platform: Platform) -> None:
    query = "SELECT TOP 1 dec FROM gaia.gaia_source -- to be deleted"
    asked(platform, query)
    sign_in(page, platform)
    opened(page)
    page.get_by_role("searchbox", name="Search in your queries").fill("deleted")
    line = page.get_by_role("list", name="History").get_by_role("listitem")
    expect(line).to_have_count(1)

    with page.expect_download() as download:
        line.get_by_role("link", name=re.compile("^Save as a file")).click()
    assert f"query: {query}" in Path(download.value.path()).read_text()

    line.get_by_role("button", name=re.compile("^Delete from the history")).click()
    expect(page.get_by_text("No query has all these words.")).to_be_visible()


def test_a_query_is_shared_and_the_link_revoked(page: Page, platform: Platform, browser: Browser) -> None:
    asked(platform, "SELECT TOP 2 ra FROM gaia.gaia_source -- lent to a visitor")
    sign_in(page, platform)
    opened(page)
    page.get_by_role("searchbox", name="Search in your queries").fill("lent visitor")
    line = page.get_by_role("list", name="History").get_by_role("listitem")
    expect(line).to_have_count(1)
    line.get_by_role("button", name=re.compile("^Share")).click()
    dialog = page.get_by_role("dialog", name="Share a query")
    expect(dialog).to_contain_text("There is no link to it.")
    dialog.get_by_label("It works").select_option("7")
    dialog.get_by_role("button", name="Make a link").click()
    address = dialog.get_by_label("The link").input_value()
    assert address.startswith(f"{platform.url}/portal/shared#sq-")

    visitor = browser.new_context()
    try:
        other = visitor.new_page()
        other.goto(address)
        expect(other.get_by_text("ada asked this")).to_be_visible()
        other.get_by_role("button", name="Open in the editor").click()
        expect(other.get_by_role("textbox", name="ADQL query")).to_contain_text("lent to a visitor")

        dialog.get_by_role("button", name="Revoke").click()
        expect(dialog).to_contain_text("There is no link to it.")
        other.goto("about:blank")
        other.goto(address)
        expect(other.get_by_text("This link opens no query")).to_be_visible()
    finally:
        visitor.close()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_history_is_accessible(page: Page, platform: Platform) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend")
    asked(platform, QUERY, "SELECT nosuch FROM gaia.gaia_source")
    sign_in(page, platform)
    opened(page)
    page.evaluate(AXE.read_text())

    def broken() -> list[str]:
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
        return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]

    dialog = page.get_by_role("dialog", name="Share a query")
    for width, scheme in product((1280, 390), ("light", "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert broken() == [], (width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, scheme)
        page.get_by_role("button", name=re.compile("^Share")).first.click()
        expect(dialog).to_contain_text("There is no link")
        assert broken() == [], (width, scheme)
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
