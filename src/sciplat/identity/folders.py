"""The folder that every user has."""

from __future__ import annotations

from pathlib import Path

from sciplat.errors import ConflictError, UnavailableError

__all__ = ["make_folder"]


def make_folder(folder: Path) -> None:
    """Make a user's folder, which nobody else on the machine may enter.

    Raises
    ------
    ConflictError
        A link stands there, which could lead anywhere.
    UnavailableError
        It can't be made.
    """
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink():
            raise ConflictError(f"{folder} is a link: a user's folder must be one of its own")
        folder.chmod(0o700)
    except OSError as error:
        raise UnavailableError(f"The folder {folder} can't be made: {error.strerror}") from error
