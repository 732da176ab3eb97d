"""``make bench``: every benchmark in turn, as a table and as JSON in ``benchmarks/results``."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import adql  # noqa: E402
import announce  # noqa: E402
import clients  # noqa: E402
import cutouts  # noqa: E402
import discovery  # noqa: E402
import formats  # noqa: E402
import image_view  # noqa: E402
import jobs  # noqa: E402
import load  # noqa: E402
import many_cutouts  # noqa: E402
import memory  # noqa: E402
import rows  # noqa: E402
import scale  # noqa: E402
import soda  # noqa: E402
import start  # noqa: E402
import tap_peer  # noqa: E402
import views  # noqa: E402

# Figures are those of queries that run.
os.environ["SCIPLAT_QUERY__CACHE_SECONDS"] = "0"

BENCHMARKS = {
    "start": start,
    "adql": adql,
    "formats": formats,
    "tap_peer": tap_peer,
    "clients": clients,
    "scale": scale,
    "load": load,
    "memory": memory,
    "jobs": jobs,
    "cutouts": cutouts,
    "discovery": discovery,
    "announce": announce,
    "many_cutouts": many_cutouts,
    "rows": rows,
    "soda": soda,
    "image_view": image_view,
    "views": views,
}


def main(wanted: list[str]) -> None:
    """Run the named benchmarks, or all."""
    results: dict[str, object] = {}
    for name in wanted or BENCHMARKS:
        print(f"\n== {name}: {(BENCHMARKS[name].__doc__ or '').splitlines()[0]}", flush=True)
        result = BENCHMARKS[name].main()
        print(BENCHMARKS[name].table(result), flush=True)
        results[name] = result
    now = datetime.now(UTC)
    target = HERE / "results" / f"{now:%Y%m%dT%H%M%SZ}.json"
    target.parent.mkdir(exist_ok=True)
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()}
    target.write_text(json.dumps({"when": now.isoformat(), "machine": machine, "results": results}, indent=1))
    print(f"\nwritten to {target.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main(sys.argv[1:])
