"""The queries of ``tap_bench.py`` here and on a peer server, query by query in turns, in the same run.

Both servers hold the same catalog (``gen_catalog.py``). Every answer's rows are compared.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from catalog import PEER, SHARED, TABLE, served

ROWS = 2_000_000

Figures = dict[str, dict[str, object]]


def names() -> list[str]:
    """Return the names of the queries."""
    text = (SHARED / "bench" / "tap_bench.py").read_text(encoding="utf-8")
    return re.findall(r"^\('([\w.]+)','", text, re.MULTILINE)


def measure(url: str, query: str, folder: Path, repeat: int) -> Figures:
    """Return the figures of one query at one server."""
    out = folder / "figures.json"
    subprocess.run(
        [sys.executable, SHARED / "bench" / "tap_bench.py", url, TABLE, "--repeat", str(repeat),
         "--only", query, "--out", out],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return dict(json.loads(out.read_text())["queries"])


def main(repeat: int = 5) -> dict[str, object]:
    """Measure both servers and return their times, row counts and ratios."""
    ours: Figures = {}
    peers: Figures = {}
    with served(ROWS) as platform, tempfile.TemporaryDirectory(prefix="sciplat-bench-") as name:
        for query in names():
            ours |= measure(platform.tap, query, Path(name), repeat)
            found = measure(PEER, query, Path(name), repeat)
            peers |= {key: figures for key, figures in found.items() if figures["ok"]}
    ratios = {
        query: round(float(str(peers[query]["median_s"])) / float(str(ours[query]["median_s"])), 2)
        for query in ours
        if query in peers and ours[query]["ok"]
    }
    mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios)) if ratios else None
    return {
        "sciplat": ours,
        "peer": peers,
        "times_as_fast": ratios,
        "geometric_mean": mean and round(mean, 1),
        "least": min(ratios.values(), default=None),
    }


def table(result: dict[str, object]) -> str:
    """Return the result as lines for people."""
    ours, peers, ratios = (result[key] for key in ("sciplat", "peer", "times_as_fast"))
    assert isinstance(ours, dict)
    assert isinstance(peers, dict)
    assert isinstance(ratios, dict)
    lines = [f"{'query':28}{'sciplat ms':>12}{'peer ms':>12}{'times as fast':>15}{'rows equal':>12}"]
    for query, figures in ours.items():
        peer = peers.get(query, {})
        times = [f"{1000 * f['median_s']:.1f}" if f.get("ok") else "failed" for f in (figures, peer) if f]
        same = "" if not peer else "yes" if _rows(figures) == _rows(peer) else "NO"
        lines.append(f"{query:28}{times[0]:>12}{[*times, '-'][1]:>12}{ratios.get(query, '-'):>15}{same:>12}")
    lines.append(f"geometric mean {result['geometric_mean']}, least {result['least']}")
    return "\n".join(lines)


def _rows(figures: dict[str, object]) -> tuple[object, object]:
    """Return what tells that two answers are the same: rows, and the value of a count."""
    return figures.get("rows"), figures.get("value")


if __name__ == "__main__":
    outcome = main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    print(table(outcome))
