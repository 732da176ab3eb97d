"""Debian's Chromium, where it is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

__all__ = ["CHROMIUM"]

CHROMIUM = next(
    (
        path
        for path in ("/usr/lib/chromium/chromium", shutil.which("chromium"))
        if path and Path(path).exists()
    ),
    None,
)
