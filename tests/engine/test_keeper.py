"""One worker process by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sciplat.engine.limits import Limits
from sciplat.engine.process import WorkerProcess
from sciplat.engine.protocol import statement_to_wire
from sciplat.engine.statement import Statement


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    limits = Limits(memory_bytes=10**8, threads=1, temp_bytes=10**8, temp_directory=str(tmp_path / "temp"))
    process = WorkerProcess(limits, tmp_path / "temp")
    message = process.channel.receive()
    assert message is not None
    assert message[0]["op"] == "ready"
    yield process
    process.end(0.0)


@pytest.mark.slow
def test_a_worker_ends_by_itself_when_its_owner_hangs_up(worker: WorkerProcess) -> None:
    worker.channel.close()

    assert worker._popen.wait(5) == 0
    assert not psutil.pid_exists(worker.pid)


def test_a_statement_that_is_interrupted_before_it_begins_never_begins(
    worker: WorkerProcess, stars: Path, tmp_path: Path
) -> None:
    statement = Statement("SELECT a.* FROM g_1.main.data a, g_1.main.data b", (("g_1", stars),))
    wire = statement_to_wire(statement)
    worker.channel.send({"op": "interrupt", "id": 1})
    worker.channel.send(
        {
            "op": "run",
            "id": 1,
            "statement": wire,
            "spool": str(tmp_path / "x.arrow"),
            "durable": False,
            "threads": 1,
        }
    )

    message = worker.channel.receive()

    assert message is not None
    assert (message[0]["op"], message[0]["kind"]) == ("error", "cancelled")
