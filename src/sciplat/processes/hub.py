"""The hub process: JupyterHub, which starts notebooks.

Run as ``python -m sciplat.processes.hub --home DIR --run-directory DIR --host HOST --port N --hub-port N``.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from sciplat.errors import SciplatError
from sciplat.instance import Instance
from sciplat.processes.logs import write_logs
from sciplat.processes.preflight import addresses
from sciplat.processes.process import LIFELINE_VARIABLE
from sciplat.system import end_with_owner

__all__ = ["main"]


def main() -> None:
    """Open the instance and run its hub."""
    parser = argparse.ArgumentParser(prog="python -m sciplat.processes.hub")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--run-directory", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hub-port", type=int, required=True)
    chosen = parser.parse_args()
    supervisor = os.getppid()
    # By the signal that nobody can answer: labs go on when the supervisor dies, where SIGTERM stops them.
    end_with_owner(signal.SIGKILL)
    if os.getppid() != supervisor:
        raise SystemExit(1)
    if lifeline := os.environ.pop(LIFELINE_VARIABLE, None):
        os.close(int(lifeline))
    try:
        instance = Instance.open(chosen.home)
        write_logs(chosen.home, "hub", level=instance.settings.log.level)

        from sciplat.notebook.hub import Doors, run  # noqa: PLC0415  what it brings takes seconds

        address = addresses(chosen.host)[0]
        api = f"http://{'127.0.0.1' if address in {'0.0.0.0', '::'} else address}:{chosen.port}"  # noqa: S104
        doors = Doors(chosen.port, chosen.hub_port, chosen.run_directory, api)
        run(instance, doors, log=logging.getLogger().handlers[0])
    except SciplatError as error:
        print(" ".join(str(error).split()), file=sys.stderr)  # noqa: T201  the supervisor reads it
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
