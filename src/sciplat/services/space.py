"""How much disk the results that are being fetched take, and may take."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["Space"]


class Space:
    """The room of a folder whose files come and go by themselves; it is counted anew each time.

    Parameters
    ----------
    folder
        Its files are counted, not those in folders inside.
    limit
        Bytes that they may take together.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit

    def left(self) -> int:
        """Return how many bytes more there may be; less than 0 where there are too many."""
        taken = 0
        try:
            with os.scandir(self._folder) as files:
                for file in files:
                    try:
                        taken += file.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:  # it goes at this moment
                        continue
        except FileNotFoundError:
            return self._limit
        return self._limit - taken
