"""A query is translated once for the same tables, and never for other ones."""

from __future__ import annotations

import pytest

from sciplat.adql import Catalog, TableSource, translate
from sciplat.errors import ADQLError
from sciplat.services.translations import Translations
from sciplat.vo.schema import HEALPIX_COLUMN, Column, Datatype, Table


def catalog(generation: str = "g0001", *columns: str) -> Catalog:
    table = Table("s", "t", tuple(Column(name, Datatype.LONG) for name in columns or ("a", "b")))
    return Catalog([TableSource(table, (f"s.t.{generation}", "main", "data"))])


def test_a_query_asked_again_is_the_same_translation() -> None:
    translations, tables = Translations(), catalog()

    first = translations.translate("SELECT a FROM s.t", tables, maxrec=10)

    assert translations.translate("SELECT a FROM s.t", tables, maxrec=10) is first


@pytest.mark.parametrize(
    ("text", "tables", "maxrec"),
    [
        ("SELECT b FROM s.t", catalog(), 10),
        ("SELECT a FROM s.t", catalog(), 11),
        ("SELECT a FROM s.t", catalog("g0002"), 10),
    ],
)
def test_another_text_limit_or_generation_is_another_translation(
    text: str, tables: Catalog, maxrec: int
) -> None:
    translations = Translations()
    first = translations.translate("SELECT a FROM s.t", catalog(), maxrec=10)

    assert translations.translate(text, tables, maxrec=maxrec).sql != first.sql


def test_who_cannot_see_a_column_has_no_translation_of_somebody_who_can() -> None:
    translations = Translations()
    translations.translate("SELECT b FROM s.t", catalog(), maxrec=10)

    with pytest.raises(ADQLError):
        translations.translate("SELECT b FROM s.t", catalog("g0001", "a"), maxrec=10)


def test_the_longest_unasked_are_forgotten_when_they_are_too_many() -> None:
    translations, tables = Translations(most_bytes=20_000), catalog()
    first = translations.translate("SELECT a FROM s.t", tables, maxrec=10)
    for number in range(10):
        translations.translate(f"SELECT a + {number} AS x FROM s.t", tables, maxrec=10)

    assert translations.translate("SELECT a FROM s.t", tables, maxrec=10) is not first


def test_queries_that_differ_in_their_circle_are_translated_each_for_itself_by_one_pattern() -> None:
    columns = (
        Column("ra", Datatype.DOUBLE),
        Column("dec", Datatype.DOUBLE),
        Column(HEALPIX_COLUMN, Datatype.LONG, hidden=True),
    )
    sky = Catalog([TableSource(Table("s", "t", columns, position=("ra", "dec")), ("s.t.g1", "main", "data"))])
    translations = Translations()

    for ra in range(5):
        text = f"SELECT ra FROM s.t WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE({ra}, 30, 0.1))"
        assert translations.translate(text, sky, maxrec=10) == translate(text, sky, maxrec=10)
    with pytest.raises(ADQLError, match="declination"):
        translations.translate(text.replace("30", "91"), sky, maxrec=10)
