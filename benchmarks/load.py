"""Fifty queries at once over ten million rows through the front door: results of 2 MB, then of 0.1 GB."""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
import time
import urllib.parse
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
LARGE_ROWS = 1_390_000
"""Of 72 bytes in VOTable: 0.1 GB."""

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
    """Return the seconds to the last byte, the bytes, and what went wrong.

    Plain sockets and HTTP/1.0: fifty threads of `urllib` take more of the processors than the front door.
    """
    form = urllib.parse.urlencode({"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": "votable"}).encode()
    head = (
        f"POST /api/tap/sync HTTP/1.0\r\nHost: 127.0.0.1:{platform.port}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    room = bytearray(1 << 20)
    start.wait()
    began = time.perf_counter()
    size, first, tail = 0, b"", b""
    try:
        with socket.create_connection(("127.0.0.1", platform.port), timeout=600) as connection:
            connection.sendall(head.encode() + form)
            while count := connection.recv_into(room):
                first = first or bytes(room[:200])
                tail = tail[-200:] + room[max(0, count - 200) : count]
                size += count
    except OSError as error:
        return time.perf_counter() - began, size, repr(error)
    seconds, problem = time.perf_counter() - began, ""
    if b" 200 " not in first.partition(b"\r\n")[0]:
        problem = first.partition(b"\r\n")[0].decode("latin-1") or "no answer"
    elif b'value="ERROR"' in tail or not tail.rstrip().endswith(b"</VOTABLE>"):
        problem = "the VOTable does not end well"
    return seconds, size, problem


def burst(platform: Platform, asked: list[tuple[str, str]]) -> list[tuple[str, float, int, str]]:
    """Ask all at once, and return for each its kind and what `ask` found."""
    start = threading.Barrier(len(asked))
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(lambda each: ask(platform, each[1], start), asked))
    return [(kind, *answer) for (kind, _), answer in zip(asked, answers, strict=True)]


def processor_seconds(platform: Platform) -> float:
    """Return what the instance has used of the processors; of workers that have ended nothing counts."""
    used = 0.0
    for process in psutil.Process(platform.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:2])
    return used


def large_results(platform: Platform, rows: int) -> dict[str, object]:
    """Return how long as many take whose results are of 0.1 GB, as LSP-REQ-0028 has them."""
    width = 20 * min(1.0, LARGE_ROWS / rows)
    first = (50 + (20 - width) * number / AT_ONCE for number in range(AT_ONCE))
    asked = [
        ("large", f"SELECT * FROM big.object WHERE ra BETWEEN {ra:.4f} AND {ra + width:.4f}") for ra in first
    ]
    used, began = processor_seconds(platform), time.perf_counter()
    found = burst(platform, asked)
    took = time.perf_counter() - began
    times = sorted(seconds for _, seconds, _, _ in found)
    size = sum(size for _, _, size, _ in found) / 1e6
    return {
        "failed": Counter(problem for _, _, _, problem in found if problem),
        "seconds_p50": round(times[len(times) // 2], 1),
        "seconds_p95": round(times[int(0.95 * len(times))], 1),
        "mean_mb": round(size / len(found)),
        "mb_per_second": round(size / took),
        "processor_seconds_each": round((processor_seconds(platform) - used) / len(found), 3),
    }


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
        with running(folder / "home", ready=False) as platform:
            platform.wait_until_ready(seconds=600)  # others may be at work on this machine
            used_before = processor_seconds(platform)
            found = [each for _ in range(ROUNDS) for each in burst(platform, queries(rows))]
            used = processor_seconds(platform) - used_before
            large = large_results(platform, rows)
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
        "large": large,
    }


def table(result: dict[str, object]) -> str:
    """Return the result as lines for people."""
    return "\n".join(f"{name:28}{value}" for name, value in result.items())


if __name__ == "__main__":
    print(table(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)))
