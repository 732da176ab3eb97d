"""The Python, curl and STILTS examples of the README and the documentation run as they are written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from astropy.table import Table
from support.running import Platform

pytestmark = [pytest.mark.journey, pytest.mark.usefixtures("coadds")]

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CLIENTS = re.compile(r"^(?:\w+=\$\()?(curl|stilts) ", re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def asking(page: Path) -> list[str]:
    """Return the blocks for a shell that ask an instance; the others are commands of its operator."""
    return [block for block in blocks(page, "sh") if CLIENTS.search(block)]


@pytest.fixture(scope="module")
def environment(platform: Platform) -> dict[str, str]:
    """What examples find in their environment: the instance, a token, and a query of its user."""
    token = platform.token("read:tap", "read:image", user="ada")
    headers = {"Authorization": f"Bearer {token}"}
    form = {"LANG": "ADQL", "QUERY": "SELECT TOP 3 source_id, ra FROM gaia.gaia_source WHERE ra > 1"}
    asked = requests.post(f"{platform.tap}/sync", form, headers=headers, timeout=60)
    return {
        **os.environ,
        "SCIPLAT_URL": platform.url,
        "SCIPLAT_TOKEN": token,
        "URL": platform.url,
        "TOKEN": token,
        "ID": asked.headers["X-Sciplat-Query"],
    }


def of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=of)
def test_the_examples_in_python_run(
    page: Path, platform: Platform, environment: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "example.py"
    code = "\n".join(blocks(page, "python"))
    script.write_text(code.replace("http://127.0.0.1:8080", platform.url))

    ran = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        check=False,
        env=environment,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


@pytest.mark.parametrize("page", [page for page in PAGES if asking(page)], ids=of)
def test_the_examples_for_a_shell_run(
    page: Path, platform: Platform, environment: dict[str, str], tmp_path: Path
) -> None:
    wanted = {client for block in asking(page) for client in CLIENTS.findall(block)}
    if missing := [client for client in wanted if shutil.which(client) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    mine = Table({"name": ["a", "b"], "ra": [25.60, 25.61], "dec": [0.30, 0.31]})
    mine.write(tmp_path / "mine.csv")
    mine.write(tmp_path / "mine.fits")
    # An error of the instance ends the script, as an error of the shell does.
    strict = 'set -euo pipefail\ncurl() { command curl --silent --show-error --fail-with-body "$@"; }\n'
    code = strict + "\n".join(asking(page))

    ran = subprocess.run(
        ["bash", "-c", code.replace("http://127.0.0.1:8080", platform.url)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        check=False,
        env=environment,
    )

    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert ran.stdout
