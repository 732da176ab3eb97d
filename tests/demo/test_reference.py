from __future__ import annotations

from pathlib import Path

import pytest

from sciplat.demo.reference import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "demo-tables.md"


@pytest.mark.slow
def test_the_page_of_tables_is_fresh() -> None:
    assert PAGE.read_text() == page(), (
        "make it anew: python -m sciplat.demo.reference > docs/reference/demo-tables.md"
    )
