"""Fifty queries at once over ten million rows, each with a result of about 2 MB, through the front door."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from memory import catalog  # noqa: E402
from support.running import Platform, running, sciplat  # noqa: E402

ROWS = 10_000_000
AT_ONCE = 50
ROUNDS = 2

ROWS_WANTED = "SELECT objectId, ra, dec, f0, f1 FROM big.object"
KINDS = {
    "values": f"{ROWS_WANTED} WHERE f2 BETWEEN {{low:.4f}} AND {{low:.4f}} + {{width:.6f}}",
    "two columns": f"{ROWS_WANTED} WHERE f3 > {{low:.4f}} AND f4 < {{cut:.4f}}",
    "region": f"{ROWS_WANTED} WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE({{ra:.3f}}, -30, 0.62))",
    "brightest": "SELECT TOP 60000 objectId, ra, dec, f0, f1 FROM big.object ORDER BY f{k} DESC",
    "groups": (
        "SELECT FLOOR(objectId / 200) AS g, COUNT(*) AS n, AVG(f{k}) AS mean, MIN(f0) AS low, "
        "MAX(f1) AS high FROM big.object GROUP BY FLOOR(objectId / 200)"
    ),
}


def queries(rows: int) -> list[tuple[str, str]]:
    """Return what is asked: each kind ten times, none twice the same."""
    found = []
    for number in range(AT_ONCE):
        kind = list(KINDS)[number % len(KINDS)]
        # About 60 000 rows of 36 bytes: values are normal, with mean 0 and deviation 1.
        facts = {
            "low": -0.5 + number / AT_ONCE,
            "width": 60_000 / rows / 0.38,
            "cut": -2.2 + number / 1000,
            "ra": 51 + 18 * number / AT_ONCE,
            "k": number % 7,
        }
        found.append((kind, KINDS[kind].format(**facts)))
    return found


def ask(platform: Platform, query: str, start: threading.Barrier) -> tuple[float, int, str]:
    """Return the seconds to the last byte, the bytes, and what went wrong."""
    form = urllib.parse.urlencode({"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": "votable"}).encode()
    start.wait()
    began = time.perf_counter()
    size, problem = 0, ""
    try:
        with urllib.request.urlopen(f"{platform.tap}/sync", form, timeout=300) as answer:
            tail = b""
            while piece := answer.read(1 << 18):
                size += len(piece)
                tail = (tail + piece)[-2000:]
        if b'value="ERROR"' in tail or not tail.rstrip().endswith(b"</VOTABLE>"):
            problem = "the VOTable does not end well"
    except (OSError, urllib.error.HTTPError) as error:
        problem = repr(error)
    return time.perf_counter() - began, size, problem


def processor_seconds(platform: Platform) -> float:
    """Return what the instance has used of the processors; of workers that have ended nothing counts."""
    used = 0.0
    for process in psutil.Process(platform.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:2])
    return used


def main(rows: int = ROWS) -> dict[str, object]:
    """Return the times of all queries, and how many failed."""
    with tempfile.TemporaryDirectory(prefix="sciplat-bench-") as name:
        folder = Path(name)
        catalog(folder / "big.parquet", rows)
        sciplat(
            folder / "home",
            *("ingest", "catalog", str(folder / "big.parquet"), "--table", "big.object", "--public"),
            seconds=1800,
        )
        (folder / "big.parquet").unlink()
        asked = queries(rows) * ROUNDS
        found: list[tuple[str, float, int, str]] = []
        with running(folder / "home", ready=False) as platform, ThreadPoolExecutor(AT_ONCE) as pool:
            platform.wait_until_ready(seconds=600)  # others may be at work on this machine
            used_before = processor_seconds(platform)
            for first in range(0, len(asked), AT_ONCE):
                start = threading.Barrier(AT_ONCE)
                part = asked[first : first + AT_ONCE]
                answers = pool.map(lambda each, start=start: ask(platform, each[1], start), part)
                found += [(kind, *answer) for (kind, _), answer in zip(part, answers, strict=True)]
            used = processor_seconds(platform) - used_before
    times = sorted(seconds for _, seconds, _, _ in found)
    return {
        "rows": rows,
        "at_once": AT_ONCE,
        "queries": len(found),
        "failed": Counter(f"{kind}: {problem}" for kind, _, _, problem in found if problem),
        "seconds_p50": round(times[len(times) // 2], 2),
        "seconds_p95": round(times[int(0.95 * len(times))], 2),
        "seconds_max": round(times[-1], 2),
        "processor_seconds_each": round(used / len(found), 3),
        "mean_mb": {
            kind: round(sum(size for k, _, size, _ in found if k == kind) / len(found) * len(KINDS) / 1e6, 1)
            for kind in KINDS
        },
        "seconds_p50_by_kind": {
            kind: round(sorted(s for k, s, _, _ in found if k == kind)[len(found) // len(KINDS) // 2], 2)
            for kind in KINDS
        },
        "limit_p95": 10,
    }


def table(result: dict[str, object]) -> str:
    """Return the result as lines for people."""
    return "\n".join(f"{name:28}{value}" for name, value in result.items())


if __name__ == "__main__":
    print(table(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)))
