"""What STILTS thinks of a VOTable."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

__all__ = ["votlint"]


def votlint(document: bytes) -> str:
    """Return what votlint says of a document: nothing if it is faultless."""
    if shutil.which("stilts") is None:
        pytest.skip("stilts is not installed (Debian: apt install stilts)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.vot"
        path.write_bytes(document)
        ran = subprocess.run(
            ["stilts", "-batch", "votlint", f"votable={path}"],
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
    return ran.stdout
