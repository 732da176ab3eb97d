"""Where an instance lives when nobody says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["default_home"]


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
