"""Who may see what, through the front door."""

from __future__ import annotations

import pytest
import pyvo
import requests
from support.running import Platform, sciplat

pytestmark = pytest.mark.journey

PRIVATE = {"QUERY": "SELECT name FROM secret.mine ORDER BY name", "LANG": "ADQL", "RESPONSEFORMAT": "csv"}


@pytest.fixture(scope="module")
def token(platform: Platform) -> str:
    return platform.token("read:tap", user="ada")


def ask(platform: Platform, **options: object) -> requests.Response:
    return requests.post(f"{platform.tap}/sync", PRIVATE, timeout=30, **options)


def test_a_private_table_asks_for_a_password(platform: Platform) -> None:
    answer = ask(platform)

    assert answer.status_code == 401
    assert "Basic realm=" in answer.headers["www-authenticate"]
    assert 'value="ERROR"' in answer.text


def test_without_signing_in_private_and_unknown_look_alike(platform: Platform) -> None:
    unknown = requests.post(
        f"{platform.tap}/sync", {"QUERY": "SELECT name FROM secret.yours", "LANG": "ADQL"}, timeout=30
    )

    assert unknown.status_code == ask(platform).status_code == 401
    known = requests.post(
        f"{platform.tap}/sync", {"QUERY": "SELECT name FROM secret.mine", "LANG": "ADQL"}, timeout=30
    )
    assert unknown.text.replace("yours", "mine") == known.text


def test_a_token_opens_it_as_bearer_and_as_basic(platform: Platform, token: str) -> None:
    for options in (
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"auth": ("ada", token)},
        {"auth": ("x-oauth-basic", token)},
        {"auth": (token, "")},
    ):
        answer = ask(platform, **options)
        assert (answer.status_code, answer.text.split()[1:]) == (200, ["first", "second"])


def test_pyvo_with_a_session_sees_private_tables(platform: Platform, token: str) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    service = pyvo.dal.TAPService(platform.tap, session=session)

    assert len(service.search("SELECT * FROM secret.mine")) == 2
    assert "secret.mine" in service.tables
    assert "secret.mine" not in pyvo.dal.TAPService(platform.tap).tables


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer sp-abc.def", "Bearer", "Bearer ", "Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Basic //79",
        "Digest x", "Basic c3AtYS5iOnNwLWMuZA==", "Bearer " + "x" * 5000,
    ],
)  # fmt: skip
def test_bad_credentials_are_refused_and_never_break_anything(platform: Platform, authorization: str) -> None:
    answer = ask(platform, headers={"Authorization": authorization})

    assert answer.status_code in (400, 401)
    assert "Traceback" not in answer.text


def test_the_right_key_with_a_wrong_secret_is_refused(platform: Platform, token: str) -> None:
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")

    assert ask(platform, headers={"Authorization": f"Bearer {wrong}"}).status_code == 401


def test_a_token_without_the_scope_is_refused_by_name(platform: Platform) -> None:
    narrow = platform.token("write:files", user="ada")

    answer = ask(platform, headers={"Authorization": f"Bearer {narrow}"})
    assert answer.status_code == 403
    assert "read:tap" in answer.text


def test_a_revoked_token_ends_at_once(platform: Platform) -> None:
    token = platform.token("read:tap", user="ada")
    header = {"Authorization": f"Bearer {token}"}
    assert ask(platform, headers=header).status_code == 200

    sciplat(platform.home, "token", "revoke", token.removeprefix("sp-").split(".")[0])

    assert ask(platform, headers=header).status_code == 401


def test_jobs_belong_to_their_owner(platform: Platform, token: str) -> None:
    header = {"Authorization": f"Bearer {token}"}
    made = requests.post(f"{platform.tap}/async", PRIVATE | {"PHASE": "RUN"}, headers=header, timeout=30)
    job = made.url

    assert requests.get(job, headers=header, timeout=30).status_code == 200
    assert requests.get(job, timeout=30).status_code == 401
    other = {"Authorization": f"Bearer {platform.token('read:tap')}"}
    assert requests.get(job, headers=other, timeout=30).status_code == 404
    assert requests.delete(job, headers=other, timeout=30).status_code == 404
    name = job.rsplit("/", 1)[1]
    assert (
        requests.get(f"{platform.url}/api/views/results/{name}", headers=other, timeout=30).status_code == 404
    )
    assert name in requests.get(f"{platform.tap}/async", headers=header, timeout=30).text
    assert name not in requests.get(f"{platform.tap}/async", headers=other, timeout=30).text
    assert name not in requests.get(f"{platform.tap}/async", timeout=30).text


def test_a_sign_in_link_works_once_and_a_session_changes_things_only_from_the_portal(
    platform: Platform,
) -> None:
    code = platform.sign_in_code()
    browser = requests.Session()
    own = {"Origin": platform.url}

    first = browser.post(f"{platform.url}/api/identity/session", json={"link": code}, headers=own, timeout=30)
    again = requests.post(
        f"{platform.url}/api/identity/session", json={"link": code}, headers=own, timeout=30
    )

    assert first.json()["user"]["name"] == "admin"
    assert again.status_code == 401
    cookie = next(iter(browser.cookies))
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert browser.get(f"{platform.url}/api/identity/me", timeout=30).json()["user"]["name"] == "admin"
    wanted = {"name": "mine", "scopes": ["read:tap"]}
    address = f"{platform.url}/api/identity/tokens"
    for origin in ({}, {"Origin": "null"}, {"Origin": "http://evil.example"}, {"Origin": platform.url + "0"}):
        assert browser.post(address, json=wanted, headers=origin, timeout=30).status_code == 403
    made = browser.post(address, json=wanted, headers=own, timeout=30)
    assert made.status_code == 201
    assert ask(platform, headers={"Authorization": f"Bearer {made.json()['token']}"}).status_code == 200
    listed = browser.get(address, timeout=30)
    assert made.json()["token"].split(".")[1] not in listed.text
    browser.delete(f"{platform.url}/api/identity/session", headers=own, timeout=30)
    assert browser.get(f"{platform.url}/api/identity/me", timeout=30).json()["user"] is None


def test_no_secret_is_in_any_log(platform: Platform, token: str) -> None:
    ask(platform, headers={"Authorization": f"Bearer {token}"})
    requests.get(
        f"{platform.tap}/sync", {"QUERY": "SELECT secret_word FROM secret.mine", "t": token}, timeout=30
    )

    logs = "".join(path.read_text() for path in (platform.home / "logs").glob("*.log*"))
    assert logs
    assert token.split(".")[1] not in logs
    assert "secret_word" not in logs
