"""How long the list of 100 000 jobs of one user takes, and how soon a trivial job is done."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.running import Platform, running, sciplat  # noqa: E402

from sciplat.jobs import JobStore  # noqa: E402
from sciplat.jobs.models import Job, JobResult, Phase  # noqa: E402
from sciplat.jobs.rows import values_of  # noqa: E402
from sciplat.jobs.tables import jobs  # noqa: E402

JOBS = 100_000
QUERY = "SELECT TOP 1 table_name FROM tap_schema.tables"


def fill(home: Path, owner: str, count: int = JOBS) -> None:
    """Put so many completed jobs into the room, with queries as long as real ones."""
    store = JobStore.open(home)
    began = datetime.now(UTC) - timedelta(days=1)
    query = "SELECT objectId, coord_ra, coord_dec FROM simwide.Object WHERE " + " OR ".join(
        f"objectId = {number}" for number in range(40)
    )
    with store._database.write() as connection:  # noqa: SLF001  # a hundred thousand acknowledged jobs take an hour
        for start in range(0, count, 1000):
            made = [
                Job(
                    id=f"{number:026d}",
                    owner=owner,
                    phase=Phase.COMPLETED,
                    parameters=(("LANG", "ADQL"), ("QUERY", query)),
                    created=(now := began + timedelta(milliseconds=number)),
                    destruction=now + timedelta(days=7),
                    execution_duration=3600,
                    title=query[:200],
                    queued=now,
                    started=now,
                    ended=now,
                    rows=40,
                    bytes=4000,
                    results=(JobResult("result", 40, 4000),),
                )
                for number in range(start, min(start + 1000, count))
            ]
            connection.execute(jobs.insert(), [values_of(job) for job in made])
    store.close()


def seconds(ask: requests.Session, url: str, repeat: int = 3, **parameters: object) -> tuple[float, int]:
    """Return the median time of a GET, and the bytes of its answer."""
    times, size = [], 0
    for _ in range(repeat):
        began = time.perf_counter()
        answer = ask.get(url, params=parameters, timeout=120)
        answer.raise_for_status()
        times.append(time.perf_counter() - began)
        size = len(answer.content)
    return statistics.median(times), size


def trivial(ask: requests.Session, platform: Platform) -> float:
    """Return how long a trivial job takes from the request that makes it until COMPLETED is known."""
    began = time.perf_counter()
    form = {"QUERY": QUERY, "LANG": "ADQL", "PHASE": "RUN"}
    made = ask.post(f"{platform.tap}/async", form, allow_redirects=False, timeout=60)
    address = made.headers["Location"]
    phase = ""
    while phase not in ("COMPLETED", "ERROR", "ABORTED"):
        document = ask.get(address, params={"WAIT": "20"}, timeout=60).text
        phase = document.partition("<uws:phase>")[2].partition("<")[0]
    assert phase == "COMPLETED", document
    return time.perf_counter() - began


def main(count: int = JOBS, repeat: int = 50) -> dict[str, object]:
    """Return times in seconds, and sizes."""
    with tempfile.TemporaryDirectory(prefix="sciplat-bench-") as name:
        home = Path(name) / "home"
        sciplat(home, "status", check=False)
        fill(home, "admin", count)
        with running(home) as platform, requests.Session() as ask:
            ask.headers["Authorization"] = f"Bearer {platform.token('read:tap')}"
            whole, size = seconds(ask, f"{platform.tap}/async")
            newest, _ = seconds(ask, f"{platform.tap}/async", 20, LAST=100)
            failed, _ = seconds(ask, f"{platform.tap}/async", 20, PHASE="ERROR")
            page, page_size = seconds(ask, f"{platform.url}/api/jobs", 20)
            times = sorted(trivial(ask, platform) for _ in range(repeat))
    return {
        "jobs": count,
        "whole_list_seconds": round(whole, 3),
        "whole_list_megabytes": round(size / 1e6, 1),
        "last_100_seconds": round(newest, 4),
        "of_one_phase_seconds": round(failed, 4),
        "json_page_seconds": round(page, 4),
        "json_page_kilobytes": round(page_size / 1e3, 1),
        "create_to_completed_median_seconds": round(statistics.median(times), 3),
        "create_to_completed_p95_seconds": round(times[int(len(times) * 0.95)], 3),
    }


def table(result: dict[str, object]) -> str:
    """Return the result as lines for people."""
    return "\n".join(f"{name:38}{value}" for name, value in result.items())


if __name__ == "__main__":
    print(table(main()))
