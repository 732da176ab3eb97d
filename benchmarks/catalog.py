"""The catalog that benchmarks ask, of any number of rows, and an instance that serves it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.running import Platform, running, sciplat  # noqa: E402

from sciplat.config import Settings  # noqa: E402

SHARED = Path(os.environ.get("SCIPLAT_SHARED", ROOT.parent / "shared"))
PEER = os.environ.get("SCIPLAT_PEER", "http://127.0.0.1:20480/tap")
TABLE = "synth.object"


def catalog(rows: int, folder: Path) -> Path:
    """Return the catalog as Parquet, from the folder that BENCH_CATALOG names, or made anew."""
    kept = Path(os.environ["BENCH_CATALOG"]) if "BENCH_CATALOG" in os.environ else folder
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / f"synth_{rows}.parquet"
    if not path.is_file():
        text, unfinished = folder / "catalog.csv", path.with_suffix(".part")
        subprocess.run(
            [sys.executable, SHARED / "bench" / "gen_catalog.py", text, str(rows), unfinished],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        text.unlink()
        unfinished.rename(path)
    return path


@contextmanager
def served(rows: int) -> Iterator[Platform]:
    """Run an instance with the catalog, without the cache of results, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="sciplat-bench-") as name:
        folder = Path(name)
        home = folder / "home"
        sciplat(
            home, "ingest", "catalog", str(catalog(rows, folder)), "--table", TABLE, "--public", seconds=3600
        )
        if "cache_seconds" in Settings.model_fields["query"].annotation.model_fields:
            (home / "sciplat.yaml").write_text("query:\n  cache_seconds: 0\n", encoding="utf-8")
        with running(home) as platform:
            yield platform
