"""Real catalogs are taken in, and every client gets the same stars of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import pyvo
from playwright.sync_api import Browser, expect
from support.running import Platform, running, sciplat

pytestmark = pytest.mark.journey

CATALOGS = {
    "tycho2.stars": ("catalog_tycho2/tycho2_vt_dec_ge_m25.parquet", 1_258_726, "vt"),
    "hipparcos.stars": ("catalog_hipparcos_kstars/kstars_hip_tycho_126k.parquet", 125_982, "vmag"),
}


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """An instance with the real catalogs, public."""
    home = tmp_path_factory.mktemp("real") / "home"
    for table, (file, _, _) in CATALOGS.items():
        sciplat(home, "ingest", "catalog", str(shared / "data" / file), "--table", table)
        sciplat(home, "release", "publish", table.split(".")[0])
    with running(home) as platform:
        yield platform


def query(table: str) -> str:
    magnitude = CATALOGS[table][2]
    return (
        f"SELECT TOP 10 ra, dec, {magnitude} FROM {table} "
        f"WHERE CONTAINS(POINT(ra, dec), CIRCLE(56.75, 24.12, 1)) = 1 ORDER BY {magnitude}"
    )


def by_pyvo(platform: Platform, table: str) -> list[float]:
    return [float(row["ra"]) for row in pyvo.dal.TAPService(platform.tap).search(query(table))]


@pytest.mark.parametrize("table", CATALOGS)
def test_every_row_is_taken_in(real: Platform, table: str) -> None:
    found = pyvo.dal.TAPService(real.tap).search(f"SELECT COUNT(*) AS n FROM {table}")

    assert int(found["n"][0]) == CATALOGS[table][1]


@pytest.mark.parametrize("table", CATALOGS)
def test_pyvo_finds_the_pleiades(real: Platform, table: str) -> None:
    stars = by_pyvo(real, table)

    assert len(stars) == 10
    assert all(abs(ra - 56.75) < 1.2 for ra in stars)


@pytest.mark.skipif(
    shutil.which("stilts") is None, reason="stilts is not installed (Debian: apt install stilts)"
)
@pytest.mark.parametrize("table", CATALOGS)
def test_stilts_finds_the_same_stars(real: Platform, table: str) -> None:
    rows = subprocess.run(
        ["stilts", "-batch", "tapquery", f"tapurl={real.tap}", f"adql={query(table)}", "ofmt=csv"],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    ).stdout.split()

    assert [float(row.split(",")[0]) for row in rows[1:]] == by_pyvo(real, table)


@pytest.mark.parametrize("table", CATALOGS)
def test_the_portal_shows_the_same_stars(real: Platform, browser: Browser, table: str) -> None:
    page = browser.new_page(base_url=real.url)
    page.goto("/portal")
    page.get_by_role("textbox", name="ADQL query").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(query(table))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run", exact=True).click()

    expect(page.get_by_test_id("row-count")).to_have_text(re.compile("^10 rows"))
    for row, ra in enumerate(by_pyvo(real, table)):
        shown = page.locator(f"#cell-{row}-0").inner_text()
        assert float(shown.replace("\N{MINUS SIGN}", "-")) == pytest.approx(ra, abs=1e-6)
    page.close()
