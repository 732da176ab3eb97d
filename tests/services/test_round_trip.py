"""A table in any format that can be read, sent with a query, selected and read again: the same values."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sciplat.catalogs.store import CatalogStore
from sciplat.engine.pool import QueryPool
from sciplat.services.access import Visitor
from sciplat.services.load import load
from sciplat.services.plan import Query, QueryLimits
from sciplat.services.query import QueryService
from sciplat.tables.document import Document
from sciplat.tables.formats import negotiate
from sciplat.tables.merge import agree, rows_of
from sciplat.tables.read import open_sources
from sciplat.tables.stream import TableStream
from sciplat.uploads.models import SCHEMA, Upload
from sciplat.vo.schema import Column, Datatype

pytestmark = pytest.mark.slow

FORMS = ("votable", "votable/td", "votable/b", "csv", "tsv", "fits", "parquet", "arrow", "ecsv")
BARE = {"csv", "tsv"}
"""What keeps neither types nor units: each column gets the type that its texts agree to."""

SCALARS: dict[str, tuple[Column, pa.DataType]] = {
    "id": (Column("id", Datatype.LONG, ucd="meta.id"), pa.int64()),
    "n": (Column("n", Datatype.SHORT), pa.int16()),
    "ra": (Column("ra", Datatype.DOUBLE, unit="deg", ucd="pos.eq.ra;meta.main"), pa.float64()),
    "dec": (Column("dec", Datatype.DOUBLE, unit="deg", ucd="pos.eq.dec;meta.main"), pa.float64()),
    "mag": (Column("mag", Datatype.FLOAT, unit="mag"), pa.float32()),
    "good": (Column("good", Datatype.BOOLEAN), pa.bool_()),
    "label": (Column("label", Datatype.UNICODE_CHAR, "*"), pa.string()),
    "seen": (Column("seen", Datatype.CHAR, "*", xtype="timestamp"), pa.timestamp("us")),
}
ARRAYS: dict[str, tuple[Column, pa.DataType]] = {
    "spot": (Column("spot", Datatype.DOUBLE, "2", xtype="point", unit="deg"), pa.list_(pa.float64(), 2)),
    "shape": (Column("shape", Datatype.DOUBLE, "*", xtype="polygon", unit="deg"), pa.list_(pa.float64())),
    "ids": (Column("ids", Datatype.LONG, "*"), pa.list_(pa.int64())),
    "fluxes": (Column("fluxes", Datatype.FLOAT, "*", unit="nJy"), pa.list_(pa.float32())),
}
# Without the smallest, which stands for NULL in some formats.
LONG = st.integers(-(2**63) + 1, 2**63 - 1)
POINT = st.tuples(st.floats(0, 360), st.floats(-90, 90)).map(list)
# A text of blanks, or that is a number or nothing, means something else in a table of texts.
LABEL = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters="\ufffe\uffff"),
    max_size=8,
).map(lambda text: f"t {text}.")
VALUES: dict[str, st.SearchStrategy[object]] = {
    "id": LONG,
    "n": st.integers(-(2**15) + 1, 2**15 - 1),
    "ra": st.floats(0, 360) | st.floats(),
    "dec": st.floats(-90, 90) | st.floats(),
    "mag": st.floats(width=32),
    "good": st.booleans(),
    "label": LABEL,
    "seen": st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59)),  # noqa: DTZ001  naive
    "spot": POINT,
    "shape": st.lists(POINT, min_size=3, max_size=5).map(lambda points: [v for p in points for v in p]),
    "ids": st.lists(LONG, min_size=1, max_size=4),
    "fluxes": st.lists(st.floats(width=32), min_size=1, max_size=4),
}
FIRST: dict[str, object] = {
    "id": 9007199254740993, "n": -7, "ra": 10.25, "dec": -0.1, "mag": 20.5, "good": True, "label": "ä 🌌",
    "seen": dt.datetime(2026, 1, 2, 3, 4, 5, 600000), "spot": [1.5, -2.5], "shape": [0.0, 0, 1, 0, 1, 1],  # noqa: DTZ001
    "ids": [-(2**63) + 1, 2**63 - 1], "fluxes": [math.inf, -math.inf, 0.1],
}  # fmt: skip
"""A row without NULL, by which a bare format knows the types."""

ROWS = st.lists(
    st.fixed_dictionaries({name: values | st.none() for name, values in VALUES.items()}), max_size=5
)
EDGES: list[dict[str, object]] = [
    dict.fromkeys(VALUES),
    {**FIRST, "ra": math.inf, "dec": math.nan, "mag": -math.inf},
    {**FIRST, "ra": math.nan, "dec": -math.inf, "mag": 1e-45},
    {**FIRST, "ra": 5e-324, "dec": 1.7976931348623157e308, "id": 2**63 - 1},
]

Rows = list[dict[str, object]]


@pytest.fixture(scope="module")
def selected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bytes, str], TableStream]]:
    """Return a function that sends a file with ``SELECT *``, and gives the result of the query."""
    folder = tmp_path_factory.mktemp("round")
    limits = QueryLimits(seconds=60, rows=10**6, bytes=10**9)
    numbers = count()
    with QueryPool(
        1, directory=folder / "pool", memory_limit_bytes=10**9, threads=1, temp_limit_bytes=10**9
    ) as pool:
        service = QueryService(CatalogStore(folder / "catalogs"), pool, spools=folder, limits=limits)

        def run(content: bytes) -> TableStream:
            place = folder / str(next(numbers))
            place.mkdir()
            (place / "mine").write_bytes(content)
            table = load(place / "mine", place / "data.duckdb", largest=10**6, memory_bytes=256_000_000)
            upload = Upload(
                # As `UploadService` does.
                type(table)(SCHEMA, "mine", table.columns, position=table.position, rows=table.rows),
                hashlib.sha256(content + str(place).encode()).hexdigest(),
                place / "data.duckdb",
            )
            query = Query("SELECT * FROM TAP_UPLOAD.mine", uploads=(upload,))
            running = service.run(
                service.plan(query, visitor=Visitor.anonymous()), spool=place / "result.arrow"
            )
            return running.result().stream()

        yield run


def written(stream: TableStream, form: str) -> bytes:
    return b"".join(negotiate(form).write(stream, Document()))


def read(content: bytes, path: Path) -> tuple[tuple[Column, ...], Rows]:
    path.write_bytes(content)
    sources = open_sources([path])
    columns = agree(sources)
    return columns, [row for rows in rows_of(sources, columns) for row in rows.batch.to_pylist()]


def plain(value: object) -> object:
    """Return a value as it can be compared: NaN is NULL, and so is an array of nothing else."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, list):
        inner = [plain(each) for each in value]
        return None if all(each is None for each in inner) else inner
    return value


