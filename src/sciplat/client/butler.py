# SPDX-License-Identifier: BSD-3-Clause
"""The Butler of a release, and a repository of one's own beside it.

The Butler takes seconds to import, and what reads our exposures is no part of the client: both are brought by
name when they are first asked for, as the Butler itself brings the formatter that the record of a file names.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from sciplat.client.door import Door
from sciplat.errors import MissingExtraError

__all__ = ["open_butler", "open_own_repository"]


def open_butler(door: Door, release: str) -> Any:
    """Return a Butler that reads a release by HTTP.

    Raises
    ------
    UsageError
        There are no images of that release for this user.
    MissingExtraError
        The Butler is not installed.
    """
    remote = _bring("remote")
    address = f"/api/butler/repo/{release}"
    door.get(f"{address}/v1/universe")  # a Butler would only say that something went wrong
    return remote.remote_butler(f"{door.url}{address}", door.token, collections=release)


def open_own_repository(door: Door, release: str, folder: Path | None) -> Any:
    """Return a repository of one's own beside a release; by default in the workspace.

    Raises
    ------
    UsageError, MissingExtraError
        As for `open_butler`.
    """
    butler = open_butler(door, release)
    if folder is None:
        folder = Path(os.environ.get("SCIPLAT_WORKSPACE") or Path.home()) / "butler" / release
    return _bring("own").OwnRepository(folder, release, butler)


def _bring(part: str) -> Any:
    try:
        return import_module(f"sciplat.repository.{part}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("lsst", "numpy", "pyarrow", "httpx2"):
            raise MissingExtraError(
                "Reading with the Butler needs the [butler] extra: pip install 'sciplat[butler]'"
            ) from error
        raise
