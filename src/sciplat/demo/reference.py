"""The page ``docs/reference/demo-tables.md``, written from the tables' own descriptions.

``python -m sciplat.demo.reference > docs/reference/demo-tables.md`` makes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from sciplat.demo.field import BANDS
from sciplat.demo.gaia import gaia_table
from sciplat.demo.sim1.schema import COLUMNS as OF_SIM1
from sciplat.demo.sim1.schema import sim1_table
from sciplat.demo.simwide import TABLES
from sciplat.demo.simwide_schema import simwide_table
from sciplat.vo.schema import Column, Table

__all__ = ["page"]

_HEAD = """\
# Tables of the demo data

What `sciplat up --demo` puts into an instance. How `simwide` was made is told in
[the demo survey](../explanation/demo-survey.md), how `sim1` was in [`sim1`](../explanation/sim1.md). A name
like `[grz]_psfFlux` stands for one column a band.
"""


def page() -> str:
    """Return the page as Markdown."""
    tables = (gaia_table(), *map(simwide_table, TABLES), *map(sim1_table, OF_SIM1))
    return "\n".join([_HEAD, *(line for table in tables for line in _section(table))])


def _section(table: Table) -> Iterator[str]:
    yield f"## `{table.qualified_name}`\n"
    yield f"{table.description}\n"
    yield f"Primary key: {', '.join(f'`{name}`' for name in table.primary_key)}."
    for key in table.keys:
        here = ", ".join(f"`{name}`" for name, _ in key.columns)
        there = ", ".join(f"`{name}`" for _, name in key.columns)
        yield f"{here} → `{key.target_table}` ({there})."
    yield "\n| column | type | unit | UCD | what it is |\n| --- | --- | --- | --- | --- |"
    for name, column in _grouped(table):
        text = (column.description or "").replace("|", "\\|")
        kind = "timestamp" if column.xtype == "timestamp" else str(column.datatype)
        yield f"| `{name}` | {kind} | {column.unit or ''} | {column.ucd or ''} | {text} |"
    yield ""


def _grouped(table: Table) -> Iterator[tuple[str, Column]]:
    """Yield columns, those of all bands as one: the description is the first one's."""
    bands: dict[str, list[str]] = {}
    for column in table.columns:
        band, _, rest = column.name.partition("_")
        if band in BANDS and rest:
            bands.setdefault(rest, []).append(band)
    for column in table.columns:
        band, _, rest = column.name.partition("_")
        if band not in BANDS or not rest:
            yield column.name, column
        elif bands[rest][0] == band:
            yield f"[{''.join(bands[rest])}]_{rest}", column


if __name__ == "__main__":
    sys.stdout.write(page())
