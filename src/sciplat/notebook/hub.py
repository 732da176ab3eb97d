"""JupyterHub as this instance wants it: stock parts, configured from the settings."""

from __future__ import annotations

import logging
import os
import secrets
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyterhub.app import JupyterHub
from oauthenticator.generic import GenericOAuthenticator
from traitlets.config import Config

from sciplat.config.public import notebooks_url, portal_url
from sciplat.instance import Instance
from sciplat.notebook.labs import Labs
from sciplat.notebook.proxy import CaddyProxy
from sciplat.notebook.spawner import LabSpawner, Place, SystemUserSpawner
from sciplat.services.authorize import HUB

__all__ = ["Doors", "configuration", "run"]

_KEY_BYTES = 32
_ASK_AGAIN_SECONDS = 60

_NO_REQUESTS_OUTSIDE = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)
_KERNELS_BY_SOCKET = ("--KernelManager.transport=ipc",)
"""On a port, everybody on this machine could read what a kernel says."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the hub and its neighbours are."""

    port: int
    """Of the front door."""

    hub_port: int
    """Of the hub itself, on the loopback."""

    run_directory: Path
    api: str
    """The address of the instance, for programs on this machine."""


class Hub(JupyterHub):  # type: ignore[misc]  # it has no types
    """Reads no file: JupyterHub would run one of the folder in which the instance was started."""

    def load_config_file(self, *_: object, **__: object) -> None:
        """Do nothing."""


def run(instance: Instance, doors: Doors, *, log: logging.Handler) -> None:
    """Run the hub until it is asked to stop; then it stops the labs too."""
    labs = Labs(instance.home / "hub" / "labs")
    if instance.settings.notebooks.spawner == "system-users":
        _let_accounts_in(instance.home)
    instance.notebooks.end_all_but(lab.user for lab in labs.running())
    LabSpawner.place = Place(
        instance.notebooks, labs, instance.home / "workspace", instance.home / "logs", doors.api
    )
    for talkative in ("alembic", "httpx"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    log.setLevel(logging.getLogger().level)
    hub = Hub.instance(config=configuration(instance, doors))
    hub.extra_log_handlers = [log]
    Hub.launch_instance([])


def configuration(instance: Instance, doors: Doors) -> Config:
    """Return JupyterHub's configuration, with a new secret by which the instance knows it."""
    outside = notebooks_url(instance.settings, port=doors.port)
    portal = portal_url(instance.settings, port=doors.port)
    several = instance.settings.notebooks.spawner == "system-users"
    as_root = ["--ServerApp.allow_root=True"] if os.geteuid() == 0 and not several else []
    back = f"{outside}/hub/oauth_callback"
    folder = instance.home / "hub"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    chosen: dict[str, dict[str, Any]] = {
        "JupyterHub": {
            "bind_url": outside,
            "hub_bind_url": f"http://127.0.0.1:{doors.hub_port}",
            # Else one user's page could act for another in the browser of both.
            "subdomain_host": outside if several else "",
            "proxy_class": CaddyProxy,
            "authenticator_class": GenericOAuthenticator,
            "spawner_class": SystemUserSpawner if several else LabSpawner,
            "db_url": f"sqlite:///{folder / 'hub.sqlite'}",
            "upgrade_db": True,
            "cookie_secret_file": str(folder / "cookie-secret"),
            "trusted_downstream_ips": ["127.0.0.1", "::1"],
            "cleanup_servers": True,
            "logging_config": {"handlers": {"console": {"level": "CRITICAL"}}},
        },
        "CaddyProxy": {
            "socket": str(doors.run_directory / "caddy-admin.sock"),
            "kept": str(doors.run_directory / "caddy.json"),
        },
        "GenericOAuthenticator": {
            "client_id": HUB,
            "client_secret": instance.identity.clients.register(HUB, redirect_uri=back),
            "basic_auth": True,
            "enable_pkce": True,
            "oauth_callback_url": back,
            "authorize_url": f"{portal}/api/identity/oauth/authorize",
            "token_url": f"{doors.api}/api/identity/oauth/token",
            "userdata_url": f"{doors.api}/api/identity/oauth/userinfo",
            "username_claim": "sub",
            "login_service": instance.settings.name,
            "allow_all": True,  # whom the instance does not let in, it gives no code
            "auto_login": True,
            "logout_redirect_url": portal,
            # Who signs out of the Portal is soon out of the hub.
            "enable_auth_state": True,
            "auth_refresh_age": _ASK_AGAIN_SECONDS,
        },
        "CryptKeeper": {"keys": [_key(folder / "crypt-key")]},
        "Spawner": {
            "cmd": [sys.executable, "-m", "jupyterhub.singleuser"],
            "args": [*_NO_REQUESTS_OUTSIDE, *_KERNELS_BY_SOCKET, *as_root],
            "notebook_dir": str(instance.home / "workspace" / "{username}"),
            "default_url": "/lab",
            "http_timeout": 60,
            "start_timeout": 120,
        },
    }
    return Config(chosen)


def _let_accounts_in(home: Path) -> None:
    """Let the accounts of this machine pass through the home to their own folders, and into nothing else.

    Files that are made later are closed to them by the process's mask (`Instance.open`).
    """
    workspace = home / "workspace"
    for entry in home.iterdir():
        if entry != workspace and not entry.is_symlink():
            entry.chmod(stat.S_IMODE(entry.stat().st_mode) & 0o700)
    for folder in (workspace, home):
        folder.chmod(0o711)


def _key(path: Path) -> bytes:
    """Return the key with which the hub keeps what it knows of users; the first time, a new one."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text())
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(_KEY_BYTES))
    return bytes.fromhex(path.read_text())
