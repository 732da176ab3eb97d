"""Figures of rows: histograms, densities, samples, statistics and brushes, against numpy."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.results import completed

from sciplat.config import Settings
from sciplat.engine.vectors import Stop
from sciplat.errors import ADQLError, LimitError, UsageError
from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.services.access import Visitor
from sciplat.services.rows import Rows, RowsService
from sciplat.services.rows_axes import Axis
from sciplat.services.rows_brush import ChartAxes, Polygon, Span, brush
from sciplat.services.rows_count import count
from sciplat.services.rows_histogram import density, histogram
from sciplat.services.rows_relation import Conditional, Ranges, Relation, Source
from sciplat.services.rows_sample import sample
from sciplat.services.rows_statistics import statistics

N = 4000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    random = np.random.default_rng(3)
    x = random.normal(0, 1, N)
    x[::50], x[1::97], x[2::101], x[3::89] = math.nan, math.inf, -math.inf, 0.25
    nulls = random.random(N) < 0.03
    return pa.table(
        {
            "x": pa.array(x, mask=nulls),
            "y": (random.normal(0, 2, N)).astype(np.float32),
            "n": random.integers(0, 12, N),
            "id": random.integers(2**53, 2**63 - 1, N),
            "name": [f"star {i % 7}" for i in range(N)],
        }
    )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, RowsService]]:
    instance = Instance(tmp_path_factory.mktemp("home"), Settings())
    with instance.rows() as opened:
        yield instance, opened
    for store in (instance.jobs, instance.identity, instance.recorder, instance.history):
        store.close()


@pytest.fixture(scope="module")
def ada(service) -> Visitor:
    return Visitor(service[0].identity.create_user("ada"), frozenset({Scope.READ_TAP}))


@pytest.fixture(scope="module")
def job(service, ada, table) -> str:
    return completed(service[0], table, visitor=ada, batch_rows=700)


@pytest.fixture(scope="module")
def rows(service, ada, job) -> Iterator[Rows]:
    with service[1].open(Relation(Source(job)), visitor=ada, stop=Stop()) as opened:
        yield opened


@pytest.fixture(scope="module")
def few(service, ada, job) -> Iterator[Rows]:
    with service[1].open(Relation(Source(job), condition="n < 6"), visitor=ada, stop=Stop()) as opened:
        yield opened


@pytest.fixture(scope="module")
def columns(table) -> dict[str, np.ndarray]:
    return {name: table[name].to_numpy() for name in ("x", "y", "n")}


def test_a_histogram_counts_every_row_once(few: Rows, columns) -> None:
    found = histogram(few, Axis("x", 20), Conditional("y > 0"))

    seen = columns["n"] < 6
    x = columns["x"][seen]
    finite = x[np.isfinite(x)]
    expected, edges = np.histogram(finite, found.bins.edges)
    assert found.bins.edges[0] == finite.min()
    assert found.bins.edges[-1] == finite.max()
    assert found.counts.tolist() == expected.tolist()
    assert (found.below, found.above) == (int((x == -math.inf).sum()), int((x == math.inf).sum()))
    assert found.missing == int(np.isnan(x).sum())
    assert found.counts.sum() + found.below + found.above + found.missing == seen.sum()
    chosen = x[(columns["y"][seen] > 0)]
    assert found.selected.tolist() == np.histogram(chosen[np.isfinite(chosen)], edges)[0].tolist()


def test_whole_numbers_get_bins_of_their_own(rows: Rows, columns) -> None:
    found = histogram(rows, Axis("n", 64))

    assert found.bins.number == 12
    assert found.counts.tolist() == np.bincount(columns["n"]).tolist()


def test_a_logarithmic_axis_shows_what_is_above_zero(rows: Rows, columns) -> None:
    found = histogram(rows, Axis("y * y", 16, scale="log"))

    squares = columns["y"].astype(np.float64) ** 2
    assert found.bins.edges[0] == pytest.approx(squares[squares > 0].min(), rel=1e-5)
    assert found.counts.sum() == (squares > 0).sum()


def test_a_density_is_what_numpy_counts(few: Rows, columns) -> None:
    found = density(few, Axis("x", 15, low=-2.0, high=2.0), Axis("y", 9))

    seen = columns["n"] < 6
    x, y = columns["x"][seen], columns["y"][seen].astype(np.float64)
    good = np.isfinite(x)
    expected, _, _ = np.histogram2d(x[good], y[good], (found.across.edges, found.up.edges))
    assert found.counts.tolist() == expected.astype(int).tolist()
    assert found.missing == np.isnan(x).sum()
    assert found.counts.sum() + found.outside + found.missing == seen.sum()


def test_a_sample_has_all_rows_while_they_are_few_and_says_if_not(few: Rows, columns) -> None:
    seen = np.flatnonzero((columns["n"] < 6) & np.isfinite(columns["x"]))

    whole = sample(few, ("x", "y", "n + 0.5"), most=10_000, needed=2)
    part = sample(few, ("x", "y"), most=100, needed=2)

    assert whole.rows.tolist() == seen.tolist()
    assert whole.of == len(seen)
    assert whole.values[0].tolist() == columns["x"][seen].tolist()
    assert (part.of, len(part.rows), len(set(part.rows.tolist()))) == (len(seen), 100, 100)
    assert set(part.rows.tolist()) <= set(seen.tolist())
    assert part.rows.tolist() == sample(few, ("x", "y"), most=100, needed=2).rows.tolist()


def test_statistics_tell_null_from_nan_and_keep_ids_exact(rows: Rows, table, columns) -> None:
    x, identity, name = statistics(rows, ("x", "id", "name"))

    finite = columns["x"][np.isfinite(columns["x"])]
    assert x.missing == table["x"].null_count
    assert x.nan == int(np.isnan(columns["x"]).sum()) - table["x"].null_count
    assert (x.minimum, x.maximum) == (-math.inf, math.inf)
    assert x.mean == pytest.approx(finite.mean())
    assert x.deviation == pytest.approx(finite.std(ddof=1))
    assert x.quantiles[2] == pytest.approx(np.median(finite), abs=0.05)
    assert (identity.minimum, identity.maximum) == (
        min(table["id"].to_pylist()),
        max(table["id"].to_pylist()),
    )
    assert (name.minimum, name.maximum, name.mean) == ("star 0", "star 6", None)


CHARTS = (
    ChartAxes(Axis("x", 32, low=-2.0, high=2.0)),
    ChartAxes(Axis("n", 24)),
    ChartAxes(Axis("x", 10, low=-2.0, high=2.0), Axis("y", 8, low=-4.0, high=4.0)),
    ChartAxes(Axis("y", 6, low=-4.0, high=4.0), Axis("n", 5, low=0.0, high=12.0)),
)
ENDS = st.floats(-2.5, 2.5)


@settings(max_examples=examples(40), deadline=None)
@given(one=ENDS, other=ENDS)
def test_a_brush_on_a_histogram_counts_what_sql_counts(few: Rows, columns, one: float, other: float) -> None:
    found = brush(few, CHARTS, active=0, by=Span((one, other)), selection=Conditional("y > -3"))

    low, high = found.x
    seen = (columns["n"] < 6) & (columns["y"] > -3)
    under = seen & (columns["x"] >= low) & (columns["x"] <= high)
    assert found.rows == under.sum()
    _are_counts_of(found, columns, under, seen, 0)
    exact = count(few, Ranges((("x", low, high), ("y", math.nextafter(-3, 0), None))))
    assert exact.selected == found.rows


@settings(max_examples=examples(25), deadline=None)
@given(x=st.tuples(ENDS, ENDS), y=st.tuples(st.floats(-5, 5), st.floats(-5, 5)))
def test_a_box_on_a_density_counts_what_numpy_counts(rows: Rows, columns, x: tuple, y: tuple) -> None:
    found = brush(rows, CHARTS, active=2, by=Span(x, y))

    (left, right), (low, high) = found.x, found.y
    under = (columns["x"] >= left) & (columns["x"] <= right) & (columns["y"] >= low) & (columns["y"] <= high)
    assert found.rows == under.sum()
    _are_counts_of(found, columns, under, np.ones(N, bool), 2)


def test_a_lasso_on_a_density_takes_whole_cells(rows: Rows, columns) -> None:
    found = brush(rows, CHARTS, active=2, by=Polygon(((-1.0, -3.0), (1.5, 0.0), (-1.0, 3.0))))

    across, up = (np.asarray(bins.edges) for bins in found.bins[2])
    middles = [(a, b) for a in (across[:-1] + across[1:]) / 2 for b in (up[:-1] + up[1:]) / 2]
    inside = np.array([a >= -1 and abs(b) < 3 * (1.5 - a) / 2.5 for a, b in middles])
    with np.errstate(invalid="ignore"):
        cell = np.searchsorted(across, columns["x"], "right") - 1
        line = np.searchsorted(up, columns["y"], "right") - 1
    on = np.isfinite(columns["x"]) & (cell >= 0) & (cell < 10) & (line >= 0) & (line < 8)
    under = on & inside[np.clip(cell, 0, 9) * 8 + np.clip(line, 0, 7)]
    assert found.rows == under.sum() > 0
    _are_counts_of(found, columns, under, np.ones(N, bool), 2)


def _are_counts_of(found, columns, under, seen, active: int) -> None:
    for place, (chart, bins, counts) in enumerate(zip(CHARTS, found.bins, found.counts, strict=True)):
        chosen = seen if place == active else under
        names = [axis.expression for axis in (chart.x, chart.y) if axis is not None]
        values = [columns[name][chosen].astype(np.float64) for name in names]
        good = np.logical_and.reduce([np.isfinite(value) for value in values])
        edges = [np.asarray(each.edges) for each in bins if each is not None]
        expected, _ = np.histogramdd(np.array([value[good] for value in values]).T, edges)
        assert counts.tolist() == expected.astype(int).reshape(-1).tolist()


@pytest.mark.parametrize("limit", [4_000_000, 40_000])
def test_what_does_not_fit_into_the_cube_is_counted_each_time(service, ada, job, columns, limit: int) -> None:
    from sciplat.engine.cubes import Cubes

    service[1].cubes, kept = Cubes(limit), service[1].cubes
    try:
        with service[1].open(Relation(Source(job)), visitor=ada, stop=Stop()) as opened:
            found = brush(opened, CHARTS, active=3, by=Span((-1.0, 1.0), (0.0, 5.0)))
    finally:
        service[1].cubes = kept

    (left, right), (low, high) = found.x, found.y
    under = (columns["y"] >= left) & (columns["y"] <= right) & (columns["n"] >= low) & (columns["n"] <= high)
    _are_counts_of(found, columns, under, np.ones(N, bool), 3)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda rows: histogram(rows, Axis("name")), ADQLError, "Here goes a number, and this is a text"),
        (lambda rows: histogram(rows, Axis("x", low=2.0, high=1.0)), UsageError, "lower end"),
        (lambda rows: histogram(rows, Axis("x", low=-1.0, high=1.0, scale="log")), UsageError, "above 0"),
        (lambda rows: brush(rows, CHARTS, active=0, by=Span((0, 1), (0, 1))), UsageError, "one axis"),
        (lambda rows: brush(rows, CHARTS, active=2, by=Span((0, 1))), UsageError, "by a box"),
        (lambda rows: brush(rows, CHARTS[:1], active=2, by=None), UsageError, "no chart 2"),
        (lambda rows: statistics(rows, ("nothing",)), UsageError, "no column"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(rows: Rows, ask, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        ask(rows)


def test_charts_with_too_many_bins_are_refused(service) -> None:
    from sciplat.engine.cubes import Cubes

    with pytest.raises(LimitError, match="fewer bins"):
        Cubes(1000).get("x", 501, lambda: pytest.fail("made all the same"))


def test_an_empty_relation_has_charts_too(service, ada, job) -> None:
    with service[1].open(Relation(Source(job), condition="n > 99"), visitor=ada, stop=Stop()) as opened:
        found = brush(opened, (ChartAxes(Axis("x", 8)),), active=0, by=Span((0.0, 1.0)))
        whole = histogram(opened, Axis("x", 8, scale="log"))
        drawn = sample(opened, ("x",), most=10, needed=1)

    assert (found.rows, whole.counts.sum(), len(drawn.rows)) == (0, 0, 0)
