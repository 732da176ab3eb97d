"""What queries have in common that differ only in the circle that they ask about.

Programs ask about one place after the other, with the same words around it. What such a query becomes
needs to be found out once; then the circle's test is put in its place in the SQL, and its cells in the
outline.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sciplat.adql.catalog import Catalog, TableSource
from sciplat.adql.formula import Formula
from sciplat.adql.limits import Values
from sciplat.adql.outline import Block, Scan
from sciplat.adql.regions import circle_test_text, filled
from sciplat.adql.tokens import MAX_LENGTH
from sciplat.adql.translation import Translation, rewrite, translate, write
from sciplat.adql.tree import nodes
from sciplat.errors import ADQLError
from sciplat.sky.healpix import cover
from sciplat.sky.position import Position
from sciplat.sky.region import Circle
from sciplat.vo.schema import HEALPIX_COLUMN, Column

__all__ = ["Around", "Pattern", "pattern_of", "split"]

_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
_CIRCLE = re.compile(rf"CIRCLE\s*\(\s*(?:'ICRS'\s*,)?{_NUMBER},{_NUMBER},{_NUMBER}\)", re.IGNORECASE)

_WIDEST = 90.0
"""Degrees. Larger circles are treated otherwise here and there, and nobody asks for one after another."""

_PROBES = (
    Circle(Position(123.456701, -12.345601), 0.012345601),
    Circle(Position(3.000000017, 71.00000019), 2.3000000011),
)
"""Circles that no query has; a second, because what is true of one need not be true of all."""

_HOLE = "\0"

Around = tuple[str, str]
"""The text of a query before its circle and after it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The translation of queries that differ only in their circle."""

    sql: Around
    cell: str
    """The column of HEALPix cells that is tested, as the SQL names it."""

    ra: str
    dec: str
    columns: tuple[Column, ...]
    sources: tuple[TableSource, ...]
    block: Block
    """What the engine will do; the cells in its only input are those of a probe."""

    def translation(self, circle: Circle) -> Translation:
        """Return what `sciplat.adql.translate` makes of the query about ``circle``."""
        ranges = cover(circle)
        test = circle_test_text(circle, ranges)
        for name, text in (("$cell", self.cell), ("$ra", self.ra), ("$dec", self.dec)):
            test = test.replace(name, text)
        (scan,) = self.block.inputs
        assert isinstance(scan, Scan)
        if HEALPIX_COLUMN in scan.limits:  # it is not where the circle is one choice among others
            limits = {**scan.limits, HEALPIX_COLUMN: Values(tuple(ranges))}
            scan = replace(scan, limits=limits, fill=filled(circle, ranges))
        outline = replace(self.block, inputs=(scan,))
        return Translation(test.join(self.sql), self.columns, self.sources, outline)


def split(text: str) -> tuple[Around, Circle] | None:
    """Return the only circle that is written out in a query, and the text around it; None for most others.

    It may stand in a comment or a text: `pattern_of` finds out.
    """
    if len(text) > MAX_LENGTH:
        return None
    found = list(_CIRCLE.finditer(text))
    if len(found) != 1:
        return None
    ra, dec, radius = map(float, found[0].groups())
    if not (abs(ra) <= 360 and abs(dec) <= 90 and 0 < radius <= _WIDEST):
        return None
    return (text[: found[0].start()], text[found[0].end() :]), Circle(Position(ra, dec), radius)


def pattern_of(around: Around, catalog: Catalog, *, maxrec: int | None) -> Pattern | None:
    """Return the pattern of queries with a text around their circle; None if there is none.

    Only one reading of one table has a pattern. It is tried with a circle that it was not made of.
    """
    try:
        pattern = _made(around, catalog, maxrec)
        if pattern is None:
            return None
        other = translate(_about(_PROBES[1], around), catalog, maxrec=maxrec)
    except ADQLError:
        return None
    return pattern if pattern.translation(_PROBES[1]) == other else None


def _about(circle: Circle, around: Around) -> str:
    centre = circle.centre
    return f"CIRCLE('ICRS', {centre.ra!r}, {centre.dec!r}, {circle.radius!r})".join(around)


def _made(around: Around, catalog: Catalog, maxrec: int | None) -> Pattern | None:
    resolved, outline = rewrite(_about(_PROBES[0], around), catalog, maxrec=maxrec)
    tests = [node for node in nodes(resolved.tree) if node.meta_get("cells") is not None]
    if len(tests) != 1 or tests[0].meta_get("circle") != _PROBES[0]:
        return None
    if not isinstance(outline, Block) or len(outline.inputs) != 1:
        return None
    (test,), (scan,) = tests, outline.inputs
    assert isinstance(test, Formula)
    if not isinstance(scan, Scan) or outline.inner:
        return None
    written = {name: write(value) for name, value in zip(test.args["names"], test.expressions, strict=True)}
    test.set("this", _HOLE)
    before, _, after = write(resolved.tree).partition(_HOLE)
    columns = tuple(field.column for field in resolved.fields)
    return Pattern(
        (before, after), **written, columns=columns, sources=tuple(resolved.sources), block=outline
    )
