"""What is said of a query in words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sciplat.catalogs.store import CatalogStore
from sciplat.services import ingest
from sciplat.services.access import Visitor
from sciplat.services.estimate import estimate
from sciplat.services.explain import explain
from sciplat.services.ingest import IngestService
from sciplat.services.plan import PlanService, Query, QueryLimits

ROWS = 300_000


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    folder = tmp_path_factory.mktemp("explain")
    rng = np.random.default_rng(5)
    ra, dec = rng.uniform(0, 40, ROWS), rng.uniform(-20, 20, ROWS)
    stars = pa.table({"starId": np.arange(ROWS), "ra": ra, "dec": dec, "mag": rng.normal(20, 2, ROWS)})
    pq.write_table(stars, folder / "stars.parquet")
    seen = pa.table({"visitId": np.arange(ROWS), "night": rng.integers(0, ROWS, ROWS)})
    pq.write_table(seen, folder / "seen.parquet")
    store = CatalogStore(folder / "catalogs")
    service = IngestService(store, folder / "work")
    for name in ("stars", "seen"):
        service.ingest("obs", name, [folder / f"{name}.parquet"], public=True)
    mixed = pa.table({"itemId": rng.permutation(ROWS), "ra": ra, "dec": dec})
    pq.write_table(mixed, folder / "mixed.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "_MOST_GROUPS", 1)  # as if the table were larger
        service.ingest("obs", "mixed", [folder / "mixed.parquet"], public=True)
    plans = PlanService(store, QueryLimits(seconds=60, rows=10**7, bytes=10**9))

    def say(adql: str) -> str:
        plan = plans.plan(Query(adql), visitor=Visitor.anonymous())
        return "\n".join(explain(plan, estimate(plan, short_seconds=1)).words)

    return say


CONE = "1 = CONTAINS(POINT(a.ra, a.dec), CIRCLE(10, 0, 0.5))"

NEAR = "DISTANCE(a.ra, a.dec, b.ra, b.dec) < 0.01"


@pytest.mark.parametrize(
    ("adql", "said"),
    [
        (
            f"SELECT mag FROM obs.stars a WHERE {CONE}",
            "only a part of the sky is wanted (7 ranges of HEALPix",
        ),
        (f"SELECT mag FROM obs.stars a WHERE {CONE}", "That is a short query"),
        ("SELECT mag FROM obs.stars", "All rows of obs.stars (stars, 300,000 rows in all) are looked at."),
        (
            "SELECT mag FROM obs.stars",
            "A condition that asks for a part of the sky would spare most of that.",
        ),
        ("SELECT night FROM obs.seen", "A condition that asks for values of visitId would spare most"),
        (
            "SELECT night FROM obs.seen WHERE visitId = 5",
            "1 of the 3 parts of its file: the others hold no such",
        ),
        ("SELECT ra FROM obs.mixed WHERE itemId = 5", "mixed, 300,000 rows in all) are looked up by itemId."),
        ("SELECT ra FROM obs.mixed WHERE itemId IN (5, 6)", "A result of about 2 rows"),
        ("SELECT ra FROM obs.mixed", "asks for a part of the sky or values of itemId would spare"),
        ("SELECT ra FROM obs.mixed WHERE itemId > 5", "All rows of obs.mixed"),
        ("SELECT COUNT(*) FROM obs.stars", "counted without looking at them"),
        ("SELECT COUNT(*) FROM obs.stars", "A result of about 1 row (8 bytes)"),
        ("SELECT TOP 5 mag FROM obs.stars ORDER BY mag", "The rows are sorted, and the first 5 are kept."),
        ("SELECT TOP 5 mag FROM obs.stars", "It stops when it has 5 rows."),
        ("SELECT night, COUNT(*) FROM obs.seen GROUP BY night", "The rows are put into groups."),
        ("SELECT DISTINCT night FROM obs.seen", "kept once"),
        (
            "SELECT mag FROM obs.stars a JOIN obs.seen b ON a.starId = b.night",
            "Rows of a and b meet where a.starId and b.night are equal.",
        ),
        (
            f"SELECT 1 FROM obs.stars a, obs.stars b WHERE {CONE} AND {NEAR}",
            "no more than 0.01 degrees apart; cells of the sky",
        ),
        (
            "SELECT COUNT(*) FROM obs.stars a, obs.stars b WHERE a.mag < b.mag",
            "Every row of a meets every row",
        ),
        (
            "SELECT COUNT(*) FROM obs.stars a, obs.stars b WHERE a.mag < b.mag",
            "A synchronous query may take 60 s: run it as an asynchronous job",
        ),
        ("SELECT starId FROM obs.stars UNION SELECT night FROM obs.seen", "two queries are put together"),
    ],
)
def test_what_happens_is_said_in_words(words, adql: str, said: str) -> None:
    assert said in words(adql)
