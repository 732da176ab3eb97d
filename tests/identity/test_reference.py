"""The page of scopes is made from the scopes."""

from pathlib import Path

import pytest

from sciplat.errors import UsageError
from sciplat.identity.models import Scope, scopes_from
from sciplat.identity.reference import reference_page


def test_the_reference_page_is_fresh() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "scopes.md"

    assert page.read_text() == reference_page(), (
        "run: python -m sciplat.identity.reference > docs/reference/scopes.md"
    )


def test_scopes_have_the_names_of_the_wire() -> None:
    assert scopes_from(scope.value for scope in Scope) == frozenset(Scope)
    with pytest.raises(UsageError, match="did you mean exec:portal"):
        scopes_from(["exec:porta"])
    with pytest.raises(UsageError, match="use read:tap, read:image") as caught:
        scopes_from(["x" * 10_000])
    assert len(str(caught.value)) < 300
