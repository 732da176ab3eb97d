"""Eight clients at once, and one, with small cones, beside a peer.

No cone comes twice, so that none is found in a cache.
"""

from __future__ import annotations

import random
import statistics
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from catalog import PEER, TABLE, served

ROWS = 2_000_000


def cone(where: random.Random, radius: float, columns: str = "objectid") -> str:
    """Return a query for what lies around some place of the catalog."""
    ra, dec = where.uniform(51, 69), where.uniform(-34, -26)
    return (
        f"SELECT {columns} FROM {TABLE} WHERE 1=CONTAINS(POINT('ICRS',ra,dec),"
        f"CIRCLE('ICRS',{ra:.5f},{dec:.5f},{radius}))"
    )


def ask(tap: str, query: str, form: str = "csv") -> int:
    """Return the bytes of an answer; an error is raised."""
    sent = urllib.parse.urlencode(
        {"REQUEST": "doQuery", "LANG": "ADQL", "FORMAT": form, "RESPONSEFORMAT": form, "QUERY": query}
    )
    with urllib.request.urlopen(f"{tap}/sync", sent.encode(), timeout=300) as answer:
        found: bytes = answer.read()
    if b'value="ERROR"' in found[:3000]:
        raise OSError(found[:500])
    return len(found)


def together(clients: int, each: int, question: Callable[[random.Random], str], tap: str, form: str) -> dict:
    """Return what came of so many clients that ask one query after the other."""
    times: list[float] = []
    sizes: list[int] = []
    failures: list[str] = []

    def client(number: int) -> None:
        where = random.Random(number)
        for _ in range(each):
            began = time.perf_counter()
            try:
                sizes.append(ask(tap, question(where), form))
            except (OSError, urllib.error.URLError) as error:
                failures.append(str(error))
            times.append(time.perf_counter() - began)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    times.sort()
    return {
        "clients": clients,
        "requests": len(times),
        "failed": len(failures),
        "requests_per_second": round(len(times) / seconds, 1),
        "median_ms": round(1000 * statistics.median(times), 1),
        "p95_ms": round(1000 * times[int(0.95 * len(times))], 1),
        "megabytes_each": round(statistics.mean(sizes or [0]) / 1e6, 3),
    }


def main(each: int = 25) -> dict[str, object]:
    """Measure here and at the peer, in turns."""
    results: dict[str, object] = {}

    def small(where: random.Random) -> str:
        return cone(where, 0.05)

    with served(ROWS) as platform:
        together(2, 10, small, platform.tap, "csv")
        results["one client, sciplat"] = together(1, 4 * each, small, platform.tap, "csv")
        results["eight clients, sciplat"] = together(8, each, small, platform.tap, "csv")
        try:
            ask(PEER, f"SELECT TOP 1 objectid FROM {TABLE}")
        except OSError:
            pass
        else:
            results["one client, peer"] = together(1, each, small, PEER, "csv")
            results["eight clients, peer"] = together(8, each, small, PEER, "csv")
    return results


def table(result: dict[str, object]) -> str:
    """Return the result as lines for people."""
    lines = []
    for name, figures in result.items():
        assert isinstance(figures, dict)
        lines.append(f"{name:32}" + "  ".join(f"{key} {value}" for key, value in figures.items()))
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(main()))
