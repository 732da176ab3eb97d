"""Regions through the whole house: ingested, planned, estimated, run in a worker and written to a spool."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sciplat.catalogs.store import CatalogStore
from sciplat.engine.pool import QueryPool
from sciplat.services.access import Visitor
from sciplat.services.ingest import IngestService
from sciplat.services.plan import Query, QueryLimits
from sciplat.services.query import QueryService
from sciplat.vo.schema import Column, Datatype, Table

FOOTPRINTS = Table(
    "obs",
    "visits",
    (
        Column("i", Datatype.LONG),
        Column("ra", Datatype.DOUBLE, unit="deg", ucd="pos.eq.ra;meta.main"),
        Column("dec", Datatype.DOUBLE, unit="deg", ucd="pos.eq.dec;meta.main"),
        Column("s_region", Datatype.DOUBLE, "*", xtype="polygon"),
    ),
    position=("ra", "dec"),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Return a function that runs a query and gives its rows; the visits are squares of 2 degrees."""
    folder = tmp_path_factory.mktemp("regions")
    ra, dec = ([float(value) for value in values] for values in (range(5, 355, 10), [0] * 35))
    squares = [[a - 1, -1, a + 1, -1, a + 1, 1, a - 1, 1] for a in ra]
    rows = {"i": list(range(35)), "ra": ra, "dec": dec, "s_region": pa.array(squares, pa.list_(pa.float64()))}
    pq.write_table(pa.table(rows), folder / "visits.parquet")
    store = CatalogStore(folder / "catalogs")
    IngestService(store, folder / "work").ingest(
        "obs", "visits", [folder / "visits.parquet"], schema=FOOTPRINTS, public=True
    )
    limits = QueryLimits(seconds=60, rows=10**6, bytes=10**9)
    with QueryPool(
        1, directory=folder / "pool", memory_limit_bytes=10**9, threads=1, temp_limit_bytes=10**9
    ) as pool:
        service = QueryService(store, pool, spools=folder, limits=limits)

        def run(adql: str) -> list[dict[str, object]]:
            plan = service.plan(Query(adql), visitor=Visitor.anonymous())
            assert service.estimate(plan).rows >= 0
            spool = folder / "x.arrow"
            service.run(plan, spool=spool, durable=True).wait()
            with pa.ipc.open_file(spool) as reader:
                return reader.read_all().to_pylist()

        yield run


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("1 = CONTAINS(POINT(15.5, 0.5), s_region)", [1]),
        ("INTERSECTS(s_region, CIRCLE(10, 0, 4.5)) = 1", [0, 1]),
        ("INTERSECTS(s_region, POLYGON(4, 0, 26, 0, 26, 0.1)) = 1", [0, 1, 2]),
        ("1 = CONTAINS(s_region, CIRCLE(15, 0, 1.5))", [1]),
        ("AREA(s_region) > 3.9 AND i < 2", [0, 1]),
        ("1 = CONTAINS(POINT(ra, dec), MOC(6, CIRCLE(25, 0, 2)))", [2]),
        ("1 = CONTAINS(POINT(ra, dec), ivo_geom_transform('FK5', 'ICRS', CIRCLE(25, 0, 2)))", [2]),
        ("DISTANCE(ivo_epoch_prop_pos(ra, dec, 1, 3600000, 0, 0, 2000, 2001), POINT(16, 0)) < 0.1", [1]),
        ("ivo_healpix_index(5, ra + 1, dec) = ivo_healpix_index(5, 16, 0)", [1]),
    ],
)
def test_regions_are_found_by_a_worker(found, where: str, expected: list[int]) -> None:
    rows = found(f"SELECT i FROM obs.visits WHERE {where} ORDER BY i")

    assert [row["i"] for row in rows] == expected


def test_values_of_regions_come_back(found) -> None:
    row = found(
        "SELECT TOP 1 CENTROID(s_region) AS c, ivo_healpix_center(3, 5) AS p, MOC('3/5') AS m, s_region, "
        "ivo_epoch_prop(ra, dec, 1, NULL, 0, NULL, 2000, 2001) AS e FROM obs.visits ORDER BY i"
    )[0]

    assert row["c"] == pytest.approx([5, 0], abs=1e-9)
    assert len(row["p"]) == 2
    assert row["m"] == "3/5"
    assert row["s_region"] == [4, -1, 6, -1, 6, 1, 4, 1]
    assert row["e"][:3] == pytest.approx([5, 0, 1])
