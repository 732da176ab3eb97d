"""Cone searches on the running platform, with the clients that people have."""

from __future__ import annotations

import shutil
import subprocess
import urllib.request
from io import BytesIO
from urllib.error import HTTPError

import numpy as np
import pytest
import pyvo
import requests
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io.votable import parse
from support.running import Platform
from support.votlint import votlint

pytestmark = pytest.mark.journey

PLACE = SkyCoord(25.6, 0.3, unit="deg")


@pytest.fixture
def objects(platform: Platform) -> str:
    return f"{platform.url}/api/scs/simwide.Object"


@pytest.mark.requirement("DMS-LSP-REQ-0006")
def test_pyvo_finds_what_is_near_the_nearest_first(platform: Platform, objects: str) -> None:
    found = pyvo.conesearch(objects, pos=PLACE, radius=0.02 * u.deg)
    table = found.to_table()
    assert len(table) > 3
    places = SkyCoord(table["coord_ra"], table["coord_dec"], unit="deg")
    apart = places.separation(PLACE).deg
    assert (np.diff(apart) >= 0).all()
    assert apart[-1] <= 0.02
    assert found[0].id == str(table["objectId"][0])
    asked = pyvo.dal.TAPService(platform.tap).search(
        "SELECT COUNT(*) AS n FROM simwide.Object WHERE "
        "1 = CONTAINS(POINT(coord_ra, coord_dec), CIRCLE(25.6, 0.3, 0.02))"
    )
    assert asked[0]["n"] == len(table)


def test_the_three_main_columns_are_marked_once_each(objects: str) -> None:
    answer = requests.get(objects, {"RA": 25.6, "DEC": 0.3, "SR": 0.01}, timeout=30)
    fields = parse(BytesIO(answer.content)).get_first_table().fields
    marks = [field.ucd for field in fields]
    for mark in ("ID_MAIN", "POS_EQ_RA_MAIN", "POS_EQ_DEC_MAIN"):
        assert marks.count(mark) == 1
    by_mark = {field.ucd: field for field in fields}
    assert by_mark["ID_MAIN"].datatype in ("char", "unicodeChar")
    assert by_mark["POS_EQ_RA_MAIN"].datatype == by_mark["POS_EQ_DEC_MAIN"].datatype == "double"


def test_more_verbose_answers_have_more_columns(objects: str) -> None:
    widths = [
        len(pyvo.conesearch(objects, pos=PLACE, radius=0.01, verbosity=verbosity).fieldnames)
        for verbosity in (1, 2, 3)
    ]
    assert widths[0] == 3
    assert widths[0] < widths[1] < widths[2]


def test_a_radius_of_zero_describes_the_columns(objects: str) -> None:
    answer = requests.get(objects, {"RA": 25.6, "DEC": 0.3, "SR": 0}, timeout=30)
    table = parse(BytesIO(answer.content)).get_first_table()
    assert len(table.fields) > 3
    assert len(table.array) == 0


def test_maxrec_keeps_the_nearest_and_says_that_there_are_more(objects: str) -> None:
    answer = requests.get(objects, {"RA": 25.6, "DEC": 0.3, "SR": 0.1, "MAXREC": 2}, timeout=30)
    assert b'value="OVERFLOW"' in answer.content
    few = parse(BytesIO(answer.content)).get_first_table().array["objectId"]
    all_of_them = pyvo.conesearch(objects, pos=PLACE, radius=0.1)
    assert list(few) == [record.id for record in all_of_them][:2]


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"DEC": "0", "SR": "1"}, "RA is missing"),
        ({"RA": "10h", "DEC": "0", "SR": "1"}, "RA='10h'"),
        ({"RA": "400", "DEC": "0", "SR": "1"}, "RA=400"),
        ({"RA": "nan", "DEC": "0", "SR": "1"}, "RA=nan"),
        ({"RA": "1", "DEC": "-91", "SR": "1"}, "DEC=-91"),
        ({"RA": "1", "DEC": "0", "SR": "-1"}, "SR=-1"),
        ({"RA": "1", "DEC": "0", "SR": "1", "VERB": "9"}, "VERB=9"),
        ({"RA": "1", "DEC": "0", "SR": "1", "MAXREC": "x"}, "MAXREC"),
        ({"RA": "1", "DEC": "0", "SR": "1", "RESPONSEFORMAT": "pdf"}, "pdf"),
    ],
)
def test_an_error_is_a_document_that_old_clients_understand(
    objects: str, parameters: dict[str, str], named: str
) -> None:
    answer = requests.get(objects, parameters, timeout=30)
    assert answer.status_code == 200
    assert votlint(answer.content) == ""
    infos = {info.name: info.value for info in parse(BytesIO(answer.content)).resources[0].infos}
    assert named in infos["Error"]


