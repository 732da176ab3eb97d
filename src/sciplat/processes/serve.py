"""One Python process of an instance: its ASGI application on a unix socket.

Run as ``python -m sciplat.processes.serve NAME --home DIR --run-directory DIR``.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
from pathlib import Path

from sciplat.errors import SciplatError
from sciplat.instance import Instance
from sciplat.processes.health import read_status
from sciplat.processes.lifeline import obey_supervisor
from sciplat.processes.logs import write_logs
from sciplat.processes.process import EXIT_REFUSED
from sciplat.processes.server import serve
from sciplat.wire.health import HealthResponse

__all__ = ["main"]


def main() -> None:
    """Open the instance and serve one of its applications."""
    parser = argparse.ArgumentParser(prog="python -m sciplat.processes.serve")
    parser.add_argument("name", choices=("web", "views", "images", "runner", "batch"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--run-directory", type=Path, required=True)
    parser.add_argument("--notebooks", help="their origin, where they are started")
    chosen = parser.parse_args()
    obey_supervisor()
    try:
        instance = Instance.open(chosen.home)
        write_logs(chosen.home, chosen.name, level=instance.settings.log.level)
        app = importlib.import_module(f"sciplat.processes.{chosen.name}").create_app(instance)
    except SciplatError as error:
        print(" ".join(str(error).split()), file=sys.stderr)  # noqa: T201  the supervisor reads it
        raise SystemExit(EXIT_REFUSED) from None

    def health() -> HealthResponse:
        state = read_status(chosen.run_directory)
        return HealthResponse(status=state.status, components=dict(state.components))

    app.state.health = health
    app.state.notebooks = chosen.notebooks
    gc.freeze()  # what is there by now stays: the collector need not look at it time and again
    serve(app, chosen.run_directory / f"{chosen.name}.sock")


if __name__ == "__main__":
    main()
