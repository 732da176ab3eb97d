"""What viewers of images ask for, from the running platform."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image
from support.running import Platform
from support.sky_files import pixels

from sciplat.images import tiles

pytestmark = pytest.mark.journey


def image_of(platform: Platform, release: str, **headers: str) -> str:
    """The address of the first image of a release."""
    query = f"SELECT obs_publisher_did FROM ivoa.ObsCore WHERE obs_collection='{release}' ORDER BY t_min"
    form = {"QUERY": query, "LANG": "ADQL", "FORMAT": "csv"}
    found = requests.post(f"{platform.tap}/sync", form, headers=headers, timeout=30).text.split()
    return f"{platform.url}/api/images/{release}/{found[1].partition('?')[2]}"


@pytest.fixture(scope="module")
def image(platform: Platform) -> str:
    return image_of(platform, "field")


@pytest.fixture(scope="module")
def facts(image: str) -> dict[str, Any]:
    answer = requests.get(f"{image}/tiles", timeout=30)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_a_viewer_finds_its_way_from_the_description_to_the_pixels(
    platform: Platform, facts: dict[str, Any]
) -> None:
    assert (facts["width"], facts["height"], facts["tile"]) == (50, 40, 256)
    address = facts["tiles"].format(level=0, row=0, column=0)

    answer = requests.get(f"{platform.url}{address}", timeout=30)

    assert answer.headers["Content-Type"] == facts["media_type"] == tiles.MEDIA_TYPE
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert np.array_equal(tiles.decode(answer.content).image, pixels(1))
    low, high = facts["statistics"]["zscale"]
    assert low < 100 < high
    assert facts["wcs"] == requests.get(address_of(facts, platform, "wcs"), timeout=30).json()


def address_of(facts: dict[str, Any], platform: Platform, what: str) -> str:
    return f"{platform.url}/api/images/{facts['release']}/{facts['id']}/{what}"


def test_an_answer_that_the_browser_has_is_not_sent_again(image: str) -> None:
    for what in ("tiles", "tiles/0/0/0", "tiles/0/0/0?mask=1", "preview?size=20", "wcs"):
        first = requests.get(f"{image}/{what}", timeout=30)
        again = requests.get(f"{image}/{what}", headers={"If-None-Match": first.headers["ETag"]}, timeout=30)

        assert not first.headers["ETag"].startswith("W/")
        assert first.headers["Cache-Control"] == "private, no-cache"
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]


def test_the_exact_value_is_told_by_pixel_and_by_position(image: str) -> None:
    by_pixel = requests.get(f"{image}/value?x=7&y=3", timeout=30).json()
    by_place = requests.get(
        f"{image}/value", {"ra": by_pixel["ra"], "dec": by_pixel["dec"]}, timeout=30
    ).json()

    assert by_pixel == by_place
    assert by_pixel["value"] == float(pixels(1)[3, 7])


def test_a_picture_is_shown_without_a_viewer(image: str) -> None:
    for form, cuts in (("png", "zscale"), ("jpeg", "90,110"), ("jpg", "99.5")):
        answer = requests.get(f"{image}/preview?size=25&format={form}&cuts={cuts}&stretch=linear", timeout=30)
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
def test_what_cannot_be_is_refused_in_words(image: str, what: str, status: int) -> None:
    answer = requests.get(f"{image}/{what}", timeout=30)

    assert answer.status_code == status, answer.text
    assert len(answer.json()["error"]["message"]) > 10
    assert "Traceback" not in answer.text
    assert "/repositories/" not in answer.text


def test_a_private_image_is_shown_to_nobody_else_also_when_it_is_kept(platform: Platform) -> None:
    both = {"Authorization": f"Bearer {platform.token('read:tap', 'read:image', user='ada')}"}
    tap = {"Authorization": f"Bearer {platform.token('read:tap', user='ada')}"}
    image = image_of(platform, "secret", **both)
    facts = requests.get(f"{image}/tiles", headers=both, timeout=30).json()
    tile = facts["tiles"].format(level=0, row=0, column=0)

    for address in (
        f"{platform.url}{tile}",
        f"{image}/tiles",
        f"{image}/wcs",
        f"{image}/preview",
        f"{image}/value?x=1&y=1",
    ):
        seen = requests.get(address, headers=both, timeout=30)
        assert seen.status_code == 200
        assert seen.headers["Cache-Control"].startswith("private")
        tags = {"If-None-Match": seen.headers.get("ETag", "*")}
        assert requests.get(address, headers=tags, timeout=30).status_code == 401
        assert requests.get(address, headers=tap | tags, timeout=30).status_code == 403
        # By the name of a release that everybody may see it isn't there.
        assert requests.get(address.replace("/secret/", "/field/"), timeout=30).status_code == 404
    nothing = requests.get(f"{image}/tiles".replace("/secret/", "/nothing/"), timeout=30)
    assert nothing.status_code == 401
    assert json.loads(nothing.text)["error"]["message"].startswith("There are no public images")


def test_a_hundred_may_ask_at_once(image: str) -> None:
    def ask(number: int) -> int:
        what = ("tiles/0/0/0", f"preview?size={10 + number}", "value?x=1&y=1", "tiles")[number % 4]
        return requests.get(f"{image}/{what}", timeout=60).status_code

    with ThreadPoolExecutor(50) as executor:
        assert set(executor.map(ask, range(100))) == {200}


def test_the_mask_follows_the_pixels_and_zstd_is_sent_to_who_takes_it(image: str) -> None:
    import pyarrow as pa

    plain = requests.get(f"{image}/tiles/0/0/0?mask=1", headers={"Accept-Encoding": "identity"}, timeout=30)
    session = requests.get(
        f"{image}/tiles/0/0/0?mask=1", headers={"Accept-Encoding": "zstd"}, timeout=30, stream=True
    )
    sent = session.raw.read(decode_content=False)

    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] != session.headers["ETag"]
    if session.headers.get("Content-Encoding") == "zstd":
        sent = pa.input_stream(pa.py_buffer(sent), compression="zstd").read()
    assert sent == plain.content
