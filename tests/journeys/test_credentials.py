"""Credentials that open nothing, on every route, and what is somebody else's."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from support.asking import STARS, Ada, ask, documented, send
from support.running import Platform, sciplat

pytestmark = pytest.mark.journey


def test_the_documentation_lists_every_route(platform: Platform) -> None:
    paths = requests.get(f"{platform.url}/api/openapi.json", timeout=30).json()["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}

    assert described <= {(method, path) for method, path, _ in documented()}


@pytest.fixture(scope="module")
def credentials(platform: Platform, ada: Ada) -> dict[str, str]:
    """Tokens that open nothing any more, or never did."""
    expiring = requests.post(
        f"{platform.url}/api/identity/tokens",
        json={"name": "short", "scopes": ["read:tap"], "expires_days": 1e-6},
        headers=ada.bearer,
        timeout=30,
    ).json()["token"]
    revoked = platform.token("read:tap", user="ada")
    sciplat(platform.home, "token", "revoke", revoked.removeprefix("sp-").split(".")[0])
    me = f"{platform.url}/api/identity/me"
    platform.wait_for(
        lambda: (
            requests.get(me, headers={"Authorization": f"Bearer {expiring}"}, timeout=30).status_code == 401
        ),
        what="the end of a token",
    )
    key, secret = ada.token.removeprefix("sp-").split(".")
    return {
        "malformed": "sp-nonsense",
        "truncated": ada.token[:-3],
        "wrong secret": f"sp-{key}.{secret[::-1]}",
        "swapped": f"sp-{secret}.{key}",
        "expired": expiring,
        "revoked": revoked,
    }


def in_every_form(token: str) -> Iterator[dict[str, str]]:
    yield {"Authorization": f"Bearer {token}"}
    for pair in (f"ada:{token}", f"{token}:", f"{token}:x-oauth-basic"):
        yield {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


TABLES = ("/tables/", "/scs/", "/metadata/")
"""In whose addresses the name of a table stands."""


def filled(path: str, ada: Ada) -> str:
    name = "secret.mine" if any(part in path for part in TABLES) else "x"
    key = ada.token.removeprefix("sp-").split(".")[0]
    known = {"job_id": ada.job, "query_id": ada.job, "key": key, "name": name}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "x" * 26), path)


@pytest.mark.parametrize(("method", "path", "policy"), documented(), ids=lambda each: each)
def test_credentials_that_open_nothing_open_no_route(
    platform: Platform, ada: Ada, credentials: dict[str, str], method: str, path: str, policy: str
) -> None:
    path = filled(path, ada)
    # Before it is looked at who asks, a form without what it is for is no request.
    wordless = ("/phase", "/executionduration", "/destruction", "/queries")
    closed = (400, 401) if path.endswith(wordless) else (401,)
    for token in credentials.values():
        for header in in_every_form(token):
            answer = send(platform, method, path, headers=header)
            if policy != "anyone":
                assert answer.status_code in closed, token
        cookie = {"Cookie": f"sciplat_session={token}", "Origin": platform.url}
        answer = send(platform, method, path, headers=cookie | {"X-Requested-With": "sciplat-portal"})
        assert policy == "anyone" or not answer.ok or "secret.mine" not in answer.text
        if policy == "signed in" or ada.job in path:
            assert answer.status_code in closed, token
    nothing = send(platform, method, path)
    if policy == "signed in" or ada.job in path:
        assert nothing.status_code in closed
    if method != "GET":
        foreign = {"Cookie": f"sciplat_session={ada.session}", "Origin": "http://evil.example"}
        assert send(platform, method, path, headers=foreign).status_code in (400, 403)


def test_a_token_with_other_scopes_reaches_no_catalog_and_no_job(platform: Platform, ada: Ada) -> None:
    header = {"Authorization": f"Bearer {platform.token('write:files', user='ada')}"}

    for method, path, _ in documented():
        if "{job_id}" in path or path in ("/api/jobs", "/api/tap/async"):
            assert send(platform, method, filled(path, ada), headers=header).status_code in (400, 403), path
    assert ask(platform, STARS, headers=header).status_code == 403
    assert send(platform, "GET", "/api/tap/tables/secret.mine", headers=header).status_code == 404
    assert "secret" not in send(platform, "GET", "/api/tap/tables", headers=header).text
    assert send(platform, "GET", f"/api/tap/async/{ada.job}/phase", headers=ada.bearer).text == "COMPLETED"


def test_a_token_makes_none_that_can_more_or_lives_longer(platform: Platform, ada: Ada) -> None:
    def make(**wanted: object) -> int:
        body = {"name": "x", "scopes": ["read:tap"]} | wanted
        return send(platform, "POST", "/api/identity/tokens", json=body, headers=header).status_code

    header = ada.bearer
    short = {"name": "x", "scopes": ["read:tap"], "expires_days": 1}
    child = send(platform, "POST", "/api/identity/tokens", json=short, headers=header).json()["token"]

    assert make(scopes=["write:files"]) == make(scopes=["read:tap", "admin:instance"]) == 403
    assert make(scopes=[]) == make(scopes=["all"]) == make(expires_days=-1) == make(expires_days=1e9) == 400
    assert make(name="a\nb") == make(name="x" * 101) == 400
    header = {"Authorization": f"Bearer {child}"}
    assert make(expires_days=2) == 400
    mother = ada.token.removeprefix("sp-").split(".")[0]
    assert send(platform, "DELETE", f"/api/identity/tokens/{mother}", headers=header).status_code == 404
    header = ada.bearer
    assert (
        send(platform, "PUT", "/api/identity/password", json={"password": "x" * 12}, headers=header).ok
        is False
    )


def test_what_is_somebody_elses_does_not_exist(platform: Platform, ada: Ada) -> None:
    key = ada.token.removeprefix("sp-").split(".")[0]
    sciplat(platform.home, "user", "add", "eve")
    eve = {"Authorization": f"Bearer {platform.token('read:tap', 'read:image', user='eve')}"}

    for method, path, _ in documented():
        if "{job_id}" not in path:
            continue
        theirs = send(platform, method, filled(path, ada), headers=eve)
        guessed = send(platform, method, filled(path, replace(ada, job="a" * 26)), headers=eve)
        assert theirs.status_code == guessed.status_code
        assert theirs.status_code in (400, 404), path
        assert theirs.text.replace(ada.job, "a" * 26) == guessed.text
    assert send(platform, "DELETE", f"/api/identity/tokens/{key}", headers=eve).status_code == 404
    assert send(platform, "DELETE", f"/api/identity/tokens/{'a' * 22}", headers=eve).status_code == 404
    assert key not in send(platform, "GET", "/api/identity/tokens", headers=eve).text
    assert send(platform, "GET", "/api/identity/me", headers=ada.bearer).json()["user"]["name"] == "ada"
