"""A running instance of tiny applications behind the real front door."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from sciplat.processes.rundir import clean_up, read_record

HERE = Path(__file__).parent


def wait_for(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Return what ``condition`` returns as soon as it is true."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := condition()):
        assert time.monotonic() < deadline, f"in {seconds} s it did not become true"
        pause.wait(0.01)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Running:
    """A small instance, and how a test reaches it."""

    home: Path
    port: int
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors)),
        ]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(stream: Any, lines: list[str]) -> None:
        with stream:
            lines.extend(line.rstrip("\n") for line in stream)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((self.home / "run.json").read_text())
        return record

    @property
    def components(self) -> dict[str, str]:
        status = json.loads((Path(self.record["directory"]) / "status.json").read_text())
        components: dict[str, str] = status["components"]
        return components

    def pid(self, name: str) -> int:
        pid: int = self.record["children"][name]["pid"]
        return pid

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.url + path, trust_env=False, **options)

    def is_ready(self) -> bool:
        try:
            if self.record["supervisor"]["pid"] != self.process.pid:  # still the record of an earlier run
                return False
            return all(self.components[name] == "up" for name in ("caddy", "web", "views", "runner"))
        except (OSError, ValueError):
            return False

    def wait_until_ready(self) -> Running:
        wait_for(lambda: self.is_ready() or self.process.poll() is not None)
        assert self.process.poll() is None, self.errors
        return self

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(20)
        for reader in self.readers:
            reader.join(5)
        return code


class Launcher:
    """Starts small instances, and leaves nothing of them behind."""

    def __init__(self) -> None:
        self.all: list[Running] = []

    def __call__(self, home: Path, *words: str, port: int | None = None, **environment: str) -> Running:
        port = port or free_port()
        home.mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, str(HERE / "small_up.py"), str(home), str(port), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        self.all.append(Running(home, port, process))
        return self.all[-1]

    def end(self) -> None:
        for running in self.all:
            if running.process.poll() is None:
                running.process.kill()
            running.process.wait()
            record = read_record(running.home)
            for child in record.children.values() if record else ():
                if found := child.find():
                    found.kill()
            clean_up(running.home)
            for reader in running.readers:
                reader.join(5)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def launch() -> Iterator[Launcher]:
    """Start `up` with tiny applications on a home."""
    launcher = Launcher()
    yield launcher
    launcher.end()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One running small instance, for tests that change nothing."""
    launcher = Launcher()
    yield launcher(tmp_path_factory.mktemp("home")).wait_until_ready()
    launcher.end()


@pytest.fixture(name="wait_for")
def give_wait_for() -> Callable[..., Any]:
    return wait_for


@pytest.fixture(name="free_port")
def give_free_port() -> Callable[[], int]:
    return free_port