def test_pyvo_tells_its_user_what_was_wrong(objects: str) -> None:
    with pytest.raises(pyvo.dal.DALQueryError, match="SR"):
        pyvo.conesearch(objects, pos=PLACE, radius=-1.0)


def test_a_table_without_positions_has_no_cone_search(platform: Platform) -> None:
    answer = requests.get(f"{platform.url}/api/scs/simwide.Visit", {"RA": 1, "DEC": 1, "SR": 1}, timeout=30)
    listed = requests.get(f"{platform.url}/api/scs", timeout=30).json()["services"]
    names = [service["table"] for service in listed]
    assert "gaia.gaia_source" in names
    assert ("simwide.Visit" in names) == (b'name="Error"' not in answer.content)
    answer = requests.get(f"{platform.url}/api/scs/TAP_SCHEMA.tables?RA=1&DEC=1&SR=1", timeout=30)
    assert b"no positions" in answer.content


def test_a_private_table_is_searched_by_those_who_may(platform: Platform) -> None:
    url = f"{platform.url}/api/scs/secret.mine"
    near = {"RA": 10.5, "DEC": -20.25, "SR": 0.1}
    assert requests.get(url, near, timeout=30).status_code == 401
    answer = requests.get(
        url, near, headers={"Authorization": f"Bearer {platform.token(user='ada')}"}, timeout=30
    )
    assert b"first" in answer.content
    listed = requests.get(f"{platform.url}/api/scs", timeout=30).text
    assert "secret" not in listed


@pytest.mark.skipif(
    shutil.which("stilts") is None, reason="stilts is not installed (Debian: apt install stilts)"
)
def test_stilts_searches_cones(objects: str) -> None:
    options = ["lon=25.6", "lat=0.3", "radius=0.02", "ofmt=csv"]
    done = subprocess.run(
        ["stilts", "-batch", "cone", "servicetype=cone", f"serviceurl={objects}", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    header, *rows = done.stdout.splitlines()
    assert "objectId" in header
    assert len(rows) > 3


@pytest.mark.parametrize(
    "parameters", ["RA=25.6&DEC=0.3&SR=0.02", "RA=25.6&DEC=0.3&SR=0", "RA=200&DEC=80&SR=0.1"]
)
@pytest.mark.parametrize("form", ["", "&RESPONSEFORMAT=votable"])
def test_votlint_has_nothing_to_say(objects: str, parameters: str, form: str) -> None:
    with urllib.request.urlopen(f"{objects}?{parameters}{form}", timeout=30) as answer:
        assert votlint(answer.read()) == ""


def test_vosi_documents_lie_beside_it(objects: str) -> None:
    assert b"ivo://ivoa.net/std/ConeSearch" in requests.get(f"{objects}/capabilities", timeout=30).content
    assert b">true<" in requests.get(f"{objects}/availability", timeout=30).content
    assert b"objectId" in requests.get(f"{objects}/tables", timeout=30).content


def test_pages_of_other_origins_may_ask_without_a_cookie(platform: Platform, objects: str) -> None:
    elsewhere = {"Origin": "https://aladin.example"}
    answer = requests.get(objects, {"RA": 1, "DEC": 1, "SR": 0}, headers=elsewhere, timeout=30)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    asked = requests.options(
        f"{platform.tap}/sync",
        headers={
            **elsewhere,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        },
        timeout=30,
    )
    assert asked.status_code == 200
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]


def test_pages_of_other_origins_may_not_ask_what_is_no_ivoa_service(platform: Platform) -> None:
    answer = requests.get(
        f"{platform.url}/api/identity/me", headers={"Origin": "https://bad.example"}, timeout=30
    )
    assert "Access-Control-Allow-Origin" not in answer.headers
    with pytest.raises(HTTPError):
        urllib.request.urlopen(
            urllib.request.Request(
                f"{platform.url}/api/identity/me",
                method="OPTIONS",
                headers={"Origin": "https://bad.example", "Access-Control-Request-Method": "GET"},
            ),
            timeout=30,
        )
