"""Requests of people with bad intentions or bad luck, and what is true of every answer."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import requests

from support.running import Platform, sciplat

__all__ = ["FORM", "STARS", "Ada", "ask", "documented", "others_are_answered", "send", "session_of"]

ADDRESSES = Path(__file__).resolve().parents[2] / "docs" / "reference" / "addresses.md"
TABLES = ("/api/tap", "/api/scs", "/api/sia", "/api/datalink", "/api/cutouts")
"""What answers errors as a VOTable."""

STARS = "SELECT TOP 3 source_id, ra FROM gaia.gaia_source"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Ada:
    """A user with a token, a session and a job."""

    token: str
    session: str
    job: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def session_of(platform: Platform, user: str) -> str:
    """Sign in with a one-time link, and return the cookie's value."""
    found = re.search(r"#(\S+)", sciplat(platform.home, "user", "link", user).stdout)
    assert found is not None
    answer = requests.post(
        f"{platform.url}/api/identity/session",
        json={"link": found[1]},
        headers={"Origin": platform.url},
        timeout=30,
    )
    return answer.cookies["sciplat_session"]


def send(platform: Platform, method: str, path: str, **options: object) -> requests.Response:
    """Send a request, and see that its answer is honest whatever it is."""
    options.setdefault("timeout", 30)
    options.setdefault("allow_redirects", False)
    answer = requests.request(method, platform.url + path, **options)
    asked = options.get("headers") or {}
    where = f"{method} {path[:80]}: {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, where
    assert "Traceback" not in answer.text, where
    assert 'SELECT "' not in answer.text, where
    if answer.status_code >= 400:
        if path.startswith(TABLES) and not path.startswith("/api/tape"):
            status = ET.fromstring(answer.content).find(".//{*}INFO[@name='QUERY_STATUS']")
            assert status is not None, where
            assert status.get("value") == "ERROR", where
            assert status.text, where
        elif path.startswith("/api/soda"):
            assert re.match(r"[A-Za-z]+: \S", answer.text), where  # text in the words of the standard
        elif path.startswith("/api/butler/repo/") and answer.status_code == 422:
            assert set(answer.json()) == {"error_type", "detail"}, where  # as the Butler's clients know it
        elif path == "/api/identity/oauth/token":
            assert set(answer.json()) == {"error", "error_description"}, where  # RFC 6749, section 5.2
        else:
            assert set(answer.json()["error"]) >= {"code", "message"}, where
    elif "xml" in answer.headers.get("content-type", ""):
        ET.fromstring(answer.content)
    if answer.status_code == 401:
        challenges = answer.headers["www-authenticate"]
        assert "Bearer realm=" in challenges
        assert ("Basic realm=" in challenges) == (asked.get("X-Requested-With") != "sciplat-portal")
    return answer


def ask(platform: Platform, query: str, **options: object) -> requests.Response:
    form = {"QUERY": query, "LANG": "ADQL", "RESPONSEFORMAT": "csv"}
    return send(platform, "POST", "/api/tap/sync", data=form, **options)


def others_are_answered(platform: Platform) -> None:
    began = time.monotonic()
    assert ask(platform, STARS).status_code == 200
    assert time.monotonic() - began < 10


def documented() -> list[tuple[str, str, str]]:
    """Return method, path and policy of every route, as the documentation lists them."""
    found = []
    for line in ADDRESSES.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].startswith("`"):
            found += [
                (method.strip(), path, cells[2])
                for path in re.findall(r"`([^`]+)`", cells[0])
                for method in cells[1].split(",")
            ]
    return found
