"""An instance lives, is killed, and goes on."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from support.running import Platform, copy_home, free_port, running, sciplat

pytestmark = pytest.mark.journey


@pytest.fixture
def home(demo_home: Path, tmp_path: Path) -> Path:
    return copy_home(demo_home, tmp_path / "home")


@pytest.fixture(scope="module")
def lively(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One that runs on after what is done to it, until the last test of this module stops it."""
    with running(copy_home(demo_home, tmp_path_factory.mktemp("lively") / "home")) as platform:
        yield platform


def count(platform: Platform, table: str) -> str:
    form = {"QUERY": f"SELECT COUNT(*) AS n FROM {table}", "LANG": "ADQL", "RESPONSEFORMAT": "csv"}
    answer = requests.post(f"{platform.tap}/sync", form, timeout=60)
    return answer.text.split()[-1] if answer.ok else answer.text


def children(platform: Platform) -> list[psutil.Process]:
    return psutil.Process(platform.process.pid).children(recursive=True)


@pytest.mark.alone  # a job that takes more than a second of the clock waits for the long one
def test_after_kill_9_the_next_start_goes_on_with_everything(home: Path) -> None:
    with running(home) as platform:
        token = platform.token("read:tap")
        header = {"Authorization": f"Bearer {token}"}
        long = (
            "SELECT COUNT(*) AS n FROM simwide.ForcedSource AS a JOIN simwide.ForcedSource AS b USING (visit)"
        )
        jobs = {
            name: requests.post(
                f"{platform.tap}/async",
                {"QUERY": query, "LANG": "ADQL", "PHASE": "RUN", "RESPONSEFORMAT": "csv"},
                headers=header,
                timeout=30,
            ).url.rsplit("/", 1)[1]
            for name, query in {"short": "SELECT COUNT(*) AS n FROM simwide.Visit", "long": long}.items()
        }
        phase = f"{platform.tap}/async/{jobs['short']}/phase"
        platform.wait_for(lambda: requests.get(phase, headers=header, timeout=30).text == "COMPLETED")
        family = children(platform)
        port = platform.port
        platform.process.kill()
        platform.process.wait()
        assert family

    with running(home, port=port) as again:
        done = requests.get(f"{again.tap}/async/{jobs['short']}/results/result", headers=header, timeout=30)
        assert done.text.split()[-1] == "20"
        taken_up = f"{again.tap}/async/{jobs['long']}/phase"
        again.wait_for(
            lambda: requests.get(taken_up, headers=header, timeout=30).text in ("EXECUTING", "COMPLETED"),
            what="the interrupted job to be taken up",
        )
        ours = {process.pid for process in children(again)}
        left = [p for p in family if p.is_running() and p.status() != "zombie" and p.pid not in ours]
        assert left == []


def test_a_second_instance_on_the_same_home_says_so(platform: Platform) -> None:
    second = sciplat(platform.home, "up", "--port", str(free_port()), check=False)

    assert second.returncode == 1
    assert len(second.stderr.strip().splitlines()) == 1
    assert "Another instance uses" in second.stderr


def test_a_taken_port_is_named(platform: Platform, tmp_path: Path) -> None:
    other = sciplat(tmp_path / "other", "up", "--port", str(platform.port), check=False)

    assert other.returncode == 1
    assert str(platform.port) in other.stderr
    assert "--port" in other.stderr


def test_a_crashed_process_comes_back_while_the_others_go_on(lively: Platform) -> None:
    web = next(p for p in children(lively) if {"serve", "web"} & set(p.cmdline()) and "web" in p.cmdline())
    web.kill()
    lively.wait_for(lambda: count(lively, "simwide.Visit") == "20", what="an answer after the crash")
    lively.wait_until_ready()


def test_an_ingest_is_there_at_once_and_a_replacement_is_never_half(lively: Platform, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"

    def write(n: int) -> None:
        rows.write_text("id,ra,dec\n" + "".join(f"{k},{k % 360},{k % 90}\n" for k in range(n)))

    write(1000)
    sciplat(lively.home, "ingest", "catalog", str(rows), "--table", "lab.stars", "--public")
    assert count(lively, "lab.stars") == "1000"
    write(3000)
    replacing = subprocess.Popen(
        [*_command(lively.home), "ingest", "catalog", str(rows), "--table", "lab.stars", "--public"],
        stdout=subprocess.DEVNULL,
    )
    seen = set()
    while replacing.poll() is None:
        seen.add(count(lively, "lab.stars"))
    assert replacing.returncode == 0
    assert seen <= {"1000", "3000"}
    assert count(lively, "lab.stars") == "3000"


def test_ctrl_c_ends_every_process(lively: Platform) -> None:
    family = children(lively)
    assert len(family) >= 6  # Caddy, web, views, runner, and workers

    assert lively.stop(signal.SIGINT) == 0

    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def _command(home: Path) -> list[str]:
    import sys

    return ["env", f"SCIPLAT_HOME={home}", sys.executable, "-m", "sciplat"]
