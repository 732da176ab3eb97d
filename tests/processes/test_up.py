"""An instance from start to end, with tiny applications behind the real front door."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from sciplat.processes.failures import read_failures


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def log(home: Path, name: str = "supervisor") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "logs" / f"{name}.log").read_text().splitlines()]


@pytest.mark.slow
def test_it_prints_the_portal_and_then_the_link_to_sign_in(launch: Any, home: Path, wait_for: Any) -> None:
    running = launch(home).wait_until_ready()
    wait_for(lambda: len(running.lines) == 2)

    assert running.lines == [
        f"Portal: {running.url}/",
        f"Sign in: {running.url}/portal/sign-in#one-time-code",
    ]
    assert running.errors[0].startswith("Starting: ")
    running.end()
    assert "one-time-code" not in "".join(path.read_text() for path in (home / "logs").iterdir())


def test_the_first_page_answers_soon(launch: Any, home: Path, wait_for: Any) -> None:
    running = launch(home)

    wait_for(lambda: running.lines, seconds=5)

    assert running.get("/").status_code == 200


@pytest.mark.slow
def test_the_process_of_the_first_page_starts_before_those_that_can_wait(launch: Any, home: Path) -> None:
    launch(home).wait_until_ready()

    assert (home / "started").read_text().split()[0] == "web"
    states = [(line["component"], line["state"]) for line in log(home) if "state" in line]
    assert states.index(("web", "up")) < min(states.index(("views", "up")), states.index(("runner", "up")))


@pytest.mark.slow
def test_ctrl_c_stops_the_runner_then_web_and_views_then_the_front_door(launch: Any, home: Path) -> None:
    running = launch(home).wait_until_ready()
    record = running.record

    assert running.end(signal.SIGINT) == 0

    ends = [line["component"] for line in log(home) if line["message"].endswith("has been stopped")]
    assert ends[0] == "runner"
    assert set(ends[1:3]) == {"web", "views"}
    assert ends[3] == "caddy"
    assert (home / "ended").read_text().split()[0] == "runner"
    assert all(is_gone(child["pid"]) for child in record["children"].values())
    assert not Path(record["directory"]).exists()
    assert not (home / "run.json").exists()


@pytest.mark.slow
def test_sigterm_is_as_good_as_ctrl_c(launch: Any, home: Path) -> None:
    running = launch(home).wait_until_ready()

    assert running.end(signal.SIGTERM) == 0
    assert sorted((home / "ended").read_text().split()) == ["runner", "views", "web"]


@pytest.mark.slow
def test_the_terminals_ctrl_c_reaches_only_the_supervisor(launch: Any, home: Path) -> None:
    running = launch(home).wait_until_ready()

    groups = {os.getpgid(running.pid(name)) for name in ("caddy", "web", "views", "runner")}

    assert len(groups) == 4
    assert os.getpgid(running.process.pid) not in groups


@pytest.mark.slow
def test_a_process_that_does_not_stop_is_killed_after_its_time(launch: Any, home: Path) -> None:
    (home / "stubborn-runner").touch()
    running = launch(home, TEST_STOP_SECONDS="0.3").wait_until_ready()
    pid = running.pid("runner")

    assert running.end() == 0

    assert is_gone(pid)
    assert "runner" not in (home / "ended").read_text()


@pytest.mark.slow
def test_a_second_ctrl_c_hurries(launch: Any, home: Path, wait_for: Any) -> None:
    (home / "stubborn-runner").touch()
    running = launch(home, TEST_STOP_SECONDS="600").wait_until_ready()
    pid = running.pid("runner")
    running.process.send_signal(signal.SIGINT)
    wait_for(lambda: "Stopping (Ctrl-C again to hurry)" in running.errors)

    assert running.end(signal.SIGINT) == 0
    assert is_gone(pid)


@pytest.mark.slow
def test_a_process_that_crashes_is_started_again(launch: Any, home: Path, wait_for: Any) -> None:
    running = launch(home).wait_until_ready()
    before = running.pid("views")

    assert running.get("/api/views/crash").status_code == 503
    wait_for(lambda: running.components["views"] != "up")
    assert running.get("/api/tables").status_code == 200
    wait_for(running.is_ready)

    assert running.get("/api/views/1").json()["pid"] == running.pid("views") != before
    assert any("The process views ended (killed by signal 6)" in line for line in running.errors)


@pytest.mark.slow
def test_an_instance_is_degraded_without_views_and_starting_without_web(
    launch: Any, home: Path, wait_for: Any
) -> None:
    running = launch(home).wait_until_ready()
    status = Path(running.record["directory"]) / "status.json"

    (home / "fail-views").touch()
    os.kill(running.pid("views"), signal.SIGKILL)
    wait_for(lambda: json.loads(status.read_text())["status"] == "degraded")

    (home / "fail-web").touch()
    os.kill(running.pid("web"), signal.SIGKILL)
    wait_for(lambda: running.get("/api/health").status_code == 503)
    assert running.get("/api/health").json()["status"] == "starting"


@pytest.mark.slow
def test_what_a_crashing_process_says_is_logged_without_its_secrets(
    launch: Any, home: Path, wait_for: Any
) -> None:
    (home / "fail-runner").touch()
    launch(home)

    path = home / "logs" / "supervisor.log"
    wait_for(lambda: path.exists() and "Authorization: Bearer" in path.read_text())

    assert "secret" not in path.read_text()


@pytest.mark.slow
def test_a_process_that_fails_at_its_start_is_told_of_with_its_last_words_and_its_log(
    launch: Any, home: Path, wait_for: Any
) -> None:
    (home / "fail-web").touch()
    running = launch(home)

    wait_for(lambda: any("The process web ended" in line for line in running.errors))
    failures = read_failures(Path(running.record["directory"]))
    (told, *_) = [line for line in running.errors if line.startswith("The process web ended")]
    (said, *_) = log(home, "web")

    why = "exit code 1: Authorization: Bearer [removed]"
    assert told == f"The process web ended ({why}); it is started again in 0.5 s; see {home}/logs/web.log"
    assert str(failures["web"]) == why
    assert said["message"] == "the process ended (exit code 1)"
    assert said["last_words"] == ["Authorization: Bearer [removed]"]
    (home / "fail-web").unlink()
    running.wait_until_ready()
    wait_for(lambda: not read_failures(Path(running.record["directory"])))


@pytest.mark.slow
def test_a_process_that_waits_for_a_person_ends_the_start_with_its_reason(launch: Any, home: Path) -> None:
    (home / "refuse-web").touch()
    running = launch(home)

    assert running.process.wait(20) == 1
    for reader in running.readers:
        reader.join(5)
    assert running.errors[-1] == "Error: Setting `hots` is unknown; did you mean `host`?"
    assert not (home / "run.json").exists()


@pytest.mark.slow
def test_after_kill_9_all_processes_end_and_the_next_start_clears_the_rest(
    launch: Any, home: Path, wait_for: Any
) -> None:
    first = launch(home).wait_until_ready()
    left = first.record
    first.process.kill()
    first.process.wait()
    for child in left["children"].values():
        wait_for(lambda child=child: is_gone(child["pid"]))
    assert Path(left["directory"]).exists()

    second = launch(home, port=first.port).wait_until_ready()

    assert second.get("/").status_code == 200
    assert not Path(left["directory"]).exists()


@pytest.mark.slow
def test_a_second_instance_on_the_same_home_names_the_first(launch: Any, home: Path) -> None:
    first = launch(home).wait_until_ready()

    second = launch(home)

    assert second.process.wait(20) == 1
    second.end()
    assert second.errors == [
        (
            f"Error: Another instance uses {home} (process {first.process.pid}, {first.url}/): "
            "stop it, or choose another --home"
        )
    ]
    assert first.get("/").status_code == 200


@pytest.mark.slow
def test_a_taken_port_is_named_with_who_holds_it(launch: Any, home: Path, tmp_path: Path) -> None:
    first = launch(home).wait_until_ready()

    second = launch(tmp_path / "other", port=first.port)

    assert second.process.wait(20) == 1
    second.end()
    assert second.errors == [
        (
            f"Error: Port {first.port} is taken by caddy (process {first.pid('caddy')}): "
            "choose another with --port"
        )
    ]


@pytest.mark.slow
def test_the_demo_is_made_while_the_instance_answers(launch: Any, home: Path, wait_for: Any) -> None:
    running = launch(home, "demo")
    wait_for(lambda: "The demo surveys are ready" in running.lines)

    assert "Demo surveys: simwide.Object 50 %" in running.errors
    assert running.lines.index("The demo survey gaia is ready") < running.lines.index(
        "The demo surveys are ready"
    )
    assert running.components["demo"] == "ready"
    assert [line["state"] for line in log(home) if line.get("component") == "demo"] == ["making", "ready"]


@pytest.mark.slow
def test_ctrl_c_stops_the_making_of_the_demo(launch: Any, home: Path, wait_for: Any) -> None:
    (home / "slow-demo").touch()
    running = launch(home, "demo").wait_until_ready()
    wait_for(lambda: any("simwide.Object 100 %" in line for line in running.errors))
    pid = running.pid("demo")
    assert running.components["demo"] == "making"

    assert running.end() == 0
    assert is_gone(pid)
