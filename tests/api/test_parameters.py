"""DALI parameters are read as the standard says."""

import pytest

from sciplat.api.parameters import Parameters
from sciplat.errors import UsageError


def test_names_have_no_case() -> None:
    assert Parameters([("Query", "SELECT")]).text("QUERY") == "SELECT"


def test_a_missing_parameter_is_none() -> None:
    assert Parameters([]).text("QUERY") is None
    assert Parameters([("MAXREC", "")]).whole_number("MAXREC") is None


def test_the_same_value_twice_is_one_value() -> None:
    assert Parameters([("LANG", "ADQL"), ("lang", "ADQL")]).text("LANG") == "ADQL"


def test_two_values_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match="LANG was sent 2 times"):
        Parameters([("LANG", "ADQL"), ("lang", "PQL")]).text("LANG")


@pytest.mark.parametrize("text", ["-1", "1.5", "ten", "1e3", "٣", "9" * 30])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="MAXREC"):
        Parameters([("MAXREC", text)]).whole_number("MAXREC")


def test_a_whole_number_may_have_spaces_around_it() -> None:
    assert Parameters([("MAXREC", " 10 ")]).whole_number("MAXREC") == 10
