"""How long it takes to check a query of the public corpus, and to translate a typical one."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("SCIPLAT_SHARED", ROOT.parent / "shared"))


def main() -> dict[str, object]:
    """Return milliseconds a query, and what the import costs."""
    from sciplat.adql import check  # noqa: PLC0415

    corpus = SHARED / "adql" / "corpus.jsonl"
    if not corpus.is_file():
        return {"skipped": "no corpus: set SCIPLAT_SHARED"}
    texts = [json.loads(line)["q"] for line in corpus.read_text().splitlines()]
    times = []
    for text in texts:
        began = time.perf_counter()
        check(text)
        times.append(1000 * (time.perf_counter() - began))
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "from sciplat.adql import check"], check=True)
    return {
        "queries": len(texts),
        "median_ms": round(statistics.median(times), 3),
        "p99_ms": round(sorted(times)[int(len(times) * 0.99)], 3),
        "import_seconds": round(time.perf_counter() - began, 3),
    }


def table(result: dict[str, object]) -> str:
    """Return the result as lines for people."""
    return "\n".join(f"{name:28}{value}" for name, value in result.items())


if __name__ == "__main__":
    print(table(main()))
