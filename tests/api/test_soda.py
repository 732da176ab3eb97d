"""The door of cutouts: what it answers to right and wrong requests, and how many it makes at once."""

from __future__ import annotations

import io
from functools import partial
from threading import Event
from xml.etree import ElementTree as ET

import anyio
import httpx
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from support.coadds import Sky, sky_in
from support.running import copy_home

from sciplat.api.sending import Cutting
from sciplat.errors import UnavailableError
from sciplat.instance import Instance
from sciplat.processes import images
from sciplat.services.cutout.request import PARAMETERS, CutoutRequests
from sciplat.services.sendable import Sendable

HERE = "25.6 0.3 0.002"


class Client:
    """Sends requests to an application, each in a life of its own."""

    def __init__(self, app) -> None:
        self._app = app

    def get(self, path: str, params=()) -> httpx.Response:
        return anyio.run(partial(self._send, "GET", path, params=params))

    def post(self, path: str, data) -> httpx.Response:
        return anyio.run(partial(self._send, "POST", path, data=data))

    async def _send(self, method: str, path: str, **content) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with (
            self._app.router.lifespan_context(self._app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        ):
            return await client.request(method, path, **content)


@pytest.fixture(scope="module")
def instance(skies, tmp_path_factory) -> Instance:
    return Instance.open(copy_home(skies, tmp_path_factory.mktemp("instance") / "home"))


@pytest.fixture(scope="module")
def sky(instance) -> Sky:
    return sky_in(instance, "wide")


@pytest.fixture(scope="module")
def client(instance, sky):
    return Client(images.create_app(instance))


def test_a_cutout_comes_as_a_file_with_a_name_for_people(client, sky):
    answer = client.get("/api/soda/sync", params={"ID": sky.did(sky.visit_id), "CIRCLE": HERE})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/fits"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    name = 'filename="wide-visit_image-WideCam-0-7-25.60000+0.30000.fits"'
    assert answer.headers["Content-Disposition"] == f"attachment; {name}"
    with fits.open(io.BytesIO(answer.content)) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "IMAGE", "MASK", "VARIANCE"]
    posted = client.post("/api/soda/sync", data={"id": sky.did(sky.visit_id), "circle": HERE})
    assert posted.content == answer.content


@pytest.mark.slow
def test_pictures_and_mosaics_come_too(client, sky):
    picture = {"CIRCLE": "25.6 0.3 0.03", "RESPONSEFORMAT": "image/png", "SIZE": "100"}
    grey, colours = (
        client.get("/api/soda/sync", params={"ID": sky.did(of), **picture})
        for of in ("deep_coadd/r", "deep_coadd/i,r,g")
    )

    for answer in (grey, colours):
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["X-Sciplat-Shrunk"] == "4"
        assert answer.content.startswith(b"\x89PNG")


def test_a_band_of_many_letters_is_no_long_header(client, sky):
    for letters in ("é" * 100, "x" * 4000):
        answer = client.post("/api/soda/sync", {"ID": sky.did(f"deep_coadd/{letters}"), "CIRCLE": HERE})
        assert answer.status_code in (204, 404)
        assert len(answer.headers.get("X-Sciplat-Message", "")) <= 500
        assert len(answer.content) < 1000


