"""Requests, parameters and bodies that no client of good will sends: each gets an honest answer."""

from __future__ import annotations

import socket
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
import requests
from support.asking import FORM, STARS, Ada, ask, documented, others_are_answered, send
from support.running import Platform

pytestmark = pytest.mark.journey

KEPT = ("/api/views/results/", "/api/images/", "/api/hips/")
"""What the browser of whoever asked may keep."""


def test_every_address_answers_head_as_it_answers_get(platform: Platform, ada: Ada) -> None:
    for method, address, _ in documented():
        if method == "GET":
            path = address.replace("{job_id}", ada.job)
            get, head = (
                requests.request(each, platform.url + path, headers=ada.bearer, timeout=30)
                for each in ("GET", "HEAD")
            )
            assert (head.status_code, head.content) == (get.status_code, b""), path
            assert head.headers["content-type"] == get.headers["content-type"], path
            if path.startswith("/api/"):
                kept = "private" if path.startswith(KEPT) and get.ok else "no-store"
                assert kept in get.headers["cache-control"], path


def raw(platform: Platform, text: bytes) -> tuple[int, bytes]:
    with socket.create_connection(("127.0.0.1", platform.port), timeout=10) as connection:
        connection.sendall(text)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return int(answer.split()[1]), answer


HOSTS = [
    b"[",
    b"[::1",
    b"a&b",
    b"a'b",
    b"a%00b",
    b"",
    b"a b",
    b"a<b>",
    b"a/b",
    b"a@b",
    b"\xe9",
    b":80",
    b"a:b",
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", [b"/api/tap/capabilities", b"/api/identity/me", b"/portal"])
def test_a_host_that_is_none_is_refused(platform: Platform, host: bytes, path: bytes) -> None:
    status, _ = raw(
        platform, b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
    )

    assert status == 400


def test_nobody_can_say_that_they_came_through_another_front_door(platform: Platform) -> None:
    _, answer = raw(
        platform,
        b"GET /api/tap/capabilities HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: evil.example\r\n"
        b"X-Forwarded-Proto: https\r\nForwarded: host=evil.example\r\nX-Auth-Request-User: admin\r\n"
        b"Connection: close\r\n\r\n",
    )

    assert b"evil.example" not in answer
    assert b"http://localhost/api/tap" in answer
    spoofed = {"X-Forwarded-User": "admin", "X-Auth-User": "admin", "Remote-User": "admin"}
    assert send(platform, "GET", "/api/identity/me", headers=spoofed).json()["user"] is None


@pytest.mark.parametrize(
    "header",
    [
        b"Authorization: Basic \xe9\xe9", b"Authorization: Bearer \xe9", b"Authorization:",
        b"Authorization: Basic Og==", b"Authorization: Basic " + b"A" * 40_000, b"Authorization: Negotiate x",
    ],
    ids=lambda header: ascii(header[:30]),
)  # fmt: skip
def test_odd_credentials_are_refused(platform: Platform, header: bytes) -> None:
    host = b"Host: localhost\r\nConnection: close\r\n"
    status, answer = raw(platform, b"GET /api/identity/me HTTP/1.1\r\n" + host + header + b"\r\n\r\n")

    assert status in (400, 401)
    assert b'"error"' in answer


@pytest.mark.parametrize("cookie", [b"", b"\xff", b"a; sciplat_session=b", b'"\\351"', b"x" * 30_000])
def test_odd_cookies_are_nobody(platform: Platform, cookie: bytes) -> None:
    host = b"Host: localhost\r\nConnection: close\r\n"
    status, answer = raw(
        platform,
        b"GET /api/identity/me HTTP/1.1\r\n" + host + b"Cookie: sciplat_session=" + cookie + b"\r\n\r\n",
    )

    assert status == 200
    assert b'"user":null' in answer


PATHS = [
    "/portal/assets/%00", "/portal/assets/%2e%2e", "/portal/assets/..%2f..%2fpages.py", "/portal/assets/%ff",
    "/portal/assets/" + "x" * 300, "/portal/assets/" + "x" * 5000, "/portal/%2e%2e/%2e%2e/etc/passwd",
    "/portal/..%2f..%2f..%2fetc/passwd", "//evil.example/", "//evil.example/%2e%2e", "/portal//evil.example",
    "/api/tap/tables/%00", "/api/tap/tables/%01%02", "/api/tap/tables/..", "/api/tap/tables/%3Cscript%3E",
    "/api/tap/tables/" + "x" * 20_000, "/api/tap/%01", "/api/tap/x%0d%0aSet-Cookie:a=b", "/api/tapestry",
    "/api/tap//sync", "/api/%ff", "/api/views/results/%00", "/api/views/results/..%2f..%2fx",
    "/api/views/results/" + "x" * 5000, "/api/views/results/x?offset=-1", "/api/views/results/x?limit=1e9",
    "/api/views/results/x?offset=99999999999999999999", "/api/jobs/%ff", "/api/jobs/%00", "/api/jobs?limit=0",
    "/api/jobs/x?wait=99999", "/api/tap/tables?DETAIL=%01",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:40])
