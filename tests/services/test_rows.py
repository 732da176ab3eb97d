"""Rows of results as views show them, against numpy and plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.results import completed

from sciplat.adql.expressions import Derived
from sciplat.config import Settings
from sciplat.engine.vectors import Stop
from sciplat.errors import ADQLError, CancelledError, NotFoundError, UsageError
from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.services.access import Visitor
from sciplat.services.rows import Rows, RowsService
from sciplat.services.rows_count import count
from sciplat.services.rows_page import NUMBER, page, rows_by_number
from sciplat.services.rows_relation import (
    Conditional,
    Lasso,
    Numbered,
    Ranges,
    Relation,
    SortKey,
    Source,
)
from sciplat.tables.stream import TableStream

INF, NAN = math.inf, math.nan


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    opened = Instance(tmp_path_factory.mktemp("home"), Settings())
    yield opened
    opened.jobs.close()
    opened.identity.close()
    opened.recorder.close()
    opened.history.close()


@pytest.fixture(scope="module")
def service(instance: Instance) -> Iterator[RowsService]:
    with instance.rows() as opened:
        yield opened


@pytest.fixture(scope="module")
def ada(instance: Instance) -> Visitor:
    return Visitor(instance.identity.create_user("ada"), frozenset({Scope.READ_TAP}))


@pytest.fixture(scope="module")
def stars() -> pa.Table:
    """Five rows, with what is hard: NULL, NaN, infinities, ids beyond 2**53, HTML, quotes."""
    return pa.table(
        {
            "id": pa.array([2**53 + 1, 2**53, -5, None, 2**62], pa.int64()),
            "mag": pa.array([17.5, NAN, None, INF, -INF], pa.float64()),
            "flux": pa.array([1.0, 2.0, 3.0, 4.0, 0.0], pa.float32()),
            "name": ["b", "a", None, "<script>alert(1)</script>", 'it\'s "x"'],
        }
    )


Open = Callable[..., Rows]


@pytest.fixture
def opened(instance: Instance, service: RowsService, ada: Visitor, stars: pa.Table) -> Iterator[Open]:
    job = completed(instance, stars, visitor=ada, batch_rows=2)
    kept = []

    def make(**how: object) -> Rows:
        relation = Relation(Source(job), **how)  # type: ignore[arg-type]
        context = service.open(relation, visitor=ada, stop=Stop())
        kept.append(context)
        return context.__enter__()

    yield make
    for context in kept:
        context.__exit__(None, None, None)


def values(stream: TableStream, name: str) -> list[object]:
    return pa.Table.from_batches(list(stream.batches), stream.schema)[name].to_pylist()


def test_a_page_has_the_rows_as_they_came_with_their_numbers(opened: Open) -> None:
    stream = page(opened(), offset=1, limit=3)

    table = pa.Table.from_batches(list(stream.batches), stream.schema)

    assert table["id"].to_pylist() == [2**53, -5, None]
    assert table[NUMBER].to_pylist() == [1, 2, 3]
    assert [column.name for column in stream.columns] == ["id", "mag", "flux", "name", NUMBER]


def test_ids_beyond_the_integers_of_doubles_are_told_apart(opened: Open) -> None:
    rows = opened(condition="id = 9007199254740993")

    assert values(page(rows, offset=0, limit=9), "id") == [2**53 + 1]


@pytest.mark.parametrize(
    ("descending", "order"), [(False, [4, 0, 3, 1, 2]), (True, [3, 0, 4, 1, 2])], ids=["up", "down"]
)
def test_what_has_no_value_comes_last_whichever_way(opened: Open, descending: bool, order: list[int]) -> None:
    rows = opened(sort=(SortKey("mag", descending),))

    assert values(page(rows, offset=0, limit=9), NUMBER) == order


def test_texts_and_several_keys_sort(opened: Open) -> None:
    rows = opened(derived=(Derived("even", "MOD(id, 2)"),), sort=(SortKey("even", True), SortKey("name")))

    assert values(page(rows, offset=0, limit=9), "even") == [1, 0, 0, -1, None]
    assert values(page(rows, offset=0, limit=9), NUMBER) == [0, 1, 4, 2, 3]


def test_a_derived_column_can_be_made_of_another_and_has_its_unit(
    instance: Instance, service: RowsService, ada: Visitor
) -> None:
    field = pa.field(
        "flux", pa.float64(), metadata={"sciplat": '{"name": "flux", "datatype": "double", "unit": "nJy"}'}
    )
    job = completed(instance, pa.table([pa.array([2.0, 4.0])], schema=pa.schema([field])), visitor=ada)
    relation = Relation(
        Source(job), (Derived("twice", "flux * 2"), Derived("square", "twice * twice", ucd="phot.flux"))
    )

    with service.open(relation, visitor=ada, stop=Stop()) as rows:
        stream = page(rows, offset=0, limit=5, columns=("square", "twice"))

    assert values(stream, "square") == [16.0, 64.0]
    square, twice, _ = stream.columns
    assert (twice.unit, square.unit, square.ucd) == ("nJy", "nJy**2", "phot.flux")


def test_a_page_of_no_rows_has_its_columns(opened: Open) -> None:
    rows = opened(derived=(Derived("twice", "flux * 2"),), condition="flux > 100")

    stream = page(rows, offset=0, limit=5)

    assert values(stream, "twice") == []
    assert stream.columns[-2].name == "twice"


def test_rows_are_found_by_number(opened: Open) -> None:
    assert values(rows_by_number(opened(), (4, 0)), "flux") == [0.0, 1.0]
    with pytest.raises(UsageError, match="Row 5 is not there"):
        rows_by_number(opened(), (5,))


def test_a_selection_is_counted_among_what_is_seen(opened: Open) -> None:
    rows = opened(condition="flux > 0")

    assert count(rows).seen == 4
    assert count(rows, Ranges((("mag", 0.0, None),))).selected == 2
    assert count(rows, Ranges((("mag", None, None),))).selected == 2, "NULL and NaN lie within no bounds"
    assert count(rows, Conditional("name LIKE '%script%'")).selected == 1
    assert count(rows, Numbered((0, 4, 77))).selected == 1


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"condition": "flux > "}, ADQLError, "column 7"),
        ({"condition": "fluxx > 1"}, ADQLError, "Did you mean flux"),
        ({"condition": "1 = 1; DROP TABLE x"}, ADQLError, "`;`"),
        ({"condition": "flux > (SELECT 1)"}, ADQLError, "subquery"),
        ({"condition": "id IN (SELECT id FROM spool)"}, ADQLError, "No query can stand here"),
        ({"condition": "EXISTS (SELECT 1 FROM spool)"}, ADQLError, "No query can stand here"),
        ({"condition": "COUNT(*) > 1"}, ADQLError, "needs many rows"),
        ({"condition": "RAND() > 0.5"}, ADQLError, "each time"),
        ({"condition": "read_text('/etc/passwd') = 'x'"}, ADQLError, "no function read_text"),
        ({"condition": "getenv('HOME') = 'x'"}, ADQLError, "no function getenv"),
        ({"condition": '"\x1frow" = 1'}, ADQLError, "no column"),
        ({"condition": "(" * 3000}, ADQLError, "deep"),
        ({"condition": "flux" + " + 1" * 900 + " > 1"}, ADQLError, "operators"),
        ({"derived": (Derived("flux", "1"),)}, UsageError, "already"),
        ({"derived": (Derived("FLUX", "1"),)}, UsageError, "already"),
        ({"derived": (Derived("a\nb", "1"),)}, UsageError, "needs a name"),
        ({"derived": (Derived("a", "b"), Derived("b", "flux"))}, ADQLError, "no column b"),
        ({"derived": tuple(Derived(f"d{i}", "1") for i in range(51))}, UsageError, "50 derived"),
        ({"sort": (SortKey("nothing"),)}, UsageError, "no column"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_before_anything_runs(
    opened: Open, how: dict, error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        opened(**how)


def test_names_of_derived_columns_are_names_and_never_sql(opened: Open) -> None:
    name = 'x" FROM "spool"; DROP TABLE y; --'
    rows = opened(derived=(Derived(name, "flux + 1"),))

    assert values(page(rows, offset=0, limit=1), name) == [2.0]


def test_division_by_zero_and_bad_logarithms_have_no_value(opened: Open) -> None:
    rows = opened(derived=(Derived("q", "1 / flux"), Derived("m", "LOG10(flux)")))

    assert values(page(rows, offset=4, limit=1), "q") == [None]
    assert values(page(rows, offset=4, limit=1), "m") == [None]


def test_an_integer_that_outgrows_its_type_is_an_error_in_words(opened: Open) -> None:
    with pytest.raises(UsageError, match=r"(?i)out of range|overflow"):
        count(opened(condition="id * id > 1"))


def test_somebody_elses_result_does_not_exist(
    instance: Instance, service: RowsService, stars: pa.Table, ada: Visitor
) -> None:
    job = completed(instance, stars, visitor=ada)
    eve = Visitor(instance.identity.create_user("eve"), frozenset({Scope.READ_TAP}))

    for source in (Source(job), Source("nothing")):
        with pytest.raises(NotFoundError), service.open(Relation(source), visitor=eve, stop=Stop()):
            pass
    with pytest.raises(NotFoundError), service.open(Relation(Source(job, "other")), visitor=ada, stop=Stop()):
        pass


def test_nothing_is_kept_of_a_result_that_is_gone(
    instance: Instance, service: RowsService, ada: Visitor, stars: pa.Table
) -> None:
    job, other = (completed(instance, stars, visitor=ada) for _ in range(2))
    with service.open(Relation(Source(job), condition="flux > 1.5"), visitor=ada, stop=Stop()) as rows:
        assert count(rows).seen == 3
    before = service.vectors.bytes
    instance.submit.delete(job, visitor=ada)

    service._next_look = 0.0
    with service.open(Relation(Source(other)), visitor=ada, stop=Stop()):
        assert service.vectors.bytes < before
    with pytest.raises(NotFoundError), service.open(Relation(Source(job)), visitor=ada, stop=Stop()):
        pass


def test_what_nobody_waits_for_stops(opened: Open) -> None:
    rows = opened(condition="flux > 0.123")
    rows._stop.set()

    with pytest.raises(CancelledError):
        count(rows)


def test_a_fingerprint_stands_for_the_whole_question() -> None:
    relation = Relation(Source("a"), (Derived("x", "1"),), "x > 1", (SortKey("x"),))
    others = [
        Relation(Source("b"), (Derived("x", "1"),), "x > 1", (SortKey("x"),)),
        Relation(Source("a"), (Derived("x", "2"),), "x > 1", (SortKey("x"),)),
        Relation(Source("a"), (Derived("x", "1"),), "x > 2", (SortKey("x"),)),
        Relation(Source("a"), (Derived("x", "1"),), "x > 1", (SortKey("x", True),)),
    ]

    prints = {each.fingerprint("page", {"offset": 1}) for each in (relation, *others)}

    assert len(prints) == 5
    assert relation.fingerprint("page", {"offset": 1}) in prints
    assert relation.fingerprint("page", {"offset": 2}) not in prints


NUMBERS = st.one_of(st.none(), st.floats(width=64), st.integers(-3, 3).map(float))
IDS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(2**53 - 2, 2**53 + 2))


@settings(max_examples=examples(18), deadline=None)
@given(
    rows=st.lists(st.tuples(NUMBERS, IDS), min_size=1, max_size=40),
    low=st.floats(-3, 3),
    offset=st.integers(0, 10),
    descending=st.booleans(),
)
def test_pages_are_what_python_makes_of_the_rows(
    instance: Instance,
    service: RowsService,
    ada: Visitor,
    rows: list,
    low: float,
    offset: int,
    descending: bool,
) -> None:
    table = pa.table(
        {"x": pa.array([x for x, _ in rows], pa.float64()), "i": pa.array([i for _, i in rows], pa.int64())}
    )
    job = completed(instance, table, visitor=ada, batch_rows=7)
    seen = [n for n, (x, _) in enumerate(rows) if x is not None and (x >= low or math.isnan(x))]
    # NaN is more than any number in the engine; where it is compared, that is ADQL's business, not ours.
    expected = sorted(
        (n for n in seen if rows[n][1] is not None), key=lambda n: -rows[n][1] if descending else rows[n][1]
    ) + [n for n in seen if rows[n][1] is None]
    relation = Relation(Source(job), condition=f"x >= {low!r}", sort=(SortKey("i", descending),))

    with service.open(relation, visitor=ada, stop=Stop()) as opened:
        found = values(page(opened, offset=offset, limit=7), NUMBER)

    assert found == expected[offset : offset + 7]


def _inside(x: float, y: float, corners: list[tuple[float, float]]) -> bool:
    """Even-odd, edge by edge (W. R. Franklin's test)."""
    inside = False
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


PLACES = st.one_of(st.integers(-4, 4).map(float), st.floats(-4, 4))


@settings(max_examples=examples(18), deadline=None)
@given(
    points=st.lists(
        st.tuples(st.one_of(PLACES, st.sampled_from([NAN, INF, -INF])), PLACES), min_size=1, max_size=40
    ),
    corners=st.lists(st.tuples(PLACES, PLACES), min_size=3, max_size=12),
)
def test_a_lasso_holds_what_the_even_odd_rule_says(
    instance: Instance, service: RowsService, ada: Visitor, points: list, corners: list
) -> None:
    table = pa.table({"x": [x for x, _ in points], "y": [y for _, y in points]})
    job = completed(instance, table, visitor=ada)

    with service.open(Relation(Source(job)), visitor=ada, stop=Stop()) as opened:
        found = opened.selected(Lasso("x", "y", tuple(corners)))

    assert found.tolist() == [_inside(x, y, corners) for x, y in points]


def test_a_lasso_that_crosses_itself_hundreds_of_times_is_still_exact(
    instance: Instance, service: RowsService, ada: Visitor
) -> None:
    corners = [(math.sin(i * 2.7) * 3, math.cos(i * 1.9) * 3) for i in range(500)]
    random = np.random.default_rng(1)
    x, y = random.normal(size=(2, 300))
    job = completed(instance, pa.table({"x": x, "y": y}), visitor=ada)

    with service.open(Relation(Source(job)), visitor=ada, stop=Stop()) as opened:
        found = opened.selected(Lasso("x", "y", tuple(corners)))

    assert found.tolist() == [_inside(a, b, corners) for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def test_the_room_for_vectors_holds(tmp_path: Path) -> None:
    from sciplat.engine.vectors import Vectors

    vectors = Vectors(tmp_path / "kept", 1000)
    made = [
        vectors.get("job", str(i), np.float64, lambda i=i: iter([np.full(50, i)]), Stop()) for i in range(5)
    ]

    assert vectors.bytes == 800
    assert len(list((tmp_path / "kept").iterdir())) == 2
    assert [float(vector[0]) for vector in made] == [0, 1, 2, 3, 4], "what was handed out stays"
    vectors.forget(lambda owner: owner == "job")
    assert (vectors.bytes, list((tmp_path / "kept").iterdir())) == (0, [])
