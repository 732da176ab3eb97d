"""The HiPS of data releases, as the files that the standard describes (HiPS 1.0, section 4)."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

__all__ = ["HipsFolder", "properties_text", "read_properties", "write_file"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_FILE = re.compile(
    r"properties|Moc\.fits|Norder\d{1,2}/(Dir\d{1,20}/Npix\d{1,20}|Allsky)\.(fits|png)", re.ASCII
)
_MADE_OF = "made-of"


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    OSError
        The disk is full.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{uuid.uuid4().hex}.unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def properties_text(properties: Mapping[str, object]) -> str:
    """Return the file ``properties`` (section 4.4.1)."""
    width = max(map(len, properties), default=0)
    return "".join(f"{name:{width}} = {value}\n" for name, value in properties.items() if value is not None)


def read_properties(text: str) -> dict[str, str]:
    """Return what a file ``properties`` says."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


class HipsFolder:
    """The HiPS of all releases, below one folder: ``RELEASE/NAME``."""

    def __init__(self, folder: Path) -> None:
        """Keep them in ``folder``, which is made with the first of them."""
        self._folder = folder

    def names(self, release: str) -> tuple[str, ...]:
        """Return the HiPS of a release that are complete, by name."""
        if not _NAME.fullmatch(release) or not (self._folder / release).is_dir():
            return ()
        found = (path.name for path in (self._folder / release).iterdir() if (path / "properties").is_file())
        return tuple(sorted(name for name in found if _NAME.fullmatch(name)))

    def properties(self, release: str, name: str) -> dict[str, str]:
        """Return what is said of one; nothing of one that is not there."""
        path = self.file(release, name, "properties")
        return {} if path is None else read_properties(path.read_text(encoding="utf-8"))

    def file(self, release: str, name: str, file: str) -> Path | None:
        """Return a file of a HiPS; None where there is no such, or it belongs to no HiPS."""
        if not (_NAME.fullmatch(release) and _NAME.fullmatch(name) and _FILE.fullmatch(file)):
            return None
        path = self._folder / release / name / file
        try:
            return path if path.is_file() else None
        except OSError:  # no file has a name so long
            return None

    def begin(self, release: str, name: str, made_of: str) -> Path | None:
        """Return the folder in which a HiPS is made; None where it is there already, made of the same.

        What was begun with the same stays, so that it can be gone on with.
        """
        done = self._folder / release / name
        if (done / "properties").is_file() and _read(done / _MADE_OF) == made_of:
            return None
        making = self._folder / release / f".making-{name}"
        if _read(making / _MADE_OF) != made_of:
            shutil.rmtree(making, ignore_errors=True)
            write_file(making / _MADE_OF, made_of.encode())
        return making

    def finish(self, release: str, name: str) -> Path:
        """Put what was made in the place of what was there."""
        making, done = self._folder / release / f".making-{name}", self._folder / release / name
        old = self._folder / release / f".old-{uuid.uuid4().hex}"
        if done.exists():
            done.rename(old)
        making.rename(done)
        for each in (self._folder / release).glob(".old-*"):
            shutil.rmtree(each, ignore_errors=True)
        return done


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