def test_odd_paths_lead_nowhere(platform: Platform, ada: Ada, path: str) -> None:
    with requests.Session() as session:
        request = requests.Request("GET", platform.url + path, headers=ada.bearer).prepare()
        request.url = platform.url + path  # as it stands, with its dots
        answer = session.send(request, timeout=30, allow_redirects=False)

    assert answer.status_code in (200, 400, 404)
    assert "root:" not in answer.text
    assert "import" not in answer.text
    assert "set-cookie" not in answer.headers
    if answer.status_code == 200:
        assert answer.text.startswith("<!doctype html>")
    elif path.startswith(("/api/tap/", "/api/tap?")):
        ET.fromstring(answer.content)
    else:
        assert "error" in answer.json()


NOT_THEIR_TYPE = ["-1", "1.5", "1e3", "x", "٣", "²", "9" * 30, "0x10", "NaN"]
NO_TIMES = ["x", "2026-13-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-10:00", "now", "9" * 50]


def job(platform: Platform, ada: Ada, **parameters: str) -> requests.Response:
    form = {"QUERY": STARS, "LANG": "ADQL"} | parameters
    return send(platform, "POST", "/api/tap/async", data=form, headers=ada.bearer)


def path_of(answer: requests.Response) -> str:
    assert answer.status_code == 303, answer.text
    return "/api" + answer.headers["location"].split("/api", 1)[1]


def test_parameters_that_are_none_of_their_type_are_refused(platform: Platform, ada: Ada) -> None:
    made = path_of(job(platform, ada))
    for text in NOT_THEIR_TYPE:
        assert job(platform, ada, MAXREC=text).status_code == 400, text
        assert job(platform, ada, EXECUTIONDURATION=text).status_code == 400, text
        assert ask(platform, STARS, params={"MAXREC": text}).status_code == 400, text
        if text != "-1":
            wait = {"WAIT": text}
            assert send(platform, "GET", made, params=wait, headers=ada.bearer).status_code == 400, text
    for text in NO_TIMES:
        assert job(platform, ada, DESTRUCTION=text).status_code == 400, text
        late = {"DESTRUCTION": text}
        answer = send(platform, "POST", f"{made}/destruction", data=late, headers=ada.bearer)
        assert answer.status_code == 400, text
        after = {"AFTER": text}
        assert send(platform, "GET", "/api/tap/async", params=after, headers=ada.bearer).status_code == 400
    for phase in ("x", "PENDING", "", "RUN\n", "ABORT\x01"):
        answer = send(platform, "POST", f"{made}/phase", data={"PHASE": phase}, headers=ada.bearer)
        assert answer.status_code == 400, phase
    assert send(platform, "POST", made, data={"ACTION": "EXPLODE"}, headers=ada.bearer).status_code == 400
    assert send(platform, "GET", "/api/tap/async?PHASE=NONE&LAST=0", headers=ada.bearer).status_code == 400


