"""Memory of every process while ``SELECT *`` of ten million rows streams through the front door."""

from __future__ import annotations

import re
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from threading import Event, Thread

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.running import running, sciplat  # noqa: E402

ROWS = 10_000_000
LIMIT_MB = 1200


def catalog(path: Path, rows: int) -> None:
    """Write a made-up catalog of ten columns, in pieces."""
    rng = np.random.default_rng(7)
    writer = None
    for start in range(0, rows, 1_000_000):
        n = min(1_000_000, rows - start)
        columns = {
            "objectId": np.arange(start, start + n, dtype=np.int64),
            "ra": rng.uniform(50, 70, n),
            "dec": rng.uniform(-35, -25, n),
        } | {f"f{k}": rng.normal(size=n).astype(np.float32) for k in range(7)}
        batch = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, batch.schema)
        writer.write_table(batch)
    assert writer is not None
    writer.close()


def anonymous_mb(pid: int) -> float:
    """Return the anonymous memory of one process: what it cannot give back by reading a file again."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Anonymous:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def main(rows: int = ROWS) -> dict[str, object]:
    """Return the highest anonymous memory of each process, and how long the stream took."""
    with tempfile.TemporaryDirectory(prefix="sciplat-bench-") as name:
        folder = Path(name)
        catalog(folder / "big.parquet", rows)
        began = time.perf_counter()
        sciplat(
            folder / "home",
            "ingest",
            "catalog",
            str(folder / "big.parquet"),
            "--table",
            "big.object",
            "--public",
        )
        ingest = time.perf_counter() - began
        (folder / "big.parquet").unlink()
        peaks: dict[str, float] = {}
        done = Event()

        def watch(pid: int) -> None:
            while not done.wait(0.1):
                for process in psutil.Process(pid).children(recursive=True):
                    try:
                        words = " ".join(process.cmdline())
                        label = next(
                            (w for w in ("engine.worker", "caddy", "web", "views", "runner") if w in words),
                            "other",
                        )
                        peaks[label] = max(peaks.get(label, 0.0), anonymous_mb(process.pid))
                    except (psutil.Error, OSError):
                        continue

        with running(folder / "home") as platform:
            watcher = Thread(target=watch, args=(platform.process.pid,))
            watcher.start()
            form = urllib.parse.urlencode({"LANG": "ADQL", "QUERY": "SELECT * FROM big.object"}).encode()
            began, size = time.perf_counter(), 0
            with urllib.request.urlopen(f"{platform.tap}/sync", form, timeout=600) as answer:
                while piece := answer.read(1 << 20):
                    size += len(piece)
            seconds = time.perf_counter() - began
            done.set()
            watcher.join()
    return {
        "rows": rows,
        "ingest_seconds": round(ingest, 1),
        "stream_seconds": round(seconds, 1),
        "stream_mb": round(size / 1e6),
        "peak_anonymous_mb": {label: round(peak) for label, peak in sorted(peaks.items())},
        "limit_mb": LIMIT_MB,
    }


def table(result: dict[str, object]) -> str:
    """Return the result as lines for people."""
    return "\n".join(f"{name:28}{value}" for name, value in result.items())


if __name__ == "__main__":
    print(table(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)))
