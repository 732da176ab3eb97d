"""Views over HTTP and over their sockets, on the application of the views process."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from support.serving import serving
from support.viewing import SECONDS, Viewer, viewing
from views.doing import operation
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sciplat.api import view_socket
from sciplat.config import Settings
from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.processes.server import MOST_MESSAGE_BYTES, SOCKETS
from sciplat.processes.views import create_app
from sciplat.services import view as verbs
from sciplat.views.state import EMPTY, applied, fingerprint, patch_from_json
from sciplat.wire.operations import OPERATION, to_json

JOB = {"kind": "job", "job": "abc"}
ADA, BOB, EVE = "ada", "bob", "eve"


class Site:
    """The application, and tokens and sessions of its users."""

    def __init__(self, instance: Instance, url: str) -> None:
        self.instance, self.url = instance, url
        self.tokens = {
            name: instance.identity.create_token(name, scopes=[Scope.EXEC_PORTAL]).text
            for name in (ADA, BOB, EVE)
        }

    def session(self, user: str) -> str:
        began = self.instance.identity.create_session(user, lifetime=timedelta(days=1), began="password")
        return began.text

    def ask(self, user: str | None, method: str, path: str, **options: Any) -> requests.Response:
        headers = {} if user is None else {"Authorization": f"Bearer {self.tokens[user]}"}
        headers |= options.pop("headers", {})
        return requests.request(
            method, f"{self.url}/api/views{path}", headers=headers, timeout=SECONDS, **options
        )

    def view(self, **others: str) -> str:
        """Make a view of ada's, which others may see."""
        made = self.ask(ADA, "POST", "", json={"title": "Light curves"}).json()["id"]
        for user, role in others.items():
            assert self.ask(ADA, "PUT", f"/{made}/members/{user}", json={"role": role}).status_code == 204
        return str(made)

    def viewing(self, view: str, user: str, **options: Any) -> Any:
        return viewing(self.url, view, token=self.tokens[user], **options)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    instance = Instance(tmp_path_factory.mktemp("home"), Settings())
    for name in (ADA, BOB, EVE):
        instance.identity.create_user(name)
    with serving(create_app(instance), **SOCKETS) as url:
        yield Site(instance, url)
    instance.identity.close()


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_socket, "_LOOK_AGAIN_SECONDS", 0.05)


def closed(viewer: Viewer) -> ConnectionClosed:
    """Read until the end, and return it."""
    with pytest.raises(ConnectionClosed) as end:
        viewer.until(lambda message: False)
    return end.value


def test_a_view_is_made_changed_read_back_and_deleted(site: Site) -> None:
    made = site.ask(ADA, "POST", "", json={"title": "Light curves"}).json()
    assert (made["owner"], made["role"], made["revision"]) == ("ada", "owner", 0)
    assert made["socket"] == f"{site.url.replace('http', 'ws')}/api/views/{made['id']}/socket"
    view = made["id"]
    said = {"op": "table.open", "target": "T1", "source": JOB, "title": "<b>Stars</b>"}

    done = site.ask(ADA, "POST", f"/{view}/operations", json={"id": "one", "operation": said}).json()
    again = site.ask(ADA, "POST", f"/{view}/operations", json={"id": "one", "operation": said}).json()
    assert done == again
    assert (done["revision"], done["actor"], done["operation"]) == (1, "ada", said)
    read = site.ask(ADA, "GET", f"/{view}").json()
    assert read["state"]["entities"]["T1"]["title"] == "<b>Stars</b>"
    assert site.ask(ADA, "GET", f"/{view}/operations?after=0").json() == {"operations": [done]}
    assert view in [each["id"] for each in site.ask(ADA, "GET", "").json()["views"]]
    assert site.ask(ADA, "DELETE", f"/{view}").status_code == 204
    assert site.ask(ADA, "GET", f"/{view}").status_code == 404


def test_the_operations_are_published_as_a_json_schema(site: Site) -> None:
    answer = site.ask(None, "GET", "/operations.json")

    assert answer.json()["discriminator"]["propertyName"] == "op"
    assert len(answer.json()["oneOf"]) == 26
    assert "table.filter" in answer.text


