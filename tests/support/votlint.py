"""What STILTS thinks of a VOTable and of links."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

__all__ = ["datalinklint", "votlint"]


def votlint(document: bytes) -> str:
    """Return what votlint says of a document: nothing if it is faultless."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.vot"
        path.write_bytes(document)
        return _stilts("votlint", f"votable={path}")


def datalinklint(address: str) -> list[str]:
    """Return the errors, warnings and failures that datalinklint reports of the links at an address."""
    report = _stilts("datalinklint", "report=EWF", f"votable={address}")
    return [line for line in report.splitlines() if line[:2] in ("E-", "W-", "F-")]


def _stilts(*words: str) -> str:
    if shutil.which("stilts") is None:
        pytest.skip("stilts is not installed (Debian: apt install stilts)")
    command = ["stilts", "-batch", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