def test_no_overlap_has_no_body_and_says_why(client, sky):
    answer = client.get("/api/soda/sync", params={"ID": sky.did(sky.visit_id), "CIRCLE": "100 0 0.1"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert "has no pixel of the image" in answer.headers["X-Sciplat-Message"]


@pytest.mark.slow
def test_every_example_can_be_had_and_none_is_private(client, instance, sky):
    """Read as DALI 1.1, section 2.3 has it."""
    for release in ("wide", "secret"):
        instance.images.announce.announce(release)
    page = client.get("/api/soda/examples")
    told = client.get("/api/soda/capabilities").text

    assert page.headers["Content-Type"].startswith("application/xhtml+xml")
    assert "/secret?" not in page.text
    assert 'standardID="ivo://ivoa.net/std/DALI#examples"' in told
    body = ET.fromstring(page.content).find("{*}body")
    assert body.get("vocab") == "http://www.ivoa.net/rdf/examples#"
    types = []
    for example in body.findall("{*}div[@typeof='example']"):
        assert example.get("resource") == f"#{example.get('id')}"
        assert example.find(".//{*}*[@property='name']").text
        pairs = [
            tuple(each.find(f"{{*}}*[@property='{name}']").text for name in ("key", "value"))
            for each in example.iterfind(".//{*}*[@property='generic-parameter']")
            if each.get("typeof") == "keyval"
        ]
        standard = example.find(".//{*}*[@property='capability']").text
        if standard.endswith("#async-1.0"):
            assert CutoutRequests.of(pairs).count == 2
            continue
        answer = client.get("/api/soda/sync", params=pairs)
        assert answer.status_code == 200, (pairs, answer.text)
        types.append(answer.headers["Content-Type"])
        link = example.find(".//{*}a").get("href")
        assert client.get(link.removeprefix("http://127.0.0.1")).content == answer.content
    assert types.count("application/fits") >= 4
    assert types.count("image/png") >= 2


def test_without_images_the_page_of_examples_is_empty(tmp_path):
    page = Client(images.create_app(Instance.open(tmp_path / "home"))).get("/api/soda/examples")

    assert page.status_code == 200
    assert "generic-parameter" not in page.text


@pytest.mark.parametrize(
    ("parameters", "status", "begins"),
    [
        ([], 400, "UsageError: ID is missing"),
        ([("ID", "x")], 400, "UsageError: 'x' identifies no image"),
        ([("ID", "x"), ("ID", "y")], 400, "MultiValuedParamNotSupported: ID"),
        ([("ID", "x"), ("CIRCLE", HERE), ("CIRCLE", "1 2 3")], 400, "MultiValuedParamNotSupported: POS"),
        ([("ID", "x"), ("CIRCLE", "1 2 -3")], 400, "UsageError: The radius"),
        ([("ID", "x"), ("POL", "I")], 400, "UsageError: POL"),
        ([("ID", "ivo://sciplat.local/secret?deep_coadd/r"), ("CIRCLE", HERE)], 401, "AuthenticationError: "),
        (
            [("ID", "ivo://sciplat.local/wide?deep_coadd/r"), ("GRID", "25.6 0.3 9000 9000 1")],
            422,
            "UsageError: ",
        ),
        ([("ID", "ivo://sciplat.local/wide?0" + "0" * 31)], 404, "UsageError: "),
    ],
)
def test_errors_are_text_in_the_words_of_the_standard(parameters, status, begins, client):
    answer = client.get("/api/soda/sync", params=parameters)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith(begins)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_a_private_release_does_not_exist_for_others(client):
    unknown, secret = (
        client.get(
            "/api/soda/sync", params={"ID": f"ivo://sciplat.local/{release}?deep_coadd/r", "CIRCLE": HERE}
        )
        for release in ("nothing", "secret")
    )
    assert unknown.text.replace("nothing", "secret") == secret.text
    assert unknown.status_code == secret.status_code == 401


def test_the_service_describes_itself(client):
    capabilities = client.get("/api/soda/capabilities").text

    assert "ivo://ivoa.net/std/SODA#sync-1.0" in capabilities
    assert "http://127.0.0.1/api/soda/sync" in capabilities
    assert "ivo://ivoa.net/std/SODA#async-1.0" in capabilities
    assert "available>true" in client.get("/api/soda/availability").text


values = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "CIRCLE 25.6 0.3 0.001",
            "25.6 0.3 0.001",
            "POLYGON 25.6 0.3 25.7 0.3 25.7 0.4",
            "png",
            "all",
            "1",
            "log",
        ]
    ),
    st.lists(st.floats().map(str), max_size=8).map(" ".join),
)
identifiers = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["visit", "deep_coadd/r", "deep_coadd/i,r,g", "visit_image/r", "../../passwd", "raw/"]),
)  # fmt: skip


@pytest.mark.slow
@given(
    of=identifiers,
    parameters=st.lists(st.tuples(st.sampled_from(PARAMETERS[1:]), values), max_size=4),
    post=st.booleans(),
)
@settings(max_examples=examples(60))
def test_no_request_is_an_error_of_ours(of, parameters, post, client, sky):
    identifier = sky.did(sky.visit_id if of == "visit" else of)
    pairs = [("ID", identifier), *parameters]
    known = {name: [value for each, value in pairs if each == name] for name, _ in pairs}
    ask = partial(client.post, data=known) if post else partial(client.get, params=pairs)
    answer = ask("/api/soda/sync")

    assert answer.status_code in (200, 204, 400, 401, 404, 422), answer.text
    if answer.status_code > 299:
        assert answer.text.startswith(
            ("UsageError: ", "MultiValuedParamNotSupported: ", "AuthenticationError: ")
        )


def sendable(content, size: int, closed: list[str]) -> Sendable:
    return Sendable(
        "a.fits", "application/fits", size, content, True, closing=lambda: closed.append("closed")
    )


def test_more_than_are_made_at_once_wait_and_are_sent_away():
    going, started = Event(), Event()

    def slow() -> Sendable:
        started.set()
        going.wait(20)
        return sendable(iter((b"x",)), 1, [])

    async def main() -> None:
        cutting = Cutting(1, seconds=0.05)
        async with anyio.create_task_group() as group:
            group.start_soon(cutting.respond, slow)
            await anyio.to_thread.run_sync(started.wait)
            with pytest.raises(UnavailableError, match="ask again"):
                await cutting.respond(slow)
            going.set()
        assert (await cutting.respond(slow)).body == b"x"

    anyio.run(main)


def test_a_large_one_is_closed_when_its_reader_goes():
    closed: list[str] = []
    pieces = (b"x" * (1 << 20) for _ in range(64))

    async def main() -> None:
        response = await Cutting(1, seconds=1).respond(lambda: sendable(pieces, 64 << 20, closed))
        assert closed == []
        taken = 0

        async def receive():
            await anyio.sleep_forever()

        async def send(message):
            nonlocal taken
            taken += len(message.get("body", b""))
            if taken > 6 << 20:
                raise OSError("gone")

        scope = {"type": "http", "asgi": {"spec_version": "2.4"}, "method": "GET", "headers": []}
        await response(scope, receive, send)

    anyio.run(main)
    assert closed == ["closed"]


def test_what_fails_while_it_is_begun_is_closed():
    closed: list[str] = []

    def failing():
        yield b"x"
        raise UnavailableError("away")

    async def main() -> None:
        cutting = Cutting(1, seconds=1)
        for _ in range(3):
            with pytest.raises(UnavailableError, match="away"):
                await cutting.respond(lambda: sendable(failing(), 9 << 20, closed))

    anyio.run(main)
    assert closed == ["closed"] * 3
