"""STILTS, the command line of TOPCAT's authors, as a client that is not ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.running import Platform

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(
        shutil.which("stilts") is None, reason="stilts is not installed (Debian: apt install stilts)"
    ),
]


def stilts(*arguments: str) -> str:
    ran = subprocess.run(
        ["stilts", "-batch", *arguments], capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("sync", ["true", "false"])
def test_tapquery_answers_what_pyvo_answers(platform: Platform, sync: str) -> None:
    query = "SELECT TOP 3 source_id, phot_g_mean_mag FROM gaia.gaia_source ORDER BY phot_g_mean_mag"
    options = [f"sync={sync}", *([] if sync == "true" else ["poll=200"])]
    rows = stilts("tapquery", f"tapurl={platform.tap}", *options, f"adql={query}", "ofmt=csv")

    lines = rows.split()
    assert lines[0] == "source_id,phot_g_mean_mag"
    assert len(lines) == 4


@pytest.mark.requirement("DMS-API-REQ-0006")
def test_taplint_finds_no_error(platform: Platform) -> None:
    """Every stage."""
    report = stilts("taplint", f"tapurl={platform.tap}", "report=EWF", "format=text")

    problems = [line for line in report.splitlines() if line.startswith(("E-", "F-", "W-"))]
    assert problems == []


@pytest.mark.parametrize(
    "parameters",
    [
        "QUERY=SELECT+TOP+5+*+FROM+simwide.Object",
        "QUERY=SELECT+TOP+5+*+FROM+simwide.Object&RESPONSEFORMAT=votable/td",
        "QUERY=SELECT+*+FROM+simwide.Object+WHERE+objectId=0",
        "QUERY=SELECT+*+FROM+nothing",
        "QUERY=SELECT+TOP+5+*+FROM+simwide.Object&MAXREC=2",
        "QUERY=SELECT+*+FROM+TAP_SCHEMA.columns",
        "QUERY=SELECT+TOP+2+POINT(ra,dec)+AS+p,+CIRCLE(ra,dec,1)+AS+c+FROM+gaia.gaia_source",
    ],
)
def test_votlint_is_silent(platform: Platform, parameters: str, tmp_path: Path) -> None:
    import requests

    answer = requests.get(f"{platform.tap}/sync?LANG=ADQL&{parameters}", timeout=60)
    document = tmp_path / "answer.vot"
    document.write_bytes(answer.content)

    assert stilts("votlint", f"votable={document}") == ""
