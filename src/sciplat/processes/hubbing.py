"""How the hub is started and what it leaves: without importing JupyterHub."""

from __future__ import annotations

import json
import os
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from sciplat.errors import UsageError
from sciplat.notebook.labs import Labs
from sciplat.processes.process import Process, TCPAddress
from sciplat.processes.rundir import write_whole

__all__ = ["can_run_notebooks", "check_rights", "end_labs", "hub_process"]

_LABS_SECONDS = 5.0
_STOP_SECONDS = 20.0
"""The labs stop within that: each saves nothing, but ends its kernels."""


def can_run_notebooks() -> bool:
    """Return whether the [notebook] extra is installed; nothing of it is imported."""
    return all(find_spec(name) is not None for name in ("jupyterhub", "jupyterlab", "oauthenticator"))


def check_rights(spawner: str | None) -> None:
    """See that we have the rights that a spawner needs.

    Raises
    ------
    UsageError
        We have not.
    """
    if spawner == "system-users" and os.geteuid() != 0:
        raise UsageError(
            "notebooks.spawner is system-users, for which root has to run the instance: change the setting, "
            "or add --without-notebooks"
        )
    if spawner == "system-users":
        os.umask(0o077)


def end_labs(home: Path) -> tuple[str, ...]:
    """End labs that the hub did not stop, as when it was hurried, and their tokens; return whose."""
    labs = Labs(home / "hub" / "labs")
    kept = labs.kept()
    ended = labs.end(seconds=_LABS_SECONDS)
    if kept:
        # It takes a moment to import, for which nobody has to wait who leaves no lab.
        from sciplat.identity import IdentityStore, TokenKind  # noqa: PLC0415

        identity = IdentityStore.open(home)
        for user in kept:
            for token in identity.tokens(user, kind=TokenKind.NOTEBOOK):
                identity.revoke(token.key)
            labs.forget(user)
        identity.close()
    return ended


def hub_process(
    home: Path, run_directory: Path, *, host: str, port: int, after: str, outside: str | None
) -> Process:
    """Return the hub, which is off without notebooks.

    Parameters
    ----------
    outside
        The notebooks' origin; None where none are started.
    """
    hub_port = 0 if outside is None else _hub_port(home, outside)
    return Process(
        name="hub",
        command=(
            *(sys.executable, "-m", "sciplat.processes.hub"),
            *("--home", str(home), "--run-directory", str(run_directory)),
            *("--host", host, "--port", str(port), "--hub-port", str(hub_port)),
        ),
        ready=TCPAddress("127.0.0.1", hub_port),
        stage=3,
        after=after,
        stop_seconds=_STOP_SECONDS,
        needed=lambda: outside is not None,
    )


def _hub_port(home: Path, outside: str) -> int:
    """Return a free port of the loopback: the last one, by which labs that still run know their hub.

    Labs that know the instance by another address are ended: they would ask there in vain.
    """
    kept = home / "hub" / "place.json"
    try:
        known = json.loads(kept.read_text("utf-8"))
        if known["outside"] == outside and _is_free(known["port"]):
            return int(known["port"])
    except (OSError, ValueError, KeyError, TypeError):  # the first time, or another version's
        pass
    end_labs(home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(kept, json.dumps({"outside": outside, "port": port}))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
