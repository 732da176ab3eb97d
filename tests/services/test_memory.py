"""Work on images takes the memory of its parts: twenty times as much to do needs hardly any more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

MUCH_MB = 120
"""More than what comes and goes; the large image has 300 MB, and all coadds of the map 53."""

CHILD = Path(__file__).parents[1] / "support" / "memory_child.py"


@pytest.mark.slow
def test_memory_does_not_grow_with_what_there_is_to_do(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, str(CHILD), str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHILD.parents[1])},
    )

    peaks = json.loads(child.stdout.splitlines()[-1])
    assert set(peaks) == {"bulk", "hips", "mosaic", "picture", "butler"}
    for name, (little, much) in peaks.items():
        assert much < little + MUCH_MB, f"{name}: {peaks}"
