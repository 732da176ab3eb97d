"""Images found on the running platform, with the clients that people have."""

from __future__ import annotations

import pytest
import pyvo
import requests
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from pyvo.dal.sia2 import SIA2Service
from support.running import Platform
from support.votlint import votlint

pytestmark = pytest.mark.journey

PLACE = SkyCoord(25.6, 0.3, unit="deg")


@pytest.fixture
def sia(platform: Platform) -> str:
    return f"{platform.url}/api/sia"


@pytest.mark.requirement("DMS-API-REQ-0016")
def test_pyvo_finds_the_images_of_a_place_a_time_and_a_band(sia: str) -> None:
    service = SIA2Service(sia)

    near = service.search(pos=(PLACE.ra, PLACE.dec, 0.001 * u.deg), collection="field")
    both = service.search(pos=(PLACE.ra, PLACE.dec, 0.1 * u.deg), collection="field")
    later = service.search(
        time=(Time("2026-03-02T00:00:00"), Time("2026-03-03T00:00:00")), collection="field"
    )

    assert [image.obs_collection for image in near] == ["field"]
    assert len(both) == 2
    assert [round(image.s_ra.to_value("deg"), 2) for image in later] == [25.62]
    assert len(service.search(band=(4.7e-7 * u.m, 4.8e-7 * u.m), instrument="CDK17")) == 2
    assert len(service.search(band=(8.9e-7 * u.m, 9e-7 * u.m))) == 0


def test_who_signs_in_finds_private_images_too(platform: Platform, sia: str) -> None:
    query = {"COLLECTION": "secret", "RESPONSEFORMAT": "csv"}
    bearer = {"Authorization": f"Bearer {platform.token('read:tap', user='ada')}"}

    assert len(requests.get(f"{sia}/query", query, timeout=30).text.splitlines()) == 1
    assert len(requests.get(f"{sia}/query", query, headers=bearer, timeout=30).text.splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POS", "CIRCLE 25.6"),
        ("POS", "CIRCLE 25.6 95 1"),
        ("POS", "25.6 0.3"),
        ("POS", "POLYGON 0 0 1 1 1 0 0 1"),
        ("POS", "RANGE 1 1 2 2"),
        ("BAND", "blue"),
        ("TIME", "60001 60000"),
        ("CALIB", "7"),
        ("POL", "%' OR '1'='1"),
        ("MAXREC", "-1"),
    ],
)
def test_a_wrong_parameter_is_answered_with_a_document_that_names_it(sia: str, name: str, value: str) -> None:
    answer = requests.get(f"{sia}/query", {name: value}, timeout=30)

    assert answer.status_code == 400
    assert votlint(answer.content) == ""
    with pytest.raises(pyvo.dal.DALQueryError, match=name if name != "POS" else ".") as raised:
        pyvo.dal.DALQuery(f"{sia}/query", **{name: value}).execute()
    assert "QUERY_STATUS" not in str(raised.value)


def test_quotes_in_a_parameter_are_part_of_it(sia: str) -> None:
    answer = requests.get(f"{sia}/query", {"TARGET": "x' OR '1'='1", "RESPONSEFORMAT": "csv"}, timeout=30)

    assert answer.status_code == 200
    assert len(answer.text.splitlines()) == 1


@pytest.mark.parametrize("parameters", [{}, {"POS": "CIRCLE 0 80 0.1"}, {"MAXREC": "1"}, {"MAXREC": "0"}])
def test_votlint_has_nothing_to_say(sia: str, parameters: dict[str, str]) -> None:
    assert votlint(requests.get(f"{sia}/query", parameters, timeout=30).content) == ""


def test_vosi_documents_lie_beside_it(sia: str) -> None:
    assert "ivo://ivoa.net/std/SIA#query-2.0" in requests.get(f"{sia}/capabilities", timeout=30).text
    assert "true" in requests.get(f"{sia}/availability", timeout=30).text
