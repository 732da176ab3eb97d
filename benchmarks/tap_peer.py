"""The queries of ``tap_bench.py`` here and on a peer server, one after the other, in the same run.

Both servers hold the same catalog (``gen_catalog.py``). Every answer's rows are compared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.running import running, sciplat  # noqa: E402

SHARED = Path(os.environ.get("SCIPLAT_SHARED", ROOT.parent / "shared"))
PEER = os.environ.get("SCIPLAT_PEER", "http://127.0.0.1:20480/tap")
ROWS = 2_000_000


def measure(url: str, table: str, label: str, folder: Path, repeat: int) -> dict[str, dict[str, object]]:
    """Return the figures of every query at one server."""
    out = folder / f"{label}.json"
    subprocess.run(
        [sys.executable, SHARED / "bench" / "tap_bench.py", url, table, "--repeat", str(repeat),
         "--label", label, "--out", out],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return dict(json.loads(out.read_text())["queries"])


def main(repeat: int = 5) -> dict[str, object]:
    """Measure both servers and return their times, row counts and ratios."""
    with tempfile.TemporaryDirectory(prefix="sciplat-bench-") as name:
        folder = Path(name)
        parquet = Path(os.environ.get("BENCH_CATALOG", folder / "catalog.parquet"))
        if not parquet.is_file():
            generator = SHARED / "bench" / "gen_catalog.py"
            subprocess.run(
                [sys.executable, generator, folder / "c.csv", str(ROWS), parquet],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            (folder / "c.csv").unlink()
        home = folder / "home"
        sciplat(home, "ingest", "catalog", str(parquet), "--table", "synth.object", "--public")
        with running(home) as platform:
            ours = measure(platform.tap, "synth.object", "sciplat", folder, repeat)
            try:
                peers = measure(PEER, "synth.object", "peer", folder, repeat)
            except (subprocess.CalledProcessError, OSError):
                peers = {}
    ratios = {
        query: round(float(str(peers[query]["median_s"])) / float(str(ours[query]["median_s"])), 2)
        for query in ours
        if query in peers and ours[query]["ok"] and peers[query]["ok"]
    }
    return {"sciplat": ours, "peer": peers, "times_as_fast": ratios}


def table(result: dict[str, object]) -> str:
    """Return the result as lines for people."""
    ours, peers, ratios = (result[key] for key in ("sciplat", "peer", "times_as_fast"))
    assert isinstance(ours, dict)
    assert isinstance(peers, dict)
    assert isinstance(ratios, dict)
    lines = [f"{'query':28}{'sciplat ms':>12}{'peer ms':>12}{'times as fast':>15}{'rows or bytes equal':>21}"]
    for query, figures in ours.items():
        peer = peers.get(query, {})
        times = [f"{1000 * f['median_s']:.1f}" if f.get("ok") else "failed" for f in (figures, peer) if f]
        same = "" if not peer else "yes" if figures.get("rows") == peer.get("rows") else "NO"
        lines.append(f"{query:28}{times[0]:>12}{[*times, '-'][1]:>12}{ratios.get(query, '-'):>15}{same:>21}")
    return "\n".join(lines)


if __name__ == "__main__":
    outcome = main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    print(table(outcome))
    print(json.dumps(outcome, indent=1))