def nested(depth: int) -> tuple[bytes, bytes]:
    return b'{"a":' * depth, b"}" * depth


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"nope"),
        (400, b'{"id": "a", "operation": {"op": "view.destroy"}}'),
        (400, b'{"id": "a b", "operation": {"op": "undo"}}'),
        (400, b'{"id": "a", "operation": {"op": "undo", "more": 1}}'),
        (400, b'{"id": "a", "operation": {"op": "layout.set", "layout": {"a": NaN}}}'),
        (400, b'{"id": "a", "operation": {"op": "layout.set", "layout": {"a": 1e999}}}'),
        (400, b'{"id": "a", "operation": {"op": "layout.set", "layout": {"a": "\\ud800"}}}'),
        (400, b'{"id": "a", "operation": {"op": "layout.set", "layout": {"a": 99999999999999999999}}}'),
        (400, b'{"id": "a", "operation": {"op": "view.rename", "title": "a\\u0000b"}}'),
        (400, b'{"id": "a", "operation": {"op": "layout.set", "layout": %s1%s}}' % nested(30)),
        (
            400,
            b'{"id": "a", "operation": {"op": "layout.set", "layout": %s1%s}}' % nested(9999),
        ),
        (
            422,
            b'{"id": "a", "operation": {"op": "layout.set", "layout": {"a": "%s"}}}' % (b"x" * 1_000_000),
        ),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_operation_is_refused_with_words(site: Site, status: int, body: bytes) -> None:
    view = site.view()

    answer = site.ask(
        ADA, "POST", f"/{view}/operations", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message"}
    assert site.ask(ADA, "GET", f"/{view}").json()["revision"] == 0


def test_a_view_of_somebody_else_does_not_exist(site: Site) -> None:
    view = site.view(bob="editor")
    for method, path, body in (
        ("GET", "", None),
        ("DELETE", "", None),
        ("GET", "/operations", None),
        ("POST", "/operations", {"id": "a", "operation": {"op": "undo"}}),
        ("GET", "/members", None),
        ("PUT", "/members/eve", {"role": "editor"}),
        ("DELETE", "/members/bob", None),
    ):
        theirs = site.ask(EVE, method, f"/{view}{path}", json=body)
        guessed = site.ask(EVE, method, f"/{'a' * 26}{path}", json=body)
        assert (theirs.status_code, guessed.status_code) == (404, 404), path
        assert theirs.text.replace(view, "a" * 26) == guessed.text
        assert site.ask(None, method, f"/{view}{path}", json=body).status_code == 401
    assert view not in site.ask(EVE, "GET", "").text
    for name in (view, "a" * 26, "results"):
        with site.viewing(name, EVE) as viewer:
            viewer.send(type="hello")
            assert closed(viewer).rcvd.code == 4404  # type: ignore[union-attr]


def test_a_socket_opens_for_a_token_or_for_a_session_from_the_portals_own_page(site: Site) -> None:
    view, cookie = site.view(), {"Cookie": f"sciplat_session={site.session(ADA)}"}

    with viewing(site.url, view, headers=cookie, origin=site.url) as viewer:
        assert viewer.hello()["you"] == "ada"
    with site.viewing(view, ADA) as viewer:
        assert viewer.hello() == {
            "type": "state", "revision": 0, "role": "owner", "owner": "ada", "you": "ada",
            "state": {**EMPTY, "title": "Light curves"},
        }  # fmt: skip
    refused: list[tuple[dict[str, str], str | None, int]] = [
        (cookie, "http://evil.example", 403),
        (cookie, "null", 403),
        (cookie, site.url.replace("http:", "https:"), 403),
        (cookie, site.url.replace("127.0.0.1", "localhost"), 403),
        (cookie, None, 403),
        ({}, None, 401),
        ({}, "http://evil.example", 401),
        ({"Authorization": "Bearer sp-nonsense"}, None, 401),
        ({"Authorization": f"Bearer {site.tokens[ADA][:-3]}"}, None, 401),
        ({"Authorization": "Digest x"}, None, 400),
        ({"Cookie": "sciplat_session=sp-aaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbb"}, "http://x", 403),
    ]
    for headers, origin, status in refused:
        with (
            pytest.raises(InvalidStatus) as answer,
            viewing(site.url, view, headers=headers, origin=origin),  # type: ignore[arg-type]
        ):
            pass
        assert answer.value.response.status_code == status
        assert json.loads(answer.value.response.body)["error"]["message"]
    ended = {"Cookie": "sciplat_session=sp-aaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbb"}
    with viewing(site.url, view, headers=ended, origin=site.url) as viewer:
        assert closed(viewer).rcvd.code == 4401  # type: ignore[union-attr]


def test_a_token_with_other_scopes_opens_no_view(site: Site) -> None:
    view = site.view()
    narrow = site.instance.identity.create_token(ADA, scopes=[Scope.READ_TAP]).text

    header = {"Authorization": f"Bearer {narrow}"}
    assert requests.get(f"{site.url}/api/views/{view}", headers=header, timeout=SECONDS).status_code == 403
    with viewing(site.url, view, token=narrow) as viewer:
        viewer.send(type="hello")
        assert closed(viewer).rcvd.code == 4403  # type: ignore[union-attr]


def end_session(site: Site, user: str) -> None:
    for token in site.instance.identity.tokens(user):
        if token.name == "to be revoked":
            site.instance.identity.revoke(token.key)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda site, view: end_session(site, BOB), 4401),
        (lambda site, view: site.ask(ADA, "DELETE", f"/{view}/members/bob"), 4404),
        (lambda site, view: site.ask(BOB, "DELETE", f"/{view}/members/bob"), 4404),
        (lambda site, view: site.ask(ADA, "DELETE", f"/{view}"), 4404),
    ],
    ids=["token revoked", "dismissed", "left", "deleted"],
)
def test_an_open_socket_ends_with_what_opened_it(
    site: Site, end: Callable[[Site, str], Any], code: int
) -> None:
    view = site.view(bob="editor")
    token = site.instance.identity.create_token(BOB, scopes=[Scope.EXEC_PORTAL], name="to be revoked").text
    with viewing(site.url, view, token=token) as viewer:
        viewer.hello()
        end(site, view)
        assert closed(viewer).rcvd.code == code  # type: ignore[union-attr]


