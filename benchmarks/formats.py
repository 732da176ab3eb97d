"""How fast rows become bytes: ``python benchmarks/formats.py [ROWS]``, one line of JSON a format.

The table is the one of the issue that set the aims: an int64 id, three doubles, three floats and two
int16 flags. Batches are drawn while they are written, so that the memory at the end is the writer's.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from sciplat.tables.arrow import describe
from sciplat.tables.document import Document
from sciplat.tables.formats import FORMATS
from sciplat.tables.stream import TableStream

BATCH = 100_000


def batch(seed: int, rows: int) -> pa.RecordBatch:
    """Return rows of random objects."""
    rng = np.random.default_rng(seed)
    columns = [rng.integers(0, 2**60, rows)]
    columns += [rng.random(rows) * 360 for _ in range(3)]
    columns += [rng.random(rows).astype(np.float32) for _ in range(3)]
    columns += [rng.integers(0, 100, rows).astype(np.int16) for _ in range(2)]
    return pa.record_batch([pa.array(column) for column in columns], [f"c{i}" for i in range(9)])


def stream(rows: int) -> TableStream:
    """Return a stream that draws its batches when asked; ten of them come again and again."""
    drawn = [batch(seed, min(BATCH, rows)) for seed in range(min(10, max(1, rows // BATCH)))]

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(max(1, rows // BATCH)):
            yield drawn[number % len(drawn)]

    columns = tuple(describe(field.name, field.type) for field in drawn[0].schema)
    return TableStream(columns, drawn[0].schema, batches())


def main() -> None:
    """Time each format."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else BATCH
    repeats = 5 if rows <= 10 * BATCH else 1
    for each in FORMATS:
        times = []
        for _ in range(repeats):
            source = stream(rows)
            start = time.perf_counter()
            size = sum(map(len, each.write(source, Document())))
            times.append(time.perf_counter() - start)
        best = min(times)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            json.dumps(
                {
                    "format": each.name,
                    "rows": rows,
                    "seconds": round(best, 4),
                    "megabytes": round(size / 1e6, 1),
                    "megabytes_per_second": round(size / best / 1e6),
                    "peak_memory_megabytes": round(peak),
                }
            )
        )


if __name__ == "__main__":
    main()
