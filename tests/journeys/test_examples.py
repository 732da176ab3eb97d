"""The Python examples of the README and the tutorials run as they are written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.running import Platform

pytestmark = pytest.mark.journey

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if "```python" in page.read_text()
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_examples_run(page: Path, platform: Platform, tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
    script = tmp_path / "example.py"
    script.write_text(code.replace("http://127.0.0.1:8080", platform.url))

    ran = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        check=False,
        env={**os.environ, "SCIPLAT_URL": platform.url, "SCIPLAT_TOKEN": platform.token(user="ada")},
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout
