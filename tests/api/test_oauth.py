"""Programs learn who a user is by OAuth, and nobody else does."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from fastapi import FastAPI
from support.serving import serving

from sciplat.api import identity, oauth
from sciplat.api.errors import add_error_handlers
from sciplat.config import Settings
from sciplat.identity import Scope
from sciplat.instance import Instance
from sciplat.processes.application import application

BACK = "http://nb.localhost:8080/hub/oauth_callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKS = {
    "response_type": "code",
    "client_id": "hub",
    "redirect_uri": BACK,
    "state": "of the hub & no other",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@dataclass
class Place:
    url: str
    instance: Instance
    secret: str

    def session(self, user: str = "vera") -> dict[str, str]:
        made = self.instance.identity.create_session(user, lifetime=timedelta(days=1), began="link")
        return {"Cookie": f"sciplat_session={made.text}"}

    def authorize(self, headers: dict[str, str] | None = None, **other: str | None) -> requests.Response:
        asks = {name: value for name, value in (ASKS | other).items() if value is not None}
        return requests.get(
            f"{self.url}/api/identity/oauth/authorize",
            asks, headers=headers, allow_redirects=False, timeout=10,
        )  # fmt: skip

    def code(self, headers: dict[str, str] | None = None) -> str:
        return told(self.authorize(headers or self.session()))["code"]

    def redeem(self, good: str, auth: object = None, **other: str | None) -> requests.Response:
        form = {
            "grant_type": "authorization_code",
            "code": good,
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
        }
        sent = {name: value for name, value in (form | other).items() if value is not None}
        return requests.post(
            f"{self.url}/api/identity/oauth/token", sent, auth=auth or ("hub", self.secret), timeout=10
        )

    def userinfo(self, token: str) -> requests.Response:
        bearer = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.url}/api/identity/oauth/userinfo", headers=bearer, timeout=10)


def told(answer: requests.Response) -> dict[str, str]:
    """Return what the client is told by the address that it is led to."""
    assert answer.status_code == 303, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    to = urlsplit(answer.headers["location"])
    assert f"{to.scheme}://{to.netloc}{to.path}" == BACK
    return dict(parse_qsl(to.query))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    settings = Settings.model_validate({"notebooks": {"spawner": "system-users"}})  # for more than one user
    instance = Instance(tmp_path_factory.mktemp("oauth"), settings)
    instance.identity.create_user("vera")
    instance.identity.create_user("rosa", scopes=[Scope.READ_TAP])
    secret = instance.identity.clients.register("hub", redirect_uri=BACK)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    app = application(instance, lifespan)
    app.include_router(identity.router)
    app.include_router(oauth.router)
    add_error_handlers(app)
    with serving(app) as url:
        yield Place(url, instance, secret)
    instance.identity.close()


def test_a_client_learns_who_has_signed_in(place: Place) -> None:
    session = place.session()
    answer = told(place.authorize(session))
    assert answer.keys() == {"code", "state"}
    assert answer["state"] == ASKS["state"]

    granted = place.redeem(answer["code"])

    assert granted.headers["cache-control"] == "no-store"
    assert granted.json()["token_type"] == "Bearer"
    assert 86_000 < granted.json()["expires_in"] <= 86_400
    assert place.userinfo(granted.json()["access_token"]).json() == {"sub": "vera"}


def test_its_token_opens_nothing_else_and_ends_with_the_session(place: Place) -> None:
    session = place.session()
    token = place.redeem(place.code(session)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}

    made = requests.post(
        f"{place.url}/api/identity/tokens",
        json={"name": "x", "scopes": ["read:tap"]},
        headers=bearer,
        timeout=10,
    )
    assert made.status_code == 403
    assert place.authorize(bearer).status_code == 403
    tokens = requests.get(f"{place.url}/api/identity/tokens", headers=bearer, timeout=10)
    assert tokens.json() == {"tokens": []}
    requests.delete(
        f"{place.url}/api/identity/session", headers=session | {"Origin": place.url}, timeout=10
    ).raise_for_status()
    assert place.userinfo(token).status_code == 401


def test_nobody_is_led_to_sign_in_and_comes_back(place: Place) -> None:
    first = place.authorize()
    second = requests.get(first.headers["location"], allow_redirects=False, timeout=10)

    port = urlsplit(place.url).port
    assert first.headers["location"].startswith(f"http://localhost:{port}/api/identity/oauth/authorize?")
    to = urlsplit(second.headers["location"])
    assert (second.status_code, to.netloc, to.path) == (303, "", "/portal/sign-in")
    back = dict(parse_qsl(to.query))["next"]
    assert told(requests.get(place.url + back, headers=place.session(), allow_redirects=False, timeout=10))[
        "code"
    ]


def test_who_has_signed_in_under_the_other_name_of_this_machine_need_not_again(place: Place) -> None:
    port = urlsplit(place.url).port
    first = place.authorize({"Host": f"localhost:{port}"})

    assert first.headers["location"].startswith(f"{place.url}/api/identity/oauth/authorize?")
    answer = requests.get(
        first.headers["location"], headers=place.session(), allow_redirects=False, timeout=10
    )
    assert told(answer)["code"]
    elsewhere = place.authorize({"Host": "sky.example"})
    assert elsewhere.headers["location"].startswith(
        "/portal/sign-in?next=%2Fapi%2Fidentity%2Foauth%2Fauthorize%3F"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": None},
        {"client_id": "nobody"},
        {"redirect_uri": None},
        {"redirect_uri": "http://evil.example/hub/oauth_callback"},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": BACK + "?x=1"},
        {"redirect_uri": BACK + "#x"},
        {"redirect_uri": BACK.replace("nb.localhost", "nb.localhost@evil.example")},
        {"redirect_uri": BACK.upper()},
    ],
    ids=str,
)
def test_a_request_that_comes_from_no_client_leads_nowhere(
    place: Place, wrong: dict[str, str | None]
) -> None:
    answer = place.authorize(place.session(), **wrong)

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert answer.json()["error"]["code"] == "oauth"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"state": None}, "invalid_request"),
        ({"state": "x" * 5000}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
    ids=str,
)
def test_the_client_is_told_what_is_wrong_with_its_request(
    place: Place, wrong: dict[str, str | None], reason: str
) -> None:
    answer = told(place.authorize(place.session(), **wrong))

    assert answer["error"] == reason
    assert answer["error_description"]
    assert "code" not in answer


def test_a_parameter_may_come_once_only(place: Place) -> None:
    twice = f"{place.url}/api/identity/oauth/authorize?client_id=hub&client_id=hub"

    assert requests.get(twice, headers=place.session(), timeout=10).status_code == 400


def test_who_may_not_is_told_why(place: Place) -> None:
    answer = told(place.authorize(place.session("rosa")))

    assert answer["error"] == "access_denied"
    assert "exec:notebook" in answer["error_description"]
    assert answer["state"] == ASKS["state"]


def test_a_token_signs_in_to_no_other_program(place: Place) -> None:
    token = place.instance.identity.create_token("vera", scopes=[Scope.EXEC_NOTEBOOK]).text

    assert place.authorize({"Authorization": f"Bearer {token}"}).status_code == 403


def test_another_page_that_sends_the_browser_here_learns_nothing(place: Place) -> None:
    session, foreign = place.session(), {"Origin": "http://evil.example"}

    assert (
        told(place.authorize(session | foreign))["state"] == ASKS["state"]
    )  # as a link would: to the client
    posted = requests.post(
        f"{place.url}/api/identity/oauth/authorize", ASKS, headers=session | foreign, timeout=10
    )
    assert posted.status_code == 405
    form = {
        "grant_type": "authorization_code",
        "code": place.code(),
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    without = requests.post(
        f"{place.url}/api/identity/oauth/token", form, headers=session | foreign, timeout=10
    )
    assert (without.status_code, without.json()["error"]) == (401, "invalid_client")
    assert "access-control-allow-origin" not in without.headers


def test_a_code_is_good_once_for_whom_it_was_given(place: Place) -> None:
    other = place.instance.identity.clients.register("other", redirect_uri=BACK)
    token = place.redeem(code := place.code()).json()["access_token"]

    again = place.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert place.userinfo(token).status_code == 401
    for wrong in ({"code_verifier": "w" * 43}, {"redirect_uri": BACK + "/"}, {"auth": ("other", other)}):
        code = place.code()
        assert place.redeem(code, **wrong).json()["error"] == "invalid_grant"  # type: ignore[arg-type]
        assert place.redeem(code).json()["error"] == "invalid_grant"
    assert place.authorize(place.session(), client_id="other").status_code == 400  # nobody says who may


@pytest.mark.parametrize("name", ["code", "redirect_uri", "code_verifier", "grant_type"])
def test_what_is_missing_is_named(place: Place, name: str) -> None:
    answer = place.redeem(place.code(), **{name: None})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert name in answer.json()["error_description"]


@pytest.mark.parametrize("auth", [("hub", "wrong"), ("nobody", "x"), ("", "")], ids=str)
def test_a_client_that_does_not_say_who_it_is_gets_nothing(place: Place, auth: tuple[str, str]) -> None:
    code = place.code()
    answer = place.redeem(code, auth=auth)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "Basic" in answer.headers["www-authenticate"]
    assert place.redeem(code).status_code == 200  # who knows no secret uses up no code


def test_other_grants_and_forms_are_refused(place: Place) -> None:
    address, auth = f"{place.url}/api/identity/oauth/token", ("hub", place.secret)

    password = place.redeem("x", grant_type="password", username="vera", password="x")
    assert password.json()["error"] == "unsupported_grant_type"
    for body in (
        {"json": {"grant_type": "x"}},
        {"data": b"\xff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    ):
        answer = requests.post(address, auth=auth, timeout=10, **body)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    twice = requests.post(address, [("grant_type", "a"), ("grant_type", "b")], auth=auth, timeout=10)
    assert twice.status_code == 400