def kind_of(column: Column) -> Datatype | None:
    """Return the datatype; texts of a FITS file are `char` always."""
    return Datatype.CHAR if column.datatype is Datatype.UNICODE_CHAR else column.datatype


@pytest.mark.parametrize("form", FORMS)
def test_values_are_the_same_after_they_were_sent_and_selected(
    selected: Callable[[bytes], TableStream], tmp_path: Path, form: str
) -> None:
    kinds = SCALARS if form in BARE else {**SCALARS, **ARRAYS}
    columns = tuple(column for column, _ in kinds.values())
    schema = pa.schema([pa.field(name, kind) for name, (_, kind) in kinds.items()])

    @settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
    @given(ROWS)
    @example(EDGES)
    def check(rows: Rows) -> None:
        sent = [{name: row[name] for name in kinds} for row in (FIRST, *rows)]
        batch = pa.RecordBatch.from_pylist(sent, schema)
        content = written(TableStream(columns, schema, iter([batch])), form)
        described, came = read(written(selected(content), form), tmp_path / "again")

        assert [column.name for column in described] == list(kinds)
        # As Arrow has them: a REAL has fewer digits than a number of Python.
        for name in kinds:
            expected = [plain(value) for value in batch.column(name).to_pylist()]
            got = pa.array([plain(row[name]) for row in came])
            # The texts of a bare format do not say that a number was a REAL.
            assert got.cast(kinds[name][1]).to_pylist() == expected, name
        if form not in BARE:
            facts = [(c.name, c.unit, c.xtype, kind_of(c)) for c in columns]
            assert [(c.name, c.unit, c.xtype, kind_of(c)) for c in described] == facts

    check()
