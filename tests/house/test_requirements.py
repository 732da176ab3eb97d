"""The requirements that tests claim are known, and the table on the requirements page has them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def claimed() -> set[str]:
    texts = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    return set(re.findall(r'mark\.requirement\("(DMS-[A-Z]+-REQ-\d{4})"\)', texts))


def test_every_claimed_requirement_has_our_own_words() -> None:
    words = tomllib.loads((ROOT / "docs" / "requirements.toml").read_text())

    assert claimed() == set(words)


def test_the_requirements_page_lists_them() -> None:
    page = (ROOT / "docs" / "requirements.md").read_text()

    assert set(re.findall(r"DMS-[A-Z]+-REQ-\d{4}", page)) == claimed()
