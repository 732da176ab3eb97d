"""The documentation covers what there is, its links lead somewhere, and its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.routes import routes

from sciplat import errors
from sciplat.adql.tokens import MAX_LENGTH
from sciplat.api.admission import LARGEST_BODY_BYTES
from sciplat.api.errors import status_of
from sciplat.api.uws import WAIT_SECONDS_MAX
from sciplat.config import Settings
from sciplat.instance import Instance
from sciplat.jobs.store import _LONGEST_RUN_ID
from sciplat.processes import views, web
from sciplat.services.load import COLUMNS_MAX
from sciplat.services.upload import MOST

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())

    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert missing == []


def test_every_page_is_reached_from_the_index() -> None:
    reached = {
        (DOCS / target).resolve()
        for target in re.findall(r"\]\(([^)#]+)\)", (DOCS / "README.md").read_text())
    }

    assert [
        str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md") if p != DOCS / "README.md" and p not in reached
    ] == []


def test_every_error_is_documented_with_its_status() -> None:
    rows = dict(
        re.findall(r"^\| `(\w+)` \| (\d+) \|", (DOCS / "reference" / "errors.md").read_text(), re.MULTILINE)
    )
    kinds = [getattr(errors, name) for name in errors.__all__ if name != "SciplatError"]

    expected = {}
    for kind in kinds:
        places = {"line": 1, "column": 1} if kind in (errors.ADQLError, errors.UnseenNameError) else {}
        expected[kind.code] = str(status_of(kind("words", **places)))
    assert rows == expected


def test_every_route_is_documented(tmp_path: Path) -> None:
    page = (DOCS / "reference" / "addresses.md").read_text()
    instance = Instance(tmp_path, Settings())
    found = [route for module in (web, views) for route in routes(module.create_app(instance))]

    assert [r.path for r in found if f"`{r.path.replace(':path}', '}')}`" not in page] == []


def test_decisions_have_the_same_parts() -> None:
    for page in sorted((DOCS / "decisions").glob("*.md")):
        for part in ("**Context.**", "**Choice.**", "**What it costs.**", "**When to look again.**"):
            assert part in page.read_text(), f"{page.name} lacks {part}"


def test_the_limits_on_the_page_of_tap_are_those_in_force() -> None:
    page = (DOCS / "reference" / "tap.md").read_text()
    told = re.findall(r"`query\.(\w+)`(?::| \()\s?([\d,]+) ?(GB|MB|h)?", page)
    in_force = Settings().query

    assert len(told) >= 8
    for name, number, unit in told:
        of = {"h": 3600, "GB": 10**9}.get(unit, 1)
        assert getattr(in_force, name) == int(number.replace(",", "")) * of, name
    for sentence in (
        f"{MAX_LENGTH:,} characters at most",
        f"`WAIT` seconds for another phase, {WAIT_SECONDS_MAX} at most",
        f"{MOST} tables come with one query at most",
        f"with {COLUMNS_MAX} columns each",
        f"a body of {LARGEST_BODY_BYTES // 1_000_000} MB",
        f"for a job, {_LONGEST_RUN_ID} characters at most",
    ):
        assert sentence in page
    assert set(re.findall(r"`query\.(\w+)`", page)) <= set(type(in_force).model_fields)
