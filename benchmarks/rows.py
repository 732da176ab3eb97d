"""Ten million rows in a view: pages, sorts, filters, plots and brushes, beside plain SQL over the same file.

Without a server: what the views process does for each question. Beside the time by the clock stands the CPU
time of this process and of the engine's workers together, which says more on a busy machine.
``python benchmarks/rows.py [ROWS]``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa

from sciplat.adql.expressions import Derived
from sciplat.config import Settings
from sciplat.engine.spool import Spool
from sciplat.engine.vectors import Stop
from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.jobs.models import JobResult
from sciplat.services.access import Visitor
from sciplat.services.rows import SPOOL, Rows, RowsService
from sciplat.services.rows_axes import Axis
from sciplat.services.rows_brush import ChartAxes, Polygon, Span, brush
from sciplat.services.rows_count import count
from sciplat.services.rows_histogram import density, histogram
from sciplat.services.rows_page import page
from sciplat.services.rows_relation import Lasso, Ranges, Relation, SortKey, Source
from sciplat.services.rows_sample import sample
from sciplat.services.shelves import Spools
from sciplat.tables.arrow import columns_of, with_columns

ROWS = 10_000_000
BATCH = 50_000

CHARTS = (
    ChartAxes(Axis("r_mag", 256)),
    ChartAxes(Axis("fwhm", 64)),
    ChartAxes(Axis("g_mag - r_mag", 160, low=-1.0, high=3.0), Axis("r_mag", 160, low=14.0, high=27.0)),
)


def batches(rows: int) -> Iterator[pa.RecordBatch]:
    """Yield rows like those of an Object table."""
    random = np.random.default_rng(5)
    for start in range(0, rows, BATCH):
        n = min(BATCH, rows - start)
        r_mag = 27 - random.exponential(2.0, n)
        yield pa.RecordBatch.from_pydict(
            {
                "objectId": np.arange(start, start + n, dtype=np.int64) + (1 << 60),
                "ra": 50 + 20 * random.random(n),
                "dec": -40 + 18 * random.random(n),
                "r_mag": r_mag.astype(np.float32),
                "g_mag": (r_mag + random.normal(0.8, 0.5, n)).astype(np.float32),
                "i_mag": (r_mag - random.normal(0.3, 0.3, n)).astype(np.float32),
                "r_flux": 10 ** (-0.4 * (r_mag - 31.4)),
                "r_fluxErr": random.gamma(2.0, 20.0, n),
                "fwhm": random.normal(0.8, 0.1, n).astype(np.float32),
                "nVisits": random.integers(1, 900, n).astype(np.int32),
            }
        )


def completed(instance: Instance, visitor: Visitor, rows: int) -> tuple[str, int]:
    """Return the id of a job with so many rows, and the bytes of its result."""
    job = instance.submit.submit([("QUERY", "SELECT 1")], visitor=visitor, run=True)
    instance.jobs.queue.claim(running_per_user=1)
    spool: Spool | None = None
    for batch in batches(rows):
        if spool is None:
            schema = with_columns(batch.schema, columns_of(batch.schema))
            spool = Spool(
                Spools(instance.spools).path(job.id), schema, on_begin=lambda: None, on_batch=lambda *_: None
            )
        spool.add(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
    assert spool is not None
    size, _ = spool.finish(overflow=False, durable=True)
    instance.jobs.queue.complete(job.id, [JobResult("result", rows, size)])
    return job.id, size


def processor_seconds() -> float:
    """Return the CPU seconds of this process and those that it has begun."""
    this = psutil.Process()
    times = [process.cpu_times() for process in (this, *this.children(recursive=True))]
    return sum(each.user + each.system for each in times)


class Clock:
    """Notes how long things take."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, float]] = {}

    def take(self, name: str, do: Callable[[], Any]) -> Any:
        """Do something once."""
        used, begun = processor_seconds(), time.perf_counter()
        made = do()
        self.note(name, time.perf_counter() - begun, processor_seconds() - used)
        return made

    def often(self, name: str, do: Callable[[int], Any], times: int) -> None:
        """Do something again and again; note the median and the mean CPU time."""
        used, seconds = processor_seconds(), []
        for turn in range(times):
            begun = time.perf_counter()
            do(turn)
            seconds.append(time.perf_counter() - begun)
        self.note(name, sorted(seconds)[times // 2], (processor_seconds() - used) / times)

    def note(self, name: str, seconds: float, cpu: float) -> None:
        """Note one figure."""
        self.found[name] = {"ms": 1000 * seconds, "cpu_ms": 1000 * cpu}
        print(f"  {name:<58} {1000 * seconds:10.1f} ms {1000 * cpu:10.1f} ms of CPU", flush=True)


def main(rows: int = ROWS) -> dict[str, Any]:
    """Measure everything once."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        instance = Instance(Path(folder), Settings())
        ada = Visitor(instance.identity.create_user("ada"), frozenset({Scope.READ_TAP}))
        job, size = completed(instance, ada, rows)
        clock = Clock()
        with instance.rows() as service:
            _measure(clock, service, ada, job, rows)
            kept = service.vectors.bytes
        for store in (instance.jobs, instance.identity, instance.history):
            store.close()
    return {"rows": rows, "bytes": size, "kept_bytes": kept, "times": clock.found}


def _measure(clock: Clock, service: RowsService, ada: Visitor, job: str, rows: int) -> None:
    @contextmanager
    def seen(**how: Any) -> Iterator[Rows]:
        with service.open(Relation(Source(job), **how), visitor=ada, stop=Stop()) as opened:
            yield opened

    def first(offset: int, **how: Any) -> None:
        with seen(**how) as opened:
            assert list(page(opened, offset=offset, limit=200).batches)

    derived = (Derived("snr", "r_flux / r_fluxErr"),)
    by_snr = (SortKey("snr", descending=True),)
    bright = "r_mag < 24 AND nVisits > 100"
    clock.take("first page", lambda: first(0))
    clock.take("first page with a derived column (the engine starts)", lambda: first(0, derived=derived))
    clock.often("any page with a derived column", lambda i: first(997_331 * i % rows, derived=derived), 15)
    clock.often("any page", lambda i: first(997_331 * i % rows), 25)
    clock.take("sort by a column (first time)", lambda: first(0, sort=(SortKey("r_mag"),)))
    clock.take("sort by a derived column (first time)", lambda: first(0, derived=derived, sort=by_snr))
    clock.often("any page of that", lambda i: first(997_331 * i % rows, derived=derived, sort=by_snr), 25)
    clock.take("filter (first time)", lambda: first(0, condition=bright))
    clock.take("filter and sort", lambda: first(0, condition=bright, derived=derived, sort=by_snr))
    plain = "SELECT CAST(FLOOR((r_mag - 14) / 0.05) AS INTEGER) AS b, COUNT(*) AS n FROM {} GROUP BY b"
    dense = (
        "SELECT CAST(FLOOR((g_mag - r_mag + 1) / 0.025) AS INTEGER) AS x, "
        "CAST(FLOOR((r_mag - 14) / 0.08125) AS INTEGER) AS y, COUNT(*) AS n FROM {} GROUP BY x, y"
    )
    with seen() as opened:
        clock.often("SQL over the file: histogram", lambda _: opened.ask(plain.format(SPOOL)), 3)
        clock.often("SQL over the file: density", lambda _: opened.ask(dense.format(SPOOL)), 3)
        clock.take("histogram (first time)", lambda: histogram(opened, Axis("r_mag", 256)))
        clock.often("histogram again", lambda _: histogram(opened, Axis("r_mag", 256)), 3)
        x, y = CHARTS[2].x, CHARTS[2].y
        assert y is not None
        clock.take("density of 160 by 160 (first time)", lambda: density(opened, x, y))
        clock.often("density again", lambda _: density(opened, x, y), 3)
        clock.take("scatter of 50 000", lambda: sample(opened, ("ra", "dec"), most=50_000, needed=2))
        clock.take("brush: the cube (first time)", lambda: brush(opened, CHARTS, active=0, by=None))

        def move(turn: int) -> Any:
            return brush(opened, CHARTS, active=0, by=Span((18 + 0.03 * turn, 21 + 0.02 * turn)))

        clock.often("brush: a move, a histogram and a density", move, 100)
        box = Span((0.2, 1.1), (18.0, 22.0))
        clock.often("brush: a box on the density", lambda _: brush(opened, CHARTS, active=2, by=box), 10)
        corners = tuple((0.7 + np.cos(a), 21 + 2 * np.sin(a)) for a in np.linspace(0, 6.2, 60))
        lasso = Polygon(corners)
        clock.often("brush: a lasso on it", lambda _: brush(opened, CHARTS, active=2, by=lasso), 10)
        moved = move(3)
        assert moved.x is not None
        exact = clock.take(
            "brush: released, exact by SQL",
            lambda: count(opened, Ranges((("r_mag", moved.x[0], moved.x[1]),))),
        )
        assert exact.selected == moved.rows
        clock.take(
            "a lasso of 60 corners, exact by SQL",
            lambda: count(opened, Lasso("g_mag - r_mag", "r_mag", corners)),
        )
    shown = f"CASE WHEN r_mag >= {moved.x[0]!r} AND r_mag <= {moved.x[1]!r} THEN 1 END = 1"
    with seen() as opened:
        condition = opened.columns.condition(shown).sql
        where = f'{SPOOL} AS "this table" WHERE {condition}'
        clock.often("SQL over the file: the brushed density", lambda _: opened.ask(dense.format(where)), 3)


def table(result: dict[str, Any]) -> str:
    """Return the result as lines."""
    lines = [
        f"{result['rows']:,} rows, {result['bytes'] / 1e6:.0f} MB; {result['kept_bytes'] / 1e6:.0f} MB kept"
    ]
    for name, found in result["times"].items():
        lines.append(f"{name:<58} {found['ms']:10.1f} ms {found['cpu_ms']:10.1f} ms of CPU")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(main(int(float(sys.argv[1])) if sys.argv[1:] else ROWS)))
