"""What is told of a query before it runs, against what it does."""

from __future__ import annotations

import cProfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sciplat.catalogs.store import CatalogStore
from sciplat.engine.pool import QueryPool
from sciplat.services.access import Visitor
from sciplat.services.estimate import Estimate
from sciplat.services.ingest import IngestService
from sciplat.services.plan import Plan, Query, QueryLimits
from sciplat.services.query import QueryService

ROWS = 300_000


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueryService]:
    """A crowded place, a thin field around it with a hole, and many rows for some of its objects."""
    folder = tmp_path_factory.mktemp("estimate")
    rng = np.random.default_rng(3)
    half = ROWS // 2
    ra = np.concatenate([rng.normal(20, 0.5, half), rng.uniform(0, 40, half)])
    dec = np.concatenate([rng.normal(10, 0.5, half), rng.uniform(-10, 20, half)])
    there = ~((ra > 30) & (ra < 36) & (dec > -2) & (dec < 4))
    ra, dec = ra[there], dec[there]
    n = len(ra)
    stars = {
        "starId": np.arange(n),
        "ra": ra,
        "dec": dec,
        "mag": rng.normal(20, 2, n),
        "band": np.array(list("ugrizy"))[rng.integers(0, 6, n)],
    }
    seen = {
        "starId": rng.choice(rng.choice(n, n // 20, replace=False), 200_000),
        "mjd": rng.uniform(6e4, 6.1e4, 200_000),
    }
    store = CatalogStore(folder / "catalogs")
    service = IngestService(store, folder / "work")
    for name, rows in (("stars", stars), ("seen", seen)):
        pq.write_table(pa.table(rows), folder / f"{name}.parquet")
        service.ingest("obs", name, [folder / f"{name}.parquet"], public=True)
    with QueryPool(
        1, directory=folder / "pool", memory_limit_bytes=10**9, threads=2, temp_limit_bytes=10**9
    ) as pool:
        yield QueryService(
            store, pool, spools=folder, limits=QueryLimits(seconds=60, rows=10**7, bytes=10**9)
        )


@pytest.fixture
def plan(query: QueryService) -> Callable[..., Plan]:
    return lambda adql, maxrec=None: query.plan(Query(adql, maxrec), visitor=Visitor.anonymous())


@pytest.fixture
def both(
    query: QueryService, plan: Callable[..., Plan], tmp_path: Path
) -> Callable[..., tuple[Estimate, int]]:
    """Return an estimate, and the rows that the engine finds."""

    def run(adql: str, maxrec: int | None = None) -> tuple[Estimate, int]:
        planned = plan(adql, maxrec)
        return query.estimate(planned), query.run(planned, spool=tmp_path / "x.arrow").wait().rows

    return run


def cone(ra: float, dec: float, radius: float, a: str = "") -> str:
    return f"1 = CONTAINS(POINT({a}ra, {a}dec), CIRCLE({ra}, {dec}, {radius}))"


@pytest.mark.parametrize(
    "where",
    [
        cone(20, 10, 0.1),
        cone(20, 10, 1),
        cone(20.7, 10.5, 0.4),
        cone(5, -5, 1),
        cone(5, -5, 8),
        "1 = CONTAINS(POINT(ra, dec), POLYGON(2, -9, 9, -9, 9, 2, 2, 2))",
        "mag BETWEEN 18 AND 19",
        "mag < 17 AND band = 'g'",
        f"{cone(20, 10, 0.5)} AND mag < 20",
    ],
)
def test_rows_are_told_within_half_in_crowds_and_deserts(both, where: str) -> None:
    estimate, rows = both(f"SELECT starId FROM obs.stars WHERE {where}")

    assert rows > 50
    assert estimate.rows == pytest.approx(rows, rel=0.5)


@pytest.mark.parametrize("where", [cone(33, 1, 1), cone(200, 60, 5), "mag > 90", "mag < 3 AND mag > 4"])
def test_where_nothing_is_nothing_is_expected(both, where: str) -> None:
    estimate, rows = both(f"SELECT starId FROM obs.stars WHERE {where}")

    assert rows == 0
    assert estimate.rows <= 5


@pytest.mark.parametrize(
    "adql",
    [
        "SELECT COUNT(*) FROM obs.stars",
        "SELECT TOP 7 * FROM obs.stars ORDER BY mag",
        "SELECT band, COUNT(*) FROM obs.stars GROUP BY band",
        "SELECT starId, COUNT(*) FROM obs.seen GROUP BY starId",
        "SELECT s.starId, mjd FROM obs.stars s JOIN obs.seen v ON s.starId = v.starId",
        f"SELECT mjd FROM obs.stars s JOIN obs.seen v ON s.starId = v.starId WHERE {cone(20, 10, 0.3, 's.')}",
        "SELECT starId FROM obs.stars WHERE mag < 18 UNION ALL SELECT starId FROM obs.seen",
    ],
)
def test_rows_of_joins_and_groups_are_told_within_a_factor_of_two(both, adql: str) -> None:
    estimate, rows = both(adql)

    assert rows / 2 - 1 <= estimate.rows <= rows * 2 + 1


def test_rows_are_never_more_than_the_limits(both) -> None:
    estimate, rows = both("SELECT * FROM obs.stars", 1000)

    assert (estimate.rows, rows) == (1000, 1000)


def test_a_cone_reads_a_part_of_the_file_and_a_scan_all_of_it(query, plan) -> None:
    near = query.estimate(plan(f"SELECT mag FROM obs.stars WHERE {cone(5, -5, 0.1)}"))
    all_ = query.estimate(plan("SELECT mag FROM obs.stars WHERE mag < 20"))

    assert near.rows_read <= 122_880
    assert [(reading.parts, reading.all_parts) for reading in near.readings] == [(1, 3)]
    assert all_.rows_read == all_.readings[0].scan.source.table.rows


def test_heavy_is_what_takes_long(query, plan) -> None:
    near = query.estimate(plan(f"SELECT mag FROM obs.stars WHERE {cone(5, -5, 0.1)}"))
    pairs = query.estimate(plan("SELECT COUNT(*) FROM obs.stars a, obs.stars b WHERE a.mag < b.mag"))

    assert (near.heavy, pairs.heavy) == (False, True)
    assert pairs.seconds > 60


def test_a_table_of_which_nothing_was_noted_is_taken_as_even(query, plan) -> None:
    found = query.estimate(plan("SELECT table_name FROM TAP_SCHEMA.tables"))

    assert 1 <= found.rows <= 20


def test_an_estimate_of_a_cone_costs_next_to_nothing(query, plan) -> None:
    planned = plan(f"SELECT mag FROM obs.stars WHERE {cone(20, 10, 0.1)}")
    query.estimate(planned)

    with cProfile.Profile() as profile:
        query.estimate(planned)

    # A fifth of a millisecond on an idle machine.
    assert sum(entry.callcount for entry in profile.getstats()) < 250
