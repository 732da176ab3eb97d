"""Pieces of images from the running platform, for pyvo and for curl."""

from __future__ import annotations

import io

import astropy.units as u
import numpy as np
import pytest
import pyvo
import requests
from astropy.io import fits
from support.finding import image_identifier
from support.running import Platform
from support.sky_files import pixels

pytestmark = pytest.mark.journey


@pytest.mark.requirement("DMS-API-REQ-0017")
@pytest.mark.parametrize(
    "where",
    [
        {"circle": (25.6, 0.3, 4.2 / 3600)},
        {"circle": (25.6, 0.3, 4.2 / 3600) * u.deg},
        {"range": (25.6 - 4.2 / 3600, 25.6 + 4.2 / 3600, 0.3 - 4.2 / 3600, 0.3 + 4.2 / 3600)},
        {
            "polygon": tuple(
                each / 3600 + (25.6, 0.3)[n % 2]
                for n, each in enumerate((-4.2, -4.2, 4.2, -4.2, 4.2, 4.2, -4.2, 4.2))
            ),
            "band": (3e-7, 9e-7),
        },
    ],
)
def test_pyvo_cuts_out_the_pixels_of_a_region(platform: Platform, where: dict[str, object]) -> None:
    query = pyvo.dal.adhoc.SodaQuery(f"{platform.url}/api/soda/sync", **where)
    query["ID"] = image_identifier(platform, "field")
    with fits.open(io.BytesIO(query.execute_stream().read())) as hdus:
        # The middle of the image lies between four pixels.
        np.testing.assert_array_equal(hdus["IMAGE"].data, pixels(1)[15:25, 20:30])


def test_what_is_asked_for_wrongly_is_said_through_the_front_door(platform: Platform) -> None:
    url, ours = f"{platform.url}/api/soda/sync", image_identifier(platform, "field")
    both = platform.token("read:tap", "read:image", user="ada")
    secret = image_identifier(platform, "secret", both)

    missed = requests.get(url, {"ID": ours, "CIRCLE": "100 0 1"}, timeout=30)
    assert (missed.status_code, missed.content) == (204, b"")
    assert "has no pixel" in missed.headers["X-Sciplat-Message"]
    twice = requests.post(url, {"ID": [ours, secret], "CIRCLE": "25.6 0.3 1"}, timeout=30)
    assert twice.status_code == 400
    assert twice.text.startswith("MultiValuedParamNotSupported")
    nobody = requests.get(url, {"ID": secret, "CIRCLE": "25.6 0.3 1"}, timeout=30)
    assert nobody.status_code == 401
    assert nobody.text.startswith("AuthenticationError")
    assert "Basic" in nobody.headers["WWW-Authenticate"]
    headers = {"Authorization": f"Bearer {both}"}
    seen = requests.get(url, {"ID": secret, "CIRCLE": "25.6 0.3 1"}, headers=headers, timeout=30)
    assert seen.status_code == 200
    assert seen.headers["Cache-Control"].startswith("private")
    for release in ("field", "nothing"):
        moved = secret.replace("/secret?", f"/{release}?")
        answer = requests.get(url, {"ID": moved}, headers=headers, timeout=30)
        assert (answer.status_code, answer.text[:11]) == (404, "UsageError:")


def test_a_picture_is_shown_by_a_browser(platform: Platform) -> None:
    answer = requests.get(
        f"{platform.url}/api/soda/sync",
        {"ID": image_identifier(platform, "field"), "RESPONSEFORMAT": "image/png", "STRETCH": "log"},
        timeout=30,
    )

    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
