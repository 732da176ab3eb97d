"""How fast rows become bytes in every format, beside what astropy, pyarrow and the standard library take.

The table is the one of the issue that set the aims: an int64 id, three doubles, three floats and two int16
flags. Times are seconds of one processor, the best of several rounds in which writers take turns.
``python benchmarks/formats.py [ROWS]``.
"""

from __future__ import annotations

import csv
import io
import json
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from astropy.io.votable import from_table
from astropy.table import Table

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
    return TableStream(columns, drawn[0].schema, batches(), again=batches)


def _votable(serialization: str) -> Callable[[pa.Table], int]:
    def write(table: pa.Table) -> int:
        sink = io.BytesIO()
        from_table(_astropy(table)).to_xml(sink, tabledata_format=serialization)
        return sink.tell()

    return write


def _astropy(table: pa.Table) -> Table:
    return Table({name: table[name].to_numpy() for name in table.column_names})


def _written(format: str) -> Callable[[pa.Table], int]:  # noqa: A002  # astropy's word
    def write(table: pa.Table) -> int:
        sink = io.StringIO() if format.startswith("ascii") else io.BytesIO()
        _astropy(table).write(sink, format=format)
        return sink.tell()

    return write


def _csv(table: pa.Table) -> int:
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink)
    return sink.tell()


def _tsv(table: pa.Table) -> int:
    sink = io.StringIO()
    csv.writer(sink, delimiter="\t").writerows(zip(*(c.to_pylist() for c in table.columns), strict=True))
    return sink.tell()


def _json(table: pa.Table) -> int:
    return len(json.dumps([*zip(*(column.to_pylist() for column in table.columns), strict=True)]))


def _parquet(table: pa.Table) -> int:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink, compression="zstd", compression_level=1)
    return sink.tell()


def _arrow(table: pa.Table) -> int:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.tell()


def _sqlite(table: pa.Table) -> int:
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE TABLE t ({', '.join(table.column_names)})")
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    database.executemany(f"INSERT INTO t VALUES ({', '.join('?' * table.num_columns)})", rows)
    database.commit()
    return len(database.serialize())


PEERS: dict[str, tuple[str, Callable[[pa.Table], int]]] = {
    "votable": ("astropy", _votable("binary2")),
    "votable/td": ("astropy", _votable("tabledata")),
    "votable/b": ("astropy", _votable("binary")),
    "csv": ("pyarrow", _csv),
    "tsv": ("csv", _tsv),
    "json": ("json", _json),
    "ecsv": ("astropy", _written("ascii.ecsv")),
    "fits": ("astropy", _written("fits")),
    "parquet": ("pyarrow", _parquet),
    "arrow": ("pyarrow", _arrow),
    "sqlite": ("sqlite3", _sqlite),
}


def main(rows: int = BATCH) -> list[dict[str, object]]:
    """Time each format, and the peers where the table fits in memory with ease."""
    small = rows <= 10 * BATCH
    whole = pa.Table.from_batches([batch(0, rows)]) if small else None
    results: list[dict[str, object]] = []
    for form in FORMATS:
        if "version" in form.mime:
            continue
        peer, write = PEERS[form.name]
        ours, theirs, size = [], [], 0
        for _ in range(5 if small else 1):
            source = stream(rows)
            start = time.process_time()
            size = sum(map(len, form.write(source, Document())))
            ours.append(time.process_time() - start)
        for _ in range(3 if small else 0):
            start = time.process_time()
            write(whole)
            theirs.append(time.process_time() - start)
        best = min(ours)
        results.append(
            {
                "format": form.name,
                "rows": rows,
                "seconds": round(best, 4),
                "rows_per_second": round(rows / best),
                "megabytes": round(size / 1e6, 1),
                "peer": peer,
                "peer_seconds": round(min(theirs), 4) if theirs else None,
                "times_as_fast": round(min(theirs) / best, 1) if theirs else None,
                "peak_memory_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            }
        )
    return results


def table(results: list[dict[str, object]]) -> str:
    """Return the results for people."""
    lines = [
        f"{'format':<12} {'seconds':>8} {'rows/s':>12} {'MB':>7}  {'peer':<8} {'seconds':>8} {'times':>6}"
    ]
    lines += [
        f"{r['format']:<12} {r['seconds']:>8} {r['rows_per_second']:>12,} {r['megabytes']:>7}  "
        f"{r['peer']:<8} {r['peer_seconds'] or '':>8} {r['times_as_fast'] or '':>6}"
        for r in results
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    found = main(int(sys.argv[1]) if len(sys.argv) > 1 else BATCH)
    print(table(found))
    print(json.dumps(found))
