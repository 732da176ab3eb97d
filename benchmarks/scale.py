"""How cones, searches for ids and scans grow from 1 to 20 million rows."""

from __future__ import annotations

import random
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from catalog import TABLE, served
from clients import ask, cone

SIZES = (1_000_000, 5_000_000, 20_000_000)


def questions(rows: int, where: random.Random) -> dict[str, str]:
    """Return queries that have no answer yet: each at another place."""
    return {
        "count": f"SELECT COUNT(*) AS n FROM {TABLE}",
        "id": f"SELECT * FROM {TABLE} WHERE objectid = {1_000_000_000_000 + 7 * where.randrange(rows)}",
        "cone of 30 arcsec": cone(where, 30 / 3600, "objectid, ra, dec, r_psfflux"),
        "cone of 0.05 deg": cone(where, 0.05),
        "scan": f"SELECT COUNT(*) AS n FROM {TABLE} WHERE r_psfflux / r_psffluxerr > 50 AND extendedness = 0",
        "histogram": f"SELECT FLOOR(-2.5*LOG10(r_psfflux)*4) AS b, COUNT(*) AS n FROM {TABLE} "
        "WHERE r_psfflux > 0 GROUP BY FLOOR(-2.5*LOG10(r_psfflux)*4) ORDER BY b",
        "top": f"SELECT TOP 100 objectid, r_psfflux FROM {TABLE} ORDER BY r_psfflux DESC",
    }


def main(repeat: int = 15, sizes: tuple[int, ...] = SIZES) -> dict[str, object]:
    """Return the median time of each query, in milliseconds, for each number of rows."""
    found: dict[str, dict[int, float]] = {}
    for rows in sizes:
        where = random.Random(rows)
        with served(rows) as platform:
            times: dict[str, list[float]] = {}
            for turn in range(repeat + 2):
                for name, question in questions(rows, where).items():
                    began = time.perf_counter()
                    ask(platform.tap, question)
                    if turn >= 2:
                        times.setdefault(name, []).append(time.perf_counter() - began)
        for name, each in times.items():
            found.setdefault(name, {})[rows] = round(1000 * statistics.median(each), 1)
    return {
        name: {
            **{str(rows): ms for rows, ms in each.items()},
            "growth": round(each[sizes[-1]] / each[sizes[0]], 2),
        }
        for name, each in found.items()
    }


def table(result: dict[str, object]) -> str:
    """Return the result as lines for people."""
    lines = []
    for name, figures in result.items():
        assert isinstance(figures, dict)
        lines.append(f"{name:20}" + "".join(f"{key:>12}: {value:<8}" for key, value in figures.items()))
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(main()))
