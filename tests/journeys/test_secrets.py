"""Passwords and secrets: they are not guessed, and at the end they lie nowhere."""

from __future__ import annotations

import http.client
import json
import os
import stat
from pathlib import Path

import psutil
import pytest
from support.asking import Ada, ask, send, session_of
from support.running import Platform, sciplat

pytestmark = [pytest.mark.journey, pytest.mark.alone]


def sign_in(platform: Platform, user: str, password: str, source: str) -> tuple[int, dict[str, str], str]:
    """Try to sign in from an address of the loopback that nobody else uses."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", platform.port, source_address=(source, 0), timeout=30
    )
    body = json.dumps({"username": user, "password": password})
    kind = {"Content-Type": "application/json", "X-Forwarded-For": os.urandom(4).hex()}
    connection.request("POST", "/api/identity/session", body, kind)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return found


@pytest.fixture
def guarded(platform: Platform) -> str:
    """A user with a password."""
    sciplat(platform.home, "user", "add", "grace", check=False)
    own = {"Origin": platform.url, "Cookie": f"sciplat_session={session_of(platform, 'grace')}"}
    chosen = {"password": "correct horse battery"}
    assert send(platform, "PUT", "/api/identity/password", json=chosen, headers=own).status_code == 204
    return "grace"


def test_guessing_passwords_is_slowed_down_by_account_and_by_address(
    platform: Platform, guarded: str
) -> None:
    unknown = sign_in(platform, "nobody-here", "wrong", "127.0.0.21")
    known = sign_in(platform, guarded, "wrong", "127.0.0.21")
    assert unknown[0] == known[0] == 401
    assert unknown[2] == known[2]

    answers = [sign_in(platform, guarded, "wrong", f"127.0.0.{30 + number}") for number in range(6)]
    assert answers[-1][0] == 429
    assert 0 < int(answers[-1][1]["Retry-After"]) <= 60
    assert sign_in(platform, guarded, "correct horse battery", "127.0.0.50")[0] == 429
    nobodies = [sign_in(platform, "nobody-here", "wrong", f"127.0.0.{60 + number}") for number in range(6)]
    assert [one[0] for one in nobodies][-1] == 429

    platform.wait_for(
        lambda: sign_in(platform, guarded, "correct horse battery", "127.0.0.50")[0] == 200,
        seconds=15,
        what="the end of the wait",
    )
    by_address = [sign_in(platform, f"user{number}", "wrong", "127.0.0.22")[0] for number in range(22)]
    assert by_address[:20] == [401] * 20
    assert by_address[-1] == 429
    assert sign_in(platform, guarded, "correct horse battery", "127.0.0.23")[0] == 200


def test_nobody_else_on_this_machine_reaches_the_sockets_and_the_secrets(platform: Platform) -> None:
    record = json.loads((platform.home / "run.json").read_text())
    directory = Path(record["directory"])

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "caddy-admin.sock").stat().st_mode) == 0o600
    for name in ("", "state", "spool", "logs", "workspace", "tmp", "caddy", "catalogs"):
        mode = stat.S_IMODE((platform.home / name).stat().st_mode)
        assert mode & 0o077 == 0, f"{name}: {mode:o}"
    for path in (*(platform.home / "state").iterdir(), *(platform.home / "logs").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_only_the_front_door_listens(platform: Platform) -> None:
    supervisor = psutil.Process(platform.process.pid)
    family = [supervisor, *supervisor.children(recursive=True)]
    listening = {
        (one.laddr.ip, one.laddr.port)
        for each in family
        for one in each.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }

    assert {port for _, port in listening} == {platform.port}
    assert {address for address, _ in listening} <= {"127.0.0.1", "::1"}


def test_at_the_end_no_secret_is_in_a_log_or_on_a_command_line(platform: Platform, ada: Ada) -> None:
    secrets = {ada.token.split(".")[1], ada.session.split(".")[1], platform.sign_in_code()}
    ask(platform, f"SELECT '{ada.token}' AS x FROM nowhere.nothing", params={"token": ada.token})
    send(platform, "GET", f"/api/tap/tables/{ada.token}")
    written = "".join(path.read_text() for path in (platform.home / "logs").iterdir())
    written += " ".join(
        " ".join(one.cmdline()) for one in psutil.Process(platform.process.pid).children(True)
    )
    written += (platform.home / "run.json").read_text()

    assert [secret for secret in secrets if secret in written] == []
    assert "correct horse battery" not in written
    for database in (platform.home / "state").iterdir():
        assert not any(secret.encode() in database.read_bytes() for secret in secrets), database
    assert "Traceback" not in (platform.home / "logs" / "web.log").read_text()