def test_a_viewer_looks_and_hears_of_another_role(site: Site) -> None:
    view = site.view(bob="viewer")
    brush = {"kind": "brush", "target": "T1", "selection": None}
    with site.viewing(view, BOB) as viewer, site.viewing(view, ADA) as owner:
        assert viewer.hello()["role"] == "viewer"
        owner.hello()
        refused = viewer.do("a", op="view.rename", title="Mine")
        assert refused["error"]["code"] == "permission_denied"
        viewer.send(type="show", what=brush)
        assert viewer.hear()["error"]["code"] == "permission_denied"
        assert owner.do("b", op="view.rename", title="Ours")["type"] == "done"
        viewer.until_revision(1)
        site.ask(ADA, "PUT", f"/{view}/members/bob", json={"role": "editor"})
        assert viewer.hear() == {"type": "role", "role": "editor"}
        assert viewer.do("a", op="view.rename", title="Mine")["type"] == "done"
        viewer.send(type="show", what=brush)
        shown = owner.until(lambda message: message["type"] == "shown")
        assert shown == {"type": "shown", "actor": "bob", "what": brush}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("nope", 4400),
        ("[]", 4400),
        ("{}", 4400),
        ('{"type": "sudo"}', 4400),
        ('{"type": "hello"}', 4400),
        ('{"type": "do", "id": "no good", "operation": {"op": "undo"}}', 4400),
        ('{"type": "do", "operation": {"op": "undo"}}', 4400),
        ('{"type": "show", "what": {"kind": "brush", "target": "T1", "selection": 1}}', 4400),
        ('{"type": "show", "what": {"kind": "look", "target": "S1", "x": NaN, "y": 0, "zoom": 1}}', 4400),
        ("[" * 100_000, 4400),
        ('{"a":' * 40_000, 4400),
        (b"binary", 4400),
        (b"\xff\xfe", 4400),
        ("x" * (view_socket.MOST_MESSAGE_BYTES + 1), 4422),
        ("x" * 1_000_000, 4422),
        ("x" * (MOST_MESSAGE_BYTES + 1), 1009),
    ],
    ids=range(16),
)
def test_what_is_no_message_ends_the_socket_and_nothing_else(
    site: Site, message: str | bytes, code: int
) -> None:
    view = site.view()
    with site.viewing(view, ADA) as viewer, site.viewing(view, ADA) as other:
        viewer.hello()
        other.hello()
        viewer.socket.send(message)
        assert closed(viewer).rcvd.code == code  # type: ignore[union-attr]
        assert other.do("a", op="view.rename", title="still here")["type"] == "done"


def test_hello_comes_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    view = site.view()
    with site.viewing(view, ADA) as viewer:
        viewer.send(type="do", id="a", operation={"op": "undo"})
        assert closed(viewer).rcvd.code == 4400  # type: ignore[union-attr]
    monkeypatch.setattr(view_socket, "_HELLO_SECONDS", 0.05)
    with site.viewing(view, ADA) as viewer:
        assert closed(viewer).rcvd.code == 4400  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "wrong",
    [
        {"op": "zzz"},
        {"op": "undo", "more": 1},
        {},
        None,
        {"op": "layout.set", "layout": {"a": {"b": float("nan")}}},
        {"op": "table.filter", "target": "T1", "condition": "ra > 5"},
    ],
    ids=range(6),
)
def test_an_operation_that_is_none_is_refused_and_the_socket_goes_on(site: Site, wrong: object) -> None:
    view = site.view()
    with site.viewing(view, ADA) as viewer:
        viewer.hello()
        viewer.send(type="do", id="a", operation=wrong)
        refused = viewer.hear()
        assert (refused["type"], refused["id"]) == ("refused", "a")
        assert refused["error"]["message"]
        assert viewer.do("a", op="sky.open", target="S1")["type"] == "done"


