"""A real instance, started as a user starts it."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from click.testing import CliRunner

from sciplat.cli import main

__all__ = ["Platform", "copy_home", "free_port", "running", "sciplat"]

_LOOK_SECONDS = 0.02


def free_port() -> int:
    """Return a port of the loopback that nobody uses now, and that nobody is given who asks for any port.

    Tests that run beside these look among others, so that no two of them find the same one.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + 2_000 * worker  # those given to who asks for any begin at 32768
    for _ in range(100):
        port = random.randrange(first, first + 2_000)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "SCIPLAT_HOME": str(home), "NO_COLOR": "1"}


def sciplat(
    home: Path, *arguments: str, check: bool = True, seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run a ``sciplat`` command on ``home`` and return what it printed.

    What is about users, tokens and releases runs in this process: to start another takes far longer.
    """
    if arguments[0] in {"release", "token", "user"}:
        done = CliRunner().invoke(main, arguments, env={"SCIPLAT_HOME": str(home), "NO_COLOR": "1"})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        found = subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
        if check:
            found.check_returncode()
        return found
    return subprocess.run(
        [sys.executable, "-m", "sciplat", *arguments],
        env=_environment(home),
        check=check,
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def copy_home(source: Path, target: Path) -> Path:
    """Copy a home; table files never change, so both homes can share them."""
    shutil.copytree(
        source,
        target,
        copy_function=lambda a, b: (
            os.link(a, b) if a.endswith((".duckdb", ".parquet")) else shutil.copy2(a, b)
        ),
    )
    return target


@dataclass
class Platform:
    """An instance that runs: its address, its supervisor, and what it has printed."""

    home: Path
    port: int
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the Portal and the API, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tap(self) -> str:
        """The address of the TAP service."""
        return f"{self.url}/api/tap"

    def health(self) -> dict[str, object]:
        """Return what ``/api/health`` says, or a state of ``absent`` while nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/health", timeout=10) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return {"status": "absent", "components": {}}

    def wait_for(self, condition, *, seconds: float = 120, what: str = "the condition") -> None:
        """Return as soon as ``condition()`` holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"sciplat up ended with {self.process.returncode}:\n" + "".join(self.lines)
                )
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come within {seconds} s:\n" + "".join(self.lines))
            time.sleep(_LOOK_SECONDS)

    def wait_until_ready(self, seconds: float = 180) -> None:
        """Return as soon as every process is up: of this instance, not of a killed one at the same port."""
        self.wait_for(
            lambda: any("Portal:" in line for line in self.lines) and self.health()["status"] == "ready",
            seconds=seconds,
            what="ready",
        )

    def sign_in_code(self) -> str:
        """Return the code of the sign-in link that was printed."""
        self.wait_for(lambda: any("Sign in:" in line for line in self.lines), what="the sign-in link")
        text = "".join(self.lines)
        found = re.search(r"Sign in:\s+\S+#(\S+)", text)
        assert found is not None, text
        return found[1]

    def token(self, *scopes: str, user: str = "admin") -> str:
        """Return a new token of ``user``."""
        wanted = [word for scope in scopes or ("read:tap",) for word in ("--scope", scope)]
        return sciplat(self.home, "token", "create", "--user", user, *wanted).stdout.splitlines()[-1]

    def stop(self, sign: int = signal.SIGINT, seconds: float = 30) -> int:
        """Stop it as Ctrl-C does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.process.wait(seconds)


@contextmanager
def running(
    home: Path, *options: str, port: int | None = None, ready: bool = True, notebooks: bool = False
) -> Iterator[Platform]:
    """Run ``sciplat up`` on ``home`` for as long as the block lasts."""
    options = options if notebooks else (*options, "--without-notebooks")
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "sciplat", "up", "--port", str(port), *options],
        env=_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    platform = Platform(home, port, process)
    assert process.stdout is not None
    reader = Thread(target=lambda: platform.lines.extend(process.stdout), daemon=True)
    reader.start()
    try:
        if ready:
            platform.wait_until_ready()
        yield platform
    finally:
        try:
            platform.stop()
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        process.stdout.close()
