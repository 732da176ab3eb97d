"""A person uses the Portal in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.running import Platform, sciplat

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "docs" / "pictures"

pytestmark = pytest.mark.journey

QUERY = "SELECT source_id, ra, dec, phot_g_mean_mag FROM gaia.gaia_source WHERE phot_g_mean_mag < 9"

PLEIADES = """SELECT source_id, ra, dec, phot_g_mean_mag, bp_rp
FROM gaia.gaia_source
WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(56.75, 24.12, 2))
ORDER BY phot_g_mean_mag"""


def write(page: Page, query: str) -> None:
    editor = page.get_by_role("textbox", name="ADQL query")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(query)


def run(page: Page, query: str) -> None:
    write(page, query)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run", exact=True).click()


def sign_in(page: Page, platform: Platform) -> None:
    printed = sciplat(platform.home, "user", "link", "ada").stdout
    found = re.search(r"#(\S+)", printed)
    assert found is not None
    page.goto(f"/portal/sign-in#{found[1]}")
    page.get_by_label("Password", exact=True).first.fill("a long enough password")
    page.get_by_label("The same again").fill("a long enough password")
    page.get_by_role("button", name="Set password").click()
    page.wait_for_url(re.compile(r"/portal$"))


@pytest.mark.requirement("DMS-PRTL-REQ-0001")
@pytest.mark.requirement("DMS-PRTL-REQ-0017")
@pytest.mark.requirement("DMS-PRTL-REQ-0049")
def test_a_visitor_queries_a_public_catalog_and_sees_its_rows(page: Page) -> None:
    page.goto("/")
    run(page, QUERY)

    expect(page.get_by_test_id("row-count")).to_contain_text("rows")
    grid = page.get_by_role("grid", name="Result")
    expect(grid.get_by_role("columnheader", name=re.compile("phot_g_mean_mag"))).to_be_visible()
    expect(grid.get_by_role("gridcell").first).to_have_text(re.compile(r"^\d{6,}$"))


@pytest.mark.requirement("DMS-PRTL-REQ-0015")
def test_every_public_table_can_be_queried_from_the_data_pane(page: Page) -> None:
    page.goto("/portal")
    for name in ("gaia.gaia_source", "simwide.ForcedSource", "TAP_SCHEMA.columns"):
        page.get_by_role("searchbox").fill(name.split(".")[1])
        page.locator(f'[data-name="{name}"]').click()
        page.get_by_role("button", name="Preview").first.click()

        expect(page.get_by_test_id("row-count")).to_have_text(re.compile("^100 rows"))
        expect(page.get_by_role("textbox", name="ADQL query")).to_contain_text(name)


def test_private_tables_do_not_exist_for_a_visitor_and_do_for_a_user(page: Page, platform: Platform) -> None:
    page.goto("/portal")
    expect(page.locator('[data-name="gaia"]')).to_be_visible()
    expect(page.locator('[data-name="secret"]')).to_have_count(0)

    sign_in(page, platform)

    expect(page.locator('[data-name="secret"]')).to_be_visible()
    run(page, "SELECT * FROM secret.mine")
    expect(page.get_by_test_id("row-count")).to_have_text(re.compile("^2 rows"))
    page.get_by_role("tab", name="Jobs").click()
    expect(page.get_by_role("list", name="Jobs")).to_contain_text("secret.mine")


def test_a_wrong_password_is_told_in_the_page(page: Page) -> None:
    page.goto("/portal/sign-in")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill("not the right one")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("password")


def test_an_error_is_shown_at_its_place(page: Page) -> None:
    page.goto("/portal")
    run(page, "SELECT ra, dec\nFROM gaia.gaia_sourse")

    error = page.get_by_test_id("query-error")
    expect(error).to_contain_text("gaia_source")
    expect(error).to_contain_text(re.compile("line 2", re.IGNORECASE))
    expect(page.locator(".cm-wrong")).to_have_text("gaia.gaia_sourse")


@pytest.mark.requirement("DMS-PRTL-REQ-0054")
def test_four_million_rows_scroll_to_the_last_by_keyboard(page: Page) -> None:
    page.goto("/portal")
    page.get_by_label("Row limit").select_option(label="No limit")
    run(page, "SELECT objectId, visit, psfFlux FROM simwide.ForcedSource")
    expect(page.get_by_test_id("row-count")).to_contain_text(re.compile(r"4.000.000 rows"), timeout=60_000)

    grid = page.get_by_role("grid", name="Result")
    grid.focus()
    page.keyboard.press("Control+End")

    expect(grid.get_by_role("rowheader", name="4000000", exact=True)).to_be_visible()
    expect(grid.locator('[aria-rowindex="4000001"] [role=gridcell]').first).to_have_text(re.compile(r"\d+"))


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto("/portal")
    write(page, QUERY.replace("SELECT", "SELECT TOP 30"))
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_test_id("row-count")).to_have_text(re.compile("^30 rows"))


def test_a_query_that_would_take_too_long_says_so_and_can_be_stopped(page: Page) -> None:
    page.goto("/portal")
    run(
        page,
        "SELECT COUNT(*) FROM simwide.ForcedSource AS a, simwide.ForcedSource AS b "
        "WHERE a.psfFlux < b.psfFlux",
    )

    expect(page.get_by_text(re.compile(r"It would take about .* and is stopped after 1 h"))).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible()


def test_a_result_is_downloaded_in_the_format_that_is_chosen(page: Page) -> None:
    page.goto("/portal")
    run(page, "SELECT TOP 3 ra FROM gaia.gaia_source")
    for name, magic in (("FITS", b"SIMPLE"), ("Parquet", b"PAR1"), ("CSV", b"ra"), ("VOTable", b"<?xml")):
        page.get_by_role("button", name="Download").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=name).click()
        assert Path(download.value.path()).read_bytes().startswith(magic), name


def test_a_link_that_opens_nothing_leads_on(page: Page) -> None:
    page.goto("/portal/shared#sq-AAAAAAAAAAAAAAAAAAAAAA")

    expect(page.get_by_role("alert")).to_contain_text("This link opens no query")
    page.get_by_role("link", name="Go to the data").click()
    expect(page.get_by_role("tree", name="Data")).to_be_visible()


def test_a_token_can_be_revoked_on_a_narrow_screen(page: Page, platform: Platform) -> None:
    sign_in(page, platform)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/portal/tokens")
    page.get_by_label("Name").fill("of a phone, with a long name")
    page.get_by_role("button", name="Make token").click()
    revoke = page.get_by_role("button", name="Revoke of a phone")
    expect(revoke).to_be_visible()

    box = revoke.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    revoke.click()
    expect(revoke).to_have_count(0)


def test_a_job_opens_by_its_address(page: Page) -> None:
    page.goto("/portal")
    run(page, "SELECT TOP 5 * FROM simwide.Visit")
    expect(page.get_by_test_id("row-count")).to_have_text(re.compile("^5 rows"))
    page.wait_for_url(re.compile("/portal/jobs/"))

    page.reload()

    expect(page.get_by_test_id("row-count")).to_have_text(re.compile("^5 rows"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 800)], ids=["wide", "narrow"])
def test_nothing_keeps_people_out_and_the_pictures_are_taken(
    page: Page, scheme: str, size: tuple[int, int], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto("/portal")
    run(page, PLEIADES)
    expect(page.get_by_test_id("row-count")).to_contain_text("rows")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    if size[0] < 600:
        page.get_by_role("tab", name="Query").click()
    expect(page.get_by_role("grid", name="Result").get_by_role("gridcell").first).to_be_visible()

    if AXE.exists():
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
        assert [violation["id"] for violation in found["violations"]] == []
    folder = PICTURES if request.config.getoption("--write-pictures") else tmp_path
    folder.mkdir(exist_ok=True)
    name = f"portal-{scheme}{'' if size[0] > 1000 else '-narrow'}.png"
    page.screenshot(path=folder / name)
