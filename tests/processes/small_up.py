"""``sciplat up`` with tiny applications: ``python small_up.py HOME PORT [demo]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sciplat.cli.progress import progress_bar
from sciplat.errors import SciplatError
from sciplat.processes.caddy import caddy_process
from sciplat.processes.process import Process
from sciplat.processes.up import Helpers, Terminal, up

HOME, PORT = Path(sys.argv[1]), int(sys.argv[2])
os.environ["TEST_HOME"] = str(HOME)
HERE = Path(__file__).parent


def processes(home: Path, run_directory: Path, *, host: str, port: int) -> tuple[Process, ...]:
    def small(name: str, stage: int, after: str | None = None) -> Process:
        socket = run_directory / f"{name}.sock"
        command = (sys.executable, str(HERE / "small_app.py"), name, str(socket))
        return Process(
            name=name,
            after=after,
            command=command,
            ready=socket,
            stage=stage,
            stop_seconds=float(os.environ.get("TEST_STOP_SECONDS", "8")),
        )

    caddy = caddy_process(home, run_directory, host=host, port=port)
    return (caddy, small("web", 1), small("views", 1, "web"), small("runner", 2, "web"))


WELCOME = """
import json
print(json.dumps({"sign_in": "one-time-code", "demo": False}))
"""
DEMO = """
import json, pathlib, sys
for stage, fraction in (("gaia.gaia_source", 0.0), ("simwide.Object", 0.5), ("simwide.Object", 1.0)):
    print(json.dumps({"stage": stage, "fraction": fraction}), flush=True)
if pathlib.Path(sys.argv[1], "slow-demo").exists():
    import signal
    signal.pause()
"""

try:
    up(
        HOME,
        host="127.0.0.1",
        port=PORT,
        demo="demo" in sys.argv,
        terminal=Terminal(
            say=lambda line: print(line, flush=True),
            warn=lambda line: print(line, file=sys.stderr, flush=True),
            progress=progress_bar,
        ),
        processes=processes,
        helpers=Helpers(
            welcome=(sys.executable, "-c", WELCOME),
            make_demo=(sys.executable, "-c", DEMO, str(HOME)),
        ),
    )
except SciplatError as error:
    print(f"Error: {error}", file=sys.stderr)
    raise SystemExit(1) from None
