"""Completed jobs with rows of a test's own, without a query."""

from __future__ import annotations

import pyarrow as pa

from sciplat.engine.spool import Spool
from sciplat.instance import Instance
from sciplat.jobs.models import JobResult
from sciplat.services.access import Visitor
from sciplat.services.shelves import Spools
from sciplat.tables.arrow import columns_of, with_columns

__all__ = ["completed"]


def completed(
    instance: Instance, table: pa.Table, *, visitor: Visitor, batch_rows: int = 50_000, overflow: bool = False
) -> str:
    """Return the id of a job of a visitor whose result has these rows."""
    job = instance.submit.submit([("QUERY", "SELECT 1")], visitor=visitor, run=True)
    while (taken := instance.jobs.queue.claim(running_per_user=1000)).id != job.id:
        assert taken is not None
    spool = Spool(
        Spools(instance.spools).path(job.id),
        with_columns(table.schema, columns_of(table.schema)),
        on_begin=lambda: None,
        on_batch=lambda *_: None,
    )
    for batch in table.to_batches(max_chunksize=batch_rows):
        spool.add(batch)
    size, _ = spool.finish(overflow=overflow, durable=True)
    instance.jobs.queue.complete(job.id, [JobResult("result", table.num_rows, size)], overflow=overflow)
    return job.id