def test_who_comes_late_or_again_has_the_same_state(site: Site) -> None:
    view = site.view(bob="editor")
    with site.viewing(view, ADA) as ada:
        ada.hello()
        for number in range(10):
            ada.do(str(number), op="sky.open", target=f"S{number}")
        with site.viewing(view, BOB) as bob:
            assert bob.hello()["type"] == "state"
            assert (bob.revision, bob.hash) == (10, ada.hash)
            left = bob.state
        ada.do("10", op="close", target="S3")
        ada.do("11", op="undo")
        ada.do("12", op="sky.update", target="S3", dec=0.3)
        with site.viewing(view, BOB) as bob:
            assert [entry["revision"] for entry in bob.hello(10, left)["entries"]] == [11, 12, 13]
            assert bob.hash == ada.hash
            assert bob.do("12", op="sky.update", target="S3", dec=0.3)["error"]["code"] == "conflict"
        with site.viewing(view, ADA) as again:
            assert again.hello(13, ada.state)["entries"] == []
            assert again.do("12", op="sky.update", target="S3", dec=0.3) == {
                "type": "done", "id": "12", "revision": 13,
            }  # fmt: skip
            assert again.hash == ada.hash
        for unknown in (14, 2**40):
            with site.viewing(view, ADA) as again:
                assert again.hello(unknown)["type"] == "state"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_what_several_do_at_random_comes_out_the_same_for_all(
    site: Site, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "OPERATIONS_AT_ONCE", 10**6)
    view = site.view(bob="editor", eve="editor")
    ends: list[tuple[int | None, str]] = []
    counts: dict[str, int] = {}

    def work(user: str, leaves: bool) -> None:
        rng = random.Random(f"{seed} {user}")
        known: tuple[Any, Any] = (None, None)
        done = 0
        for part in range(3 if leaves else 1):
            with site.viewing(view, user) as viewer:
                viewer.hello(*known)
                for number in range(20 if leaves else 60):
                    said = to_json(operation(rng, viewer.state))
                    name = f"{user}-{part}-{number}"
                    done += viewer.do(name, **said)["type"] == "done"
                known = (viewer.revision, viewer.state)
        counts[user] = done
        finished.wait()
        with site.viewing(view, user) as viewer:
            viewer.hello(*known)
            ends.append((viewer.revision, viewer.hash))

    finished = threading.Barrier(3)
    threads = [
        threading.Thread(target=work, args=(user, leaves))
        for user, leaves in ((ADA, True), (BOB, False), (EVE, True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    read = site.ask(ADA, "GET", f"/{view}").json()
    assert ends == [(read["revision"], fingerprint(read["state"]))] * 3
    assert read["revision"] == sum(counts.values())
    state = {**EMPTY, "title": "Light curves"}
    log = site.ask(ADA, "GET", f"/{view}/operations?limit=1000").json()["operations"]
    assert [entry["revision"] for entry in log] == list(range(1, read["revision"] + 1))
    for entry in log:
        assert to_json(OPERATION.validate_python(entry["operation"])) == entry["operation"]
        state = dict(applied(state, patch_from_json(entry["patch"])))
    assert fingerprint(state) == fingerprint(read["state"])


def test_who_does_too_much_is_held_back_and_loses_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "OPERATIONS_AT_ONCE", 3)
    monkeypatch.setattr(verbs, "OPERATIONS_A_SECOND", 50.0)
    view = site.view()
    with site.viewing(view, ADA) as viewer:
        viewer.hello()
        for number in range(10):
            viewer.send(type="do", id=str(number), operation={"op": "view.rename", "title": str(number)})
        viewer.until_revision(10)
    monkeypatch.setattr(verbs, "OPERATIONS_A_SECOND", 0.001)
    view = site.view()
    statuses = [
        site.ask(
            ADA,
            "POST",
            f"/{view}/operations",
            json={"id": name, "operation": {"op": "sky.open", "target": name}},
        )
        for name in "abcd"
    ]
    assert [answer.status_code for answer in statuses] == [200, 200, 200, 429]
    assert int(statuses[-1].headers["Retry-After"]) > 0


@pytest.mark.slow
def test_who_does_not_listen_is_sent_away_and_holds_up_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "OPERATIONS_AT_ONCE", 10**6)
    monkeypatch.setattr(view_socket, "_MOST_WAITING", 500_000)
    view = site.view(bob="viewer")
    layout = {"text": "x" * 200_000}
    with site.viewing(view, ADA) as ada, site.viewing(view, BOB, max_queue=1) as bob:
        ada.hello()
        bob.hello()
        for number in range(40):
            assert ada.do(str(number), op="layout.set", layout=layout | {"n": number})["type"] == "done"
        end = closed(bob)
        assert end.rcvd is not None
        assert (end.rcvd.code, end.rcvd.reason) == (1013, "You are too far behind: come again.")
        known = (bob.revision, bob.state)
    with site.viewing(view, BOB) as bob:
        bob.hello(*known)
        assert bob.hash == ada.hash
