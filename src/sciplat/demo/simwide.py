"""The release ``simwide`` as rows: each table made from the truth, batch after batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sciplat.demo.difference_tables import dia_object_rows, dia_source_rows
from sciplat.demo.epoch_tables import forced_source_rows, source_rows
from sciplat.demo.field import DETECTORS
from sciplat.demo.measure import Measurement, measure
from sciplat.demo.object_table import object_rows
from sciplat.demo.rows import Rows, batch
from sciplat.demo.simwide_schema import SCHEMA, arrow_schema, simwide_table
from sciplat.demo.truth import OBJECTS, truth
from sciplat.demo.visit_tables import ccd_visit_rows, visit_rows
from sciplat.demo.visits import visits
from sciplat.tables.source import RowSource

__all__ = ["TABLES", "simwide_source"]

TABLES = ("Visit", "CcdVisit", "Object", "DiaObject", "DiaSource", "ForcedSource", "Source")
"""In the order in which they are made: those that others point at first, large ones last."""

_MAKERS: dict[str, Callable[[], Iterator[Rows]]] = {
    "Visit": visit_rows,
    "CcdVisit": ccd_visit_rows,
    "Object": lambda: map(object_rows, _measurements()),
    "ForcedSource": lambda: map(forced_source_rows, _measurements()),
    "Source": lambda: map(source_rows, _measurements()),
    "DiaObject": dia_object_rows,
    "DiaSource": dia_source_rows,
}


def simwide_source(name: str) -> RowSource:
    """Return the rows of ``simwide.<name>``.

    At most about 200 000 are in memory at a time, beside the truth itself (40 MB).
    """
    schema = arrow_schema(name)
    make = _MAKERS[name]
    known = {
        "Visit": len(visits()),
        "CcdVisit": len(visits()) * DETECTORS,
        "Object": OBJECTS,
        "ForcedSource": OBJECTS * len(visits()),
    }
    return RowSource(
        f"{SCHEMA}.{name}",
        simwide_table(name).columns,
        schema,
        lambda: (batch(rows, schema) for rows in make()),
        known.get(name),
    )


def _measurements() -> Iterator[Measurement]:
    for block in truth().blocks():
        yield measure(block, truth())
