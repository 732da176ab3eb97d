"""Short queries while heavy ones run and while readers stall, through the front door of a real instance."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.running import Platform, running, sciplat

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.alone]

ROWS = 1_000_000
CONE = (
    "SELECT objectId, ra, dec FROM lanes.object "
    "WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE({ra}, -30, 0.05)) ORDER BY objectId"
)
PAIRS = "SELECT COUNT(*) FROM lanes.object a, lanes.object b WHERE a.flux < b.flux"
HIDDEN_PAIRS = (
    "SELECT COUNT(*) FROM lanes.object a JOIN lanes.object b ON MOD(a.objectId, 3) = MOD(b.objectId, 3)"
)
"""Nothing tells that a third of all pairs will meet."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lanes")
    rng = np.random.default_rng(11)
    columns: dict[str, object] = {
        "objectId": np.arange(ROWS),
        "ra": rng.uniform(50, 70, ROWS),
        "dec": rng.uniform(-35, -25, ROWS),
    }
    columns |= {name: rng.normal(100, 20, ROWS) for name in ("flux", "a", "b", "c", "d", "e")}
    pq.write_table(pa.table(columns), folder / "object.parquet")
    sciplat(
        folder / "home",
        *("ingest", "catalog", str(folder / "object.parquet"), "--table", "lanes.object", "--public"),
    )
    return folder / "home"


@pytest.fixture(scope="module")
def platform(home: Path) -> Iterator[Platform]:
    (home / "sciplat.yaml").write_text("query:\n  sync_workers: 2\n  sync_seconds: 60\n  cache_seconds: 0\n")
    with running(home) as platform:
        yield platform


def ask(platform: Platform, query: str, path: str = "/api/tap/sync", **parameters: str) -> bytes:
    form = urllib.parse.urlencode({"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": "csv", **parameters})
    with urllib.request.urlopen(f"{platform.url}{path}", form.encode(), timeout=120) as answer:
        return bytes(answer.read())


def cones(platform: Platform, count: int = 30) -> list[float]:
    """Ask for cones one after the other; return how long each took."""
    took = []
    for number in range(count):
        began = time.perf_counter()
        answer = ask(platform, CONE.format(ra=51 + 18 * number / count))
        took.append(time.perf_counter() - began)
        assert answer.count(b"\n") > 10
    return took


def stalled(platform: Platform, query: str) -> socket.socket:
    """Ask for rows and read none of them."""
    form = urllib.parse.urlencode({"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": "votable"}).encode()
    connection = socket.create_connection(("127.0.0.1", platform.port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    head = (
        f"POST /api/tap/sync HTTP/1.1\r\nHost: 127.0.0.1:{platform.port}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    connection.sendall(head.encode() + form)
    return connection


def begun(connection: socket.socket) -> None:
    connection.settimeout(60)
    assert connection.recv(1, socket.MSG_PEEK)


@pytest.mark.parametrize("readers", [2, 10])
def test_readers_that_stall_delay_nobody(platform: Platform, readers: int) -> None:
    free = sorted(cones(platform))
    with ExitStack() as stack:
        for connection in [stalled(platform, "SELECT * FROM lanes.object") for _ in range(readers)]:
            stack.enter_context(connection)
            begun(connection)
        results = platform.home / "tmp" / "results"
        platform.wait_for(
            lambda: not list(results.glob("*.part")) and len(list(results.glob("*.arrow"))) == readers,
            what="results that are written to their end",
        )
        beside = sorted(cones(platform))

    # Medians of one run; others work on this machine at the same time.
    assert beside[15] < 3 * free[15] + 0.05
    platform.wait_for(lambda: not list(results.iterdir()), what="spools that are gone with their readers")


@pytest.mark.parametrize("heavy", [PAIRS, HIDDEN_PAIRS], ids=["known", "found out"])
def test_cones_find_a_worker_while_heavy_queries_run(platform: Platform, heavy: str) -> None:
    free = sorted(cones(platform))
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(stalled(platform, heavy))
        found_out = time.monotonic() + 3
        while time.monotonic() < found_out:
            cones(platform, 1)
        beside = sorted(cones(platform))

    assert beside[15] < 5 * free[15] + 0.1
    assert max(beside) < 3


def test_a_query_is_explained_without_being_run(platform: Platform) -> None:
    short = json.loads(ask(platform, CONE.format(ra=60), "/api/queries/explain"))
    heavy = json.loads(ask(platform, PAIRS, "/api/queries/explain"))

    assert (short["lane"], heavy["lane"]) == ("short", "long")
    assert 0.5 < short["rows"] / (ask(platform, CONE.format(ra=60)).count(b"\n") - 1) < 2
    (reading,) = short["readings"]
    assert reading["table"] == "lanes.object"
    assert reading["rows_read"] < ROWS / 2
    assert all(int(low) < int(high) for low, high in reading["cells"])
    assert "_healpix_29" in short["sql"]
    assert any("part of the sky" in sentence for sentence in short["words"])


def test_what_cannot_run_cannot_be_explained(platform: Platform) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(platform, "SELECT flux FROM lanes.object WHERE", "/api/queries/explain")

    assert caught.value.code == 400
    assert json.load(caught.value)["error"]["code"] == "adql"
