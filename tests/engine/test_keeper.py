"""One worker process by itself."""

from __future__ import annotations

from pathlib import Path

import psutil

from sciplat.engine.keeper import _Process
from sciplat.engine.limits import Limits


def test_a_worker_ends_by_itself_when_its_owner_hangs_up(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=10**8, threads=1, temp_bytes=10**8, temp_directory=str(tmp_path / "temp"))
    worker = _Process(limits, tmp_path / "temp")
    message = worker.channel.receive()
    assert message is not None
    assert message[0]["op"] == "ready"

    worker.channel.close()

    assert worker._popen.wait(5) == 0
    assert not psutil.pid_exists(worker.pid)
