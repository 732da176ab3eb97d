"""The home of an instance: where it is when nobody says, and how it is made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sciplat.errors import UsageError

__all__ = ["default_home", "prepare_home"]


def default_home(environment: Mapping[str, str] | None = None) -> Path:
    """Return the home of the instance: ``SCIPLAT_HOME``, else ``sciplat`` in the user's data directory.

    The data directory is that of the XDG base directory specification, 0.8:
    ``XDG_DATA_HOME`` where it is an absolute path, else ``~/.local/share``.
    """
    environment = os.environ if environment is None else environment
    if chosen := environment.get("SCIPLAT_HOME"):
        return Path(chosen).expanduser().absolute()
    data = Path(environment.get("XDG_DATA_HOME", ""))
    return (data if data.is_absolute() else Path.home() / ".local" / "share") / "sciplat"


def prepare_home(home: Path) -> None:
    """Make the home where it does not exist, for its owner alone, and see that we can write in it.

    Raises
    ------
    UsageError
        It cannot be made or written.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(home, os.W_OK | os.X_OK)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"The home {home} is not a folder: choose another --home") from None
    except OSError as error:
        raise UsageError(
            f"The home {home} cannot be made ({error.strerror}): choose another --home"
        ) from error
    if not writable:
        raise UsageError(
            f"The home {home} cannot be written by you: change its owner or choose another --home"
        )