def test_wishes_beyond_the_limits_are_cut(platform: Platform, ada: Ada) -> None:
    wishes = {"DESTRUCTION": "9999-12-31", "EXECUTIONDURATION": "99999999999", "MAXREC": "9" * 18}
    made = path_of(job(platform, ada, **wishes))

    seconds = send(platform, "GET", f"{made}/executionduration", headers=ada.bearer).text
    assert 0 < int(seconds) <= 86_400
    assert "9999" not in send(platform, "GET", f"{made}/destruction", headers=ada.bearer).text
    none = send(
        platform, "POST", f"{made}/executionduration", data={"EXECUTIONDURATION": "0"}, headers=ada.bearer
    )
    assert none.status_code == 303
    assert int(send(platform, "GET", f"{made}/executionduration", headers=ada.bearer).text) > 0


def test_a_blank_maxrec_is_none_and_harms_no_list(platform: Platform, ada: Ada) -> None:
    made = path_of(job(platform, ada, MAXREC=" ", PHASE="RUN"))

    answer = send(platform, "GET", f"{made}?WAIT=20&PHASE=QUEUED", headers=ada.bearer)
    answer = send(platform, "GET", f"{made}?WAIT=20", headers=ada.bearer)
    assert "COMPLETED" in answer.text
    name = made.rsplit("/", 1)[1]
    assert name in send(platform, "GET", "/api/jobs", headers=ada.bearer).text


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "]]>&amp;\"'", "a\x01b\x0bc\x1b[31m", "\ufffe\uffff", "😀" * 50, "a\nb\tc"],
    ids=ascii,
)
def test_what_is_sent_comes_back_in_well_formed_documents(platform: Platform, ada: Ada, text: str) -> None:
    query = (
        f"SELECT TOP 1 '{text.replace(chr(39), '')}' AS \"{text.replace(chr(34), '')}\" FROM simwide.Visit"
    )
    made = path_of(job(platform, ada, RUNID=text, QUERY=query, PHASE="RUN"))

    for end in ("", "/parameters", "/results", "/error"):
        send(platform, "GET", made + end, headers=ada.bearer)
    document = ET.fromstring(send(platform, "GET", made, headers=ada.bearer).content)
    assert document.find("{*}runId").text is not None
    for kind in ("votable", "votable/td"):
        form = {"QUERY": query, "LANG": "ADQL", "RESPONSEFORMAT": kind}
        assert send(platform, "POST", "/api/tap/sync", data=form).status_code == 200
    for name in ("QUERY", "LANG", "RESPONSEFORMAT", "REQUEST", "MAXREC"):
        form = {"QUERY": STARS, "LANG": "ADQL"} | {name: text}
        assert send(platform, "POST", "/api/tap/sync", data=form).status_code == 400, name
    for path in ("/api/tap/tables/", "/api/tap/async/", "/api/tap/"):
        send(platform, "GET", path + requests.utils.quote(text), headers=ada.bearer)


def test_a_run_id_is_short(platform: Platform, ada: Ada) -> None:
    assert job(platform, ada, RUNID="x" * 100_000).status_code == 400


PHASES = ["RUN", "ABORT", "RUN", "ABORT", "RUN"]


def test_phases_in_any_order_and_changes_of_what_is_over(platform: Platform, ada: Ada) -> None:
    for first in range(2):
        made = path_of(job(platform, ada))
        for phase in PHASES[first:]:
            answer = send(platform, "POST", f"{made}/phase", data={"PHASE": phase}, headers=ada.bearer)
            assert answer.status_code in (303, 400)
    over = f"/api/tap/async/{ada.job}"
    for end, form in {
        "": {"QUERY": "SELECT 1"},
        "/parameters": {"QUERY": "SELECT 1"},
        "/phase": {"PHASE": "RUN"},
        "/executionduration": {"EXECUTIONDURATION": "5"},
    }.items():
        assert send(platform, "POST", over + end, data=form, headers=ada.bearer).status_code == 400, end
    past = path_of(job(platform, ada, DESTRUCTION="2001-01-01"))
    assert send(platform, "GET", past, headers=ada.bearer).status_code in (200, 404)


