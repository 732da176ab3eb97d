"""Starts labs: in the user's own folder, with a token that ends when they do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import stat
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jupyterhub.spawner import LocalProcessSpawner, set_user_setuid
from tornado.web import HTTPError

from sciplat.errors import SciplatError, UnavailableError
from sciplat.notebook.labs import Labs
from sciplat.services.notebook import NotebookService

__all__ = ["LabSpawner", "Place", "SystemUserSpawner"]

_RUNTIME = "sciplat-lab-"
_CONFIGURATION = Path(__file__).parent / "etc"
"""For JupyterLab: no announcements, which it would fetch from elsewhere."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where labs live."""

    notebooks: NotebookService
    labs: Labs
    workspace: Path
    """The folder with the users' own folders."""

    logs: Path
    api: str
    """The address of the instance, for programs on this machine."""


class _RefusedError(HTTPError):
    """A lab is not started, for a reason that the hub's page says."""

    def __init__(self, reason: str) -> None:
        super().__init__(403, "%s", reason)
        self.jupyterhub_message = reason


class LabSpawner(LocalProcessSpawner):  # type: ignore[misc]  # it has no types
    """Labs with the rights of whoever runs the instance."""

    place: ClassVar[Place]
    """Set before the hub starts: what it has is no text that a configuration could hold."""

    _token = ""
    _runtime: Path | None = None

    @property
    def folder(self) -> Path:
        """The user's own folder."""
        return self.place.workspace / str(self.user.name)

    async def start(self) -> tuple[str, int]:
        """Start the lab, and return where it answers."""
        name = str(self.user.name)
        try:
            issued = await asyncio.to_thread(self.place.notebooks.start, name)
            self._prepare()
        except SciplatError as error:
            raise _RefusedError(str(error)) from None
        self._token = issued.text
        log = os.open(
            self.place.logs / f"lab-{name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600
        )
        self.popen_kwargs = {"stdout": log, "stderr": log, "stdin": -3}
        try:
            address: tuple[str, int] = await super().start()
        finally:
            os.close(log)
            self._token = ""
        assert self._runtime is not None
        self.place.labs.note(name, self.pid, self._runtime)
        return address

    async def poll(self) -> int | None:
        """Return None while the lab runs; of one that an earlier hub started, too."""
        if self.proc is None and self.pid:
            lab = self.place.labs.lab(str(self.user.name))
            if lab is None or lab.pid != self.pid or lab.process is None:
                self.clear_state()
                return 0
            return None
        ended: int | None = await super().poll()
        return ended

    def clear_state(self) -> None:
        """Forget a lab that has ended, and end its token."""
        super().clear_state()
        name = str(self.user.name)
        self._runtime = None
        if self.place.labs.lab(name) is not None:
            with contextlib.suppress(SciplatError):
                self.place.notebooks.end(name)
            # Last, so that whoever ends the instance finds what is left to be done.
            self.place.labs.forget(name)

    def get_env(self) -> dict[str, str]:
        """Return the lab's environment, and so that of its kernels."""
        given: dict[str, str] = super().get_env()
        runtime = str(self._runtime)
        return given | {
            "SCIPLAT_URL": self.place.api,
            "SCIPLAT_TOKEN": self._token,
            # Short names: the kernels' sockets are here, which others of this machine can't reach.
            "JUPYTER_RUNTIME_DIR": runtime,
            "JUPYTER_CONFIG_PATH": str(_CONFIGURATION),
        }

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Return the environment with what says whose the lab is."""
        return env | {"USER": str(self.user.name), "HOME": str(self.folder), "SHELL": "/bin/sh"}

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """Return what the new process does first."""
        folder = self.folder

        def enter() -> None:
            os.umask(0o077)
            os.chdir(folder)

        return enter

    def _prepare(self) -> None:
        """Make what the lab needs to be there.

        Raises
        ------
        UnavailableError
            It can't be made.
        """
        try:
            self._runtime = Path(tempfile.mkdtemp(prefix=_RUNTIME))
            self._give(self._runtime)
            self._give(self.folder)
        except OSError as error:
            raise UnavailableError(f"The lab can't be started: {error}") from error

    def _give(self, folder: Path) -> None:
        """See that a folder is the user's own."""
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise UnavailableError(f"{folder} is no folder")


class SystemUserSpawner(LabSpawner):
    """Labs with the rights of the account of the same name; the hub is run by root."""

    @property
    def account(self) -> pwd.struct_passwd:
        """The user's account on this machine.

        Raises
        ------
        UnavailableError
            There is none that may be used.
        """
        name = str(self.user.name)
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            raise UnavailableError(
                f"There is no account {name} on this machine, whose rights the notebook would have: "
                f"ask the operator of this instance for one"
            ) from None
        if found.pw_uid == 0:
            raise UnavailableError("Notebooks don't run as root")
        return found

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Return the environment with what says whose the lab is."""
        return super().user_env(env) | {"SHELL": self.account.pw_shell or "/bin/sh"}

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """Return what the new process does first: it becomes the user's."""
        become, enter = set_user_setuid(name, chdir=False), super().make_preexec_fn(name)

        def first() -> None:
            become()
            enter()

        return first

    def _prepare(self) -> None:
        _ = self.account
        for path in (self.folder, Path(sys.executable).resolve()):
            for above in path.parents:
                if not above.stat().st_mode & stat.S_IXOTH:
                    raise UnavailableError(
                        f"The lab can't reach {path}: others may not enter {above}. The operator of this "
                        f"instance can let them (chmod o+x {above})"
                    )
        super()._prepare()

    def _give(self, folder: Path) -> None:
        super()._give(folder)
        account = self.account
        os.chown(folder, account.pw_uid, account.pw_gid, follow_symlinks=False)
        folder.chmod(0o700)
