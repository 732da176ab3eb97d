"""``sciplat status``: how the instance is."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sciplat.cli import main
from sciplat.processes.failures import Failure, write_failures
from sciplat.processes.rundir import ProcessRecord, RunRecord, write_record

ANSWERS = {
    "/api/health": (503, {"status": "starting", "components": {"caddy": "up", "web": "starting"}}),
    "/broken/api/health": (500, {"error": {"code": "engine", "message": "Something went wrong"}}),
}


class Door(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, answer = ANSWERS[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def door() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def record(home: Path, url: str, pid: int | None = None, age: float = 0.0) -> None:
    own = ProcessRecord.of(pid or os.getpid())
    assert own is not None
    write_record(home, RunRecord(ProcessRecord(own.pid, own.created - age), url, home / "sciplat-x"))


def status(home: Path) -> Result:
    return CliRunner().invoke(main, ["status", "--home", str(home)])


def test_the_states_are_shown_also_while_it_starts(tmp_path: Path, door: str) -> None:
    record(tmp_path, door)

    result = status(tmp_path)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"Portal: {door}",
        "Status: starting",
        "  caddy    up",
        "  web      starting",
    ]


def test_a_process_that_keeps_ending_is_told_of_with_its_reason_and_its_log(
    tmp_path: Path, door: str
) -> None:
    record(tmp_path, door)
    (tmp_path / "sciplat-x").mkdir()
    failure = Failure.of(1, ["Traceback", "ImportError: no such thing", ""], tmp_path / "web.log")
    write_failures(tmp_path / "sciplat-x", {"web": failure})

    result = status(tmp_path)

    assert result.stdout.splitlines()[-1] == (
        f"The process web ended (exit code 1: ImportError: no such thing); see {tmp_path}/web.log"
    )


def test_a_home_on_which_nothing_runs_says_how_to_start_it(tmp_path: Path) -> None:
    result = status(tmp_path)

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: No instance runs on {tmp_path}: start it with `sciplat up --home {tmp_path}`\n"
    )


def test_the_record_of_an_instance_that_was_killed_is_not_believed(tmp_path: Path, door: str) -> None:
    record(tmp_path, door, age=3600)

    assert status(tmp_path).exit_code == 1


def test_a_front_door_that_does_not_answer_is_told(tmp_path: Path) -> None:
    record(tmp_path, "http://127.0.0.1:1/")

    result = status(tmp_path)

    assert result.exit_code == 1
    assert "does not answer" in result.stderr


def test_an_answer_that_is_no_health_is_shown(tmp_path: Path, door: str) -> None:
    record(tmp_path, door + "broken/")

    result = status(tmp_path)

    assert result.exit_code == 1
    assert "Something went wrong" in result.stderr