def multipart(*lines: bytes) -> dict[str, object]:
    return {"data": b"\r\n".join(lines), "headers": {"Content-Type": "multipart/form-data; boundary=x"}}


BODIES: dict[str, dict[str, object]] = {
    "two values": {"data": [("QUERY", "a"), ("query", "b")]},
    "an array": {"data": {"QUERY[]": STARS}},
    "NUL": {"data": {"QUERY": "SELECT\0"}},
    "2 MB": {"data": {"QUERY": "SELECT " + "x" * 2_000_000}},
    "20 MB": {"data": {"QUERY": "SELECT " + "x" * 20_000_000}},
    "20 MB in chunks": {"data": (b"QUERY=" + b"x" * 1_000_000 for _ in range(20)), "headers": FORM},
    "10,000 parameters": {"data": {f"p{number}": "1" for number in range(10_000)}},
    "no UTF-8": {"data": b"QUERY=%ff%fe\xff", "headers": FORM},
    "a file": {"files": {"QUERY": ("q.txt", b"x")}},
    "3 MB in a part": {"files": {"QUERY": (None, "x" * 3_000_000)}},
    "many parts": {"files": [(f"a{number}", (None, "x")) for number in range(300)]},
    "no boundary": {"data": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
    "an empty boundary": {"data": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary="}},
    "a boundary that is none": {
        "data": b"--x",
        "headers": {"Content-Type": b"multipart/form-data; boundary=\xe9"},
    },
    "a broken part": multipart(b"--x", b"garbage\xff", b"", b""),
    "a part without a name": multipart(b"--x", b"Content-Disposition: form-data", b"", b"SELECT", b"--x--"),
    "half a part": multipart(b"--x", b'Content-Disposition: form-data; name="QUERY"', b"", b"SELE"),
    "JSON": {"json": {"QUERY": STARS}},
    "another kind": {"data": b"QUERY=x", "headers": {"Content-Type": "garbage"}},
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_of_any_kind_are_answered(platform: Platform, name: str) -> None:
    answer = send(platform, "POST", "/api/tap/sync", **BODIES[name])

    assert answer.status_code == (413 if "20 MB" in name else 400)
    others_are_answered(platform)


def test_a_query_in_chunks_is_a_query(platform: Platform) -> None:
    pieces = iter([urlencode({"QUERY": STARS}).encode(), b"&LANG=ADQL"])

    assert send(platform, "POST", "/api/tap/sync", data=pieces, headers=FORM).status_code == 200


JSON = [
    b"", b"{", b"[]", b"null", b'"x"', b"1e999", b'{"\\ud800": 1}', b"[" * 100_000, b'{"a":' * 50_000,
    b"\xff\xfe", b'{"link": "\\ud800"}', b'{"link": 5}', b'{"username": "\\ud800", "password": "\\ud800"}',
    b'{"name": "\\ud800", "scopes": ["read:tap"]}', b'{"name": "x", "scopes": ["\\ud800"]}',
    b'{"name": "x", "scopes": ["read:tap"], "expires_days": NaN}', b'{"password": "' + b"x" * 10_000 + b'"}',
    b'{"name": "x", "scopes": ["read:tap"], "expires_days": 1e-320}',
    b'{"link": "' + b"x" * 9_000_000 + b'"}',
]  # fmt: skip


@pytest.mark.parametrize("body", JSON, ids=lambda body: ascii(body[:40]))
def test_json_of_any_kind_is_answered(platform: Platform, ada: Ada, body: bytes) -> None:
    header = ada.bearer | {"Content-Type": "application/json"}
    for method, path in (("POST", "session"), ("PUT", "password"), ("POST", "tokens")):
        answer = send(platform, method, f"/api/identity/{path}", data=body, headers=header)
        assert answer.status_code in (400, 401, 403, 413)
