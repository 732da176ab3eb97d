"""What viewers of images ask for, from the application of the images process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from support.client import Client
from support.serving import serving
from support.sky_files import pixels, simple

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.identity.models import Scope
from sciplat.images import tiles
from sciplat.instance import Instance
from sciplat.processes.images import create_app
from sciplat.repository.find import find

pytestmark = pytest.mark.slow

CARDS = {"FILTER": "g", "INSTRUME": "CDK17", "EXPTIME": 60.0, "DATE_OBS": "2026-03-01T20:00:00"}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """Public release ``field``, private ``secret``, and ``lying`` with an image left in its place."""
    made = Instance.open(tmp_path_factory.mktemp("instance") / "home")
    files = tmp_path_factory.mktemp("files")
    for number, (release, rest) in enumerate(
        {"field": {"public": True}, "secret": {}, "lying": {"public": True, "in_place": True}}.items(),
        start=1,
    ):
        file = simple(files / release / "im.fits", number, **CARDS)
        made.images.ingest.ingest(release, [file], **rest)  # type: ignore[arg-type]
    made.identity.create_user("ada")
    return made


@pytest.fixture(scope="module")
def client(instance: Instance) -> Iterator[Client]:
    with serving(create_app(instance)) as url:
        yield Client(url)


def image_of(instance: Instance, release: str) -> str:
    """The address of the image of a release."""
    repository = instance.images.repositories.open(release)
    (ref,) = find(repository.butler, "visit_image", collections=release)
    repository.close()
    return f"/api/images/{release}/{ref.id}"


@pytest.fixture(scope="module")
def image(instance: Instance) -> str:
    return image_of(instance, "field")


def token(instance: Instance, *scopes: Scope) -> dict[str, str]:
    issued = instance.identity.create_token("ada", scopes=frozenset(scopes), name="test")
    return {"Authorization": f"Bearer {issued.text}"}


def test_a_viewer_finds_its_way_from_the_description_to_the_pixels(client: Client, image: str) -> None:
    facts = client.get(f"{image}/tiles").json()
    assert (facts["width"], facts["height"], facts["tile"]) == (50, 40, 256)
    address = facts["tiles"].format(level=0, row=0, column=0)

    answer = client.get(address)

    assert answer.headers["Content-Type"] == facts["media_type"] == tiles.MEDIA_TYPE
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert np.array_equal(tiles.decode(answer.content).image, pixels(1))
    low, high = facts["statistics"]["zscale"]
    assert low < 100 < high
    assert facts["wcs"] == client.get(f"{image}/wcs").json()


def test_a_release_of_one_image_has_its_coverage(client: Client) -> None:
    assert client.get("/api/images/lying/moc?order=5&format=ascii").text.startswith("5/")


def test_an_answer_that_the_browser_has_is_not_sent_again(client: Client, image: str) -> None:
    for what in ("tiles", "tiles/0/0/0", "tiles/0/0/0?mask=1", "preview?size=20", "wcs"):
        first = client.get(f"{image}/{what}")
        again = client.get(f"{image}/{what}", headers={"If-None-Match": first.headers["ETag"]})

        assert not first.headers["ETag"].startswith("W/")
        assert first.headers["Cache-Control"] == "private, no-cache"
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]


def test_the_exact_value_is_told_by_pixel_and_by_position(client: Client, image: str) -> None:
    by_pixel = client.get(f"{image}/value?x=7&y=3").json()
    by_place = client.get(f"{image}/value", params={"ra": by_pixel["ra"], "dec": by_pixel["dec"]}).json()

    assert by_pixel == by_place
    assert by_pixel["value"] == float(pixels(1)[3, 7])


def test_a_picture_is_shown_without_a_viewer(client: Client, image: str) -> None:
    for form, cuts in (("png", "zscale"), ("jpeg", "90,110"), ("jpg", "99.5")):
        answer = client.get(f"{image}/preview?size=25&format={form}&cuts={cuts}&stretch=linear")
        assert answer.status_code == 200, answer.text
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == (25, 20)
            assert answer.headers["Content-Type"] == f"image/{picture.format}".lower()


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("tiles/-1/0/0", 404),
        ("tiles/0/-1/0", 404),
        ("tiles/0/0/99", 404),
        (f"tiles/{10**40}/0/0", 404),
        (f"tiles/0/{10**300}/0", 404),
        ("tiles/0/0/" + "9" * 5000, 400),
        ("tiles/zero/0/0", 400),
        ("tiles/0.5/0/0", 400),
        ("tiles/0/0/0?mask=perhaps", 400),
        ("value", 400),
        ("value?x=1", 400),
        ("value?x=nan&y=1", 400),
        ("value?ra=nan&dec=0", 400),
        ("value?ra=inf&dec=0", 400),
        ("value?ra=25.6&dec=91", 400),
        ("value?ra=25.6&dec=1e308", 400),
        ("value?ra=25.6&dec=0.3&x=1&y=1", 400),
        ("value?x=50&y=0", 404),
        (f"value?x={10**30}&y=-{10**30}", 404),
        ("value?ra=205.6&dec=-0.3", 404),
        ("preview?size=0", 400),
        (f"preview?size={10**30}", 400),
        ("preview?size=-5", 400),
        ("preview?format=gif", 400),
        ("preview?stretch=cubic", 400),
        ("preview?cuts=5,1", 400),
        ("preview?cuts=nan,nan", 400),
        ("preview?cuts=0,1e999", 400),
        ("preview?mask=NOTHING", 400),
        ("preview?mask=A&mask=B&mask=C&mask=D", 400),
        ("nothing", 404),
    ],
)
def test_what_cannot_be_is_refused_in_words(client: Client, image: str, what: str, status: int) -> None:
    answer = client.get(f"{image}/{what}")

    assert answer.status_code == status, answer.text
    assert len(answer.json()["error"]["message"]) > 10
    assert "Traceback" not in answer.text
    assert "/repositories/" not in answer.text


def test_a_private_image_is_shown_to_nobody_else_also_when_it_is_kept(
    client: Client, instance: Instance
) -> None:
    both = token(instance, Scope.READ_TAP, Scope.READ_IMAGE)
    tap = token(instance, Scope.READ_TAP)
    image = image_of(instance, "secret")
    facts = client.get(f"{image}/tiles", headers=both).json()
    tile = facts["tiles"].format(level=0, row=0, column=0)

    for address in (
        tile,
        f"{image}/tiles",
        f"{image}/wcs",
        f"{image}/preview",
        f"{image}/value?x=1&y=1",
    ):
        seen = client.get(address, headers=both)
        assert seen.status_code == 200
        assert seen.headers["Cache-Control"].startswith("private")
        tags = {"If-None-Match": seen.headers.get("ETag", "*")}
        assert client.get(address, headers=tags).status_code == 401
        assert client.get(address, headers=tap | tags).status_code == 403
        # By the name of a release that everybody may see it isn't there.
        assert client.get(address.replace("/secret/", "/field/")).status_code == 404
    nothing = client.get(f"{image}/tiles".replace("/secret/", "/nothing/"))
    assert nothing.status_code == 401
    assert nothing.json()["error"]["message"].startswith("There are no public images")


def test_a_hundred_may_ask_at_once(client: Client, image: str) -> None:
    def ask(number: int) -> int:
        what = ("tiles/0/0/0", f"preview?size={10 + number}", "value?x=1&y=1", "tiles")[number % 4]
        return client.get(f"{image}/{what}").status_code

    with ThreadPoolExecutor(50) as executor:
        assert set(executor.map(ask, range(100))) == {200}


def test_the_mask_follows_the_pixels_and_zstd_is_sent_to_who_takes_it(client: Client, image: str) -> None:
    plain = client.get(f"{image}/tiles/0/0/0?mask=1", headers={"Accept-Encoding": "identity"})
    headers = {"Accept-Encoding": "gzip, zstd"}
    answer = client.get(f"{image}/tiles/0/0/0?mask=1", headers=headers, stream=True)
    sent = answer.raw.read(decode_content=False)

    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] != answer.headers["ETag"]
    if answer.headers.get("Content-Encoding") == "zstd":
        sent = pa.input_stream(pa.py_buffer(sent), compression="zstd").read()
    assert sent == plain.content


def test_images_left_in_their_places_are_shown_too(client: Client, instance: Instance) -> None:
    answer = client.get(f"{image_of(instance, 'lying')}/tiles/0/0/0")

    assert np.array_equal(tiles.decode(answer.content).image, pixels(3))


def test_a_damaged_file_is_told_without_its_place(client: Client, instance: Instance) -> None:
    both = token(instance, Scope.READ_IMAGE)
    image = image_of(instance, "secret")
    path = instance.images.locate.dataset(
        "secret", image.rpartition("/")[2], visitor=instance.sign_in.visitor(both["Authorization"][7:])
    ).path
    whole = path.read_bytes()
    path.write_bytes(whole[:3000])

    for what in ("tiles", "tiles/0/0/0", "preview", "value?x=0&y=0"):
        answer = client.get(f"{image}/{what}", headers=both)
        assert answer.status_code == 400
        assert "damaged or incomplete" in answer.text
        assert str(instance.home) not in answer.text
    path.write_bytes(whole)
    assert client.get(f"{image}/tiles", headers=both).status_code == 200
