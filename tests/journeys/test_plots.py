"""A person draws the rows of a result, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import FloatRect, Page, expect
from support.running import Platform

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.journey

STARS = "SELECT source_id, ra, dec, phot_g_mean_mag, bp_rp FROM gaia.gaia_source WHERE dec > 80"
MANY = "SELECT source_id, ra, dec, phot_g_mean_mag FROM gaia.gaia_source"


def plotted(page: Page, query: str) -> None:
    """Run a query, and show its rows as a plot."""
    page.goto("/portal")
    page.get_by_role("textbox", name="ADQL query").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(query)
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Row limit").select_option(label="No limit")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_test_id("row-count")).to_contain_text("rows")
    page.get_by_role("button", name="Plot", exact=True).click()


def axis(page: Page, side: str, expression: str) -> None:
    """Say what an axis shows."""
    field = page.get_by_label(f"{side}: a column, or an expression")
    field.fill(expression)
    field.press("Enter")


def box(page: Page) -> FloatRect:
    found = page.locator("sp-plot .u-over").bounding_box()
    assert found is not None
    return found


def drawn(page: Page, left: float, top: float, right: float, bottom: float) -> None:
    """Drag from one place inside the frame to another; 0 and 1 are its edges."""
    frame = box(page)
    page.mouse.move(frame["x"] + left * frame["width"], frame["y"] + top * frame["height"])
    page.mouse.down()
    page.mouse.move(frame["x"] + right * frame["width"], frame["y"] + bottom * frame["height"], steps=4)
    page.mouse.up()
    page.mouse.move(frame["x"], frame["y"] - 60)


def count(platform: Platform, condition: str) -> int:
    query = f"SELECT COUNT(*) FROM gaia.gaia_source WHERE {condition}"
    asked = {"LANG": "ADQL", "FORMAT": "csv", "QUERY": query}
    return int(requests.get(f"{platform.url}/api/tap/sync", params=asked, timeout=30).text.split()[1])


def amount(page: Page, word: str) -> int:
    """Return how many rows the line below the plot tells of."""
    foot = page.locator("sp-plot .foot")
    expect(foot).to_contain_text(word)
    found = re.search(rf"([\d,]+) {word}", foot.inner_text())
    assert found is not None
    return int(found[1].replace(",", ""))


def state(page: Page, expression: str) -> Any:
    """Return something of the plot's data."""
    return page.locator("sp-plot").evaluate(f"plot => plot.{expression}")


def until(page: Page, condition: str) -> None:
    """Wait for something of the plot."""
    page.wait_for_function(f"plot => {condition}", arg=page.locator("sp-plot").element_handle())


@pytest.mark.requirement("DMS-PRTL-REQ-0055")
def test_few_rows_are_points_that_point_at_the_same_row_as_the_table(page: Page, platform: Platform) -> None:
    plotted(page, STARS)
    assert amount(page, "rows") == count(platform, "dec > 80")
    axis(page, "x", "phot_g_mean_mag")
    axis(page, "y", "bp_rp - 0.5")
    expect(page.get_by_role("group", name=re.compile(r"^bp_rp - 0\.5 \[mag\] against"))).to_be_visible()
    assert state(page, "data.kind") == "points"

    page.get_by_label("Go to row").fill("7")
    page.get_by_label("Go to row").press("Enter")
    until(page, "plot.highlighted === 6")

    x, y = page.locator("sp-plot").evaluate(
        """plot => {
          const frame = plot.shadowRoot.querySelector(".u-over").getBoundingClientRect();
          const at = plot.pointOf(41);
          return [frame.x + at.x, frame.y + at.y];
        }"""
    )
    page.mouse.click(x, y)
    until(page, "plot.highlighted === 41")


@pytest.mark.requirement("DMS-PRTL-REQ-0058")
def test_values_are_drawn_with_their_errors(page: Page) -> None:
    plotted(page, "SELECT TOP 200 r_psfFlux, r_psfFluxErr, g_psfFlux, g_psfFluxErr FROM simwide.Object")
    amount(page, "rows")
    axis(page, "x", "r_psfFlux")
    axis(page, "y", "g_psfFlux")
    expect(page.get_by_label("Error of y")).to_have_value("g_psfFluxErr")
    until(page, "plot.data?.yHigh")

    above = state(page, "data.yHigh[0] - plot.data.y[0]")
    assert above == pytest.approx(state(page, "data.y[0] - plot.data.yLow[0]"))
    assert above > 0


@pytest.mark.requirement("DMS-PRTL-REQ-0056")
def test_a_brush_on_a_histogram_selects_the_rows_under_it(page: Page, platform: Platform) -> None:
    plotted(page, STARS)
    page.get_by_role("combobox", name="Show").select_option("histogram")
    axis(page, "x", "phot_g_mean_mag")
    amount(page, "rows")
    until(page, "plot.data?.kind === 'histogram'")

    drawn(page, 0.4, 0.5, 0.8, 0.6)
    chosen = amount(page, "selected")
    ends = state(page, "selection.x")
    low, high = ends
    inside = f"dec > 80 AND phot_g_mean_mag >= {low!r} AND phot_g_mean_mag <= {high!r}"
    assert 0 < chosen == count(platform, inside)

    page.locator("sp-plot .plot").press("Escape")
    expect(page.locator("sp-plot .foot")).not_to_contain_text("selected")


@pytest.mark.requirement("DMS-PRTL-REQ-0056")
def test_many_rows_are_a_density_that_becomes_points_where_one_looks_closely(
    page: Page, platform: Platform
) -> None:
    plotted(page, MANY)
    everything = count(platform, "1 = 1")
    assert amount(page, "rows") == everything
    assert state(page, "data.kind") == "density"
    assert state(page, "data.counts.reduce((sum, count) => sum + count, 0)") == everything

    page.get_by_role("radio", name="Zoom in").click()
    drawn(page, 0.5, 0.5, 0.55, 0.55)
    until(page, "plot.data.kind === 'points'")
    assert amount(page, "rows") < everything

    page.get_by_role("button", name="Show all").click()
    expect(page.locator("sp-plot .foot")).to_contain_text(f"{everything:,}")


def test_an_expression_that_is_wrong_says_what_is_meant(page: Page) -> None:
    plotted(page, STARS)
    amount(page, "rows")
    axis(page, "y", "bp_rb")

    expect(page.locator("sp-plot").get_by_role("alert")).to_contain_text("Did you mean bp_rp")
    axis(page, "y", "bp_rp")
    amount(page, "rows")
    expect(page.locator("sp-plot").get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_plot_is_used_by_keys_and_told_to_readers(page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    plotted(page, STARS)
    amount(page, "rows")
    page.set_viewport_size({"width": width, "height": 800})
    if width < 600:
        page.get_by_role("tab", name="Query").click()
    plot = page.locator("sp-plot .plot")
    plot.press("l")
    expect(page.get_by_role("radio", name="Lasso")).to_have_attribute("aria-checked", "true")
    plot.press("+")
    until(page, "plot.x.low !== undefined")
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
