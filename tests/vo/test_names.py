from __future__ import annotations

import pytest

from sciplat.vo.names import delimited


@pytest.mark.parametrize("name", ["ra", "objectId", "g_mag2"])
def test_a_plain_name_stays_plain(name):
    assert delimited(name) == name


@pytest.mark.parametrize("name", ["size", "Order", "2mass", "_healpix_29", "e_RA(deg)", "größe", ""])
def test_other_names_are_quoted(name):
    assert delimited(name) == f'"{name}"'


def test_quotes_within_are_doubled():
    assert delimited('a"b') == '"a""b"'
