"""Files that a format needs while it is written, in a folder whose room is counted."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sciplat.errors import LimitError, UnavailableError

__all__ = ["DISK_FULL", "Room", "scratch_file", "use_room"]

DISK_FULL = (
    "The disk on which this format is made is full. Ask for another format, which needs no disk (all do "
    "without but SQLite), and the operator of this instance to make room."
)


@dataclass(frozen=True, slots=True)
class Room:
    """Where such files are, and how much they may take."""

    folder: Path | None = None
    """None: where the system keeps its temporary files."""

    left: Callable[[], int] | None = None
    """Returns how many bytes more the folder may take; None: as many as the disk has."""

    def check(self) -> None:
        """Look whether the files may grow.

        Raises
        ------
        LimitError
            They take what they may already.
        """
        if self.left is not None and self.left() <= 0:
            raise LimitError(
                "The results that are being fetched now take all the space that they may, and this format is "
                "made on disk: ask for fewer rows or another format (all do without but SQLite), or try "
                "again in a few minutes."
            )


_room = [Room()]


def use_room(room: Room) -> None:
    """Let all formats that this process writes put their files there."""
    _room[0] = room


@contextmanager
def scratch_file(suffix: str) -> Iterator[tuple[Path, Room]]:
    """Give the path of an empty file that goes with the block, and the room to look at while it grows.

    Raises
    ------
    UnavailableError
        The disk is full.
    LimitError
        There is no room for it.
    """
    room = _room[0]
    room.check()
    try:
        with tempfile.NamedTemporaryFile(prefix="sciplat-", suffix=suffix, dir=room.folder) as file:
            yield Path(file.name), room
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UnavailableError(DISK_FULL) from error
        raise
