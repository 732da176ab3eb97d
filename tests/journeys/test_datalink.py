"""Links of images and of rows on the running platform, with the clients that people have."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
import pyvo
import requests
from astropy.io.votable import parse_single_table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyvo.dal.adhoc import DatalinkResults
from pyvo.dal.sia2 import SIA2Service
from support.examples import examples
from support.running import Platform
from support.votlint import datalinklint, votlint

pytestmark = pytest.mark.journey

_VOTABLE = "{http://www.ivoa.net/xml/VOTable/v1.3}"


@pytest.fixture(scope="module")
def links(platform: Platform) -> str:
    return f"{platform.url}/api/datalink/links"


@pytest.fixture(scope="module")
def images(platform: Platform) -> list[dict[str, object]]:
    rows = pyvo.dal.TAPService(platform.tap).search(
        "SELECT * FROM ivoa.ObsCore WHERE obs_collection = 'field' ORDER BY s_ra"
    )
    return [dict(row) for row in rows]


@pytest.fixture(scope="module")
def row(platform: Platform) -> str:
    """An object of the demo's catalog."""
    found = pyvo.dal.TAPService(platform.tap).search("SELECT TOP 1 objectId FROM simwide.Object")
    return f"ivo://sciplat.local/simwide/Object?{found[0]['objectId']}"


def rows_of(answer: requests.Response) -> list[dict[str, str]]:
    """The rows of a document whose table is text."""
    table = ET.fromstring(answer.content).find(f".//{_VOTABLE}TABLE")
    assert table is not None
    names = [field.get("name", "") for field in table.iter(f"{_VOTABLE}FIELD")]
    cells = ([cell.text or "" for cell in line] for line in table.iter(f"{_VOTABLE}TR"))
    return [dict(zip(names, line, strict=True)) for line in cells]


def test_an_address_in_obscore_is_that_of_the_links_for_whoever_asks(
    platform: Platform, images: list[dict[str, object]]
) -> None:
    for image in images:
        assert str(image["access_url"]).startswith(f"{platform.url}/api/datalink/links?ID=ivo%3A")
        assert image["access_format"] == "application/x-votable+xml;content=datalink"
        assert image["access_estsize"] == 18
        assert (image["s_xel1"], image["s_xel2"]) == (50, 40)
    elsewhere = requests.get(
        f"{platform.tap}/sync",
        {"LANG": "ADQL", "QUERY": "SELECT access_url FROM ivoa.ObsCore", "RESPONSEFORMAT": "csv"},
        headers={"Host": f"localhost:{platform.port}"},
        timeout=30,
    )
    assert elsewhere.text.splitlines()[1].startswith(f"http://localhost:{platform.port}/api/datalink/links?")


def test_links_of_an_image_lead_to_its_file(platform: Platform, images: list[dict[str, object]]) -> None:
    found = DatalinkResults.from_result_url(images[0]["access_url"])

    this = next(found.bysemantics("#this", include_narrower=False))
    file = requests.get(this.access_url, timeout=30)
    assert file.content.startswith(b"SIMPLE  =")
    assert len(file.content) == this["content_length"]
    assert this.content_type == "application/fits"


def test_pyvo_follows_the_links_of_each_row(platform: Platform) -> None:
    found = pyvo.dal.TAPService(platform.tap).run_async(
        "SELECT * FROM ivoa.ObsCore WHERE obs_collection = 'field'"
    )
    by_image = list(found.iter_datalinks())
    from_search = list(SIA2Service(f"{platform.url}/api/sia").search(collection="field").iter_datalinks())

    assert len(by_image) == len(found) == len(from_search) == 2
    for each in (*by_image, *from_search):
        assert "#this" in {link.semantics for link in each}


def test_pyvo_follows_the_links_of_rows_of_a_catalog(platform: Platform) -> None:
    found = pyvo.dal.TAPService(platform.tap).search("SELECT TOP 3 objectId, coord_ra FROM simwide.Object")

    linked = list(found.iter_datalinks(preserve_order=True))

    assert [str(each[0]["ID"]) for each in linked] == [str(row["objectId"]) for row in found]
    first = pyvo.dal.adhoc.DatalinkResults.from_result_url(
        next(linked[0].bysemantics("#this", include_narrower=False)).access_url
    )
    assert first[0]["objectId"] == found[0]["objectId"]


def test_a_row_leads_to_its_light_curve_and_the_rows_that_belong_to_it(links: str, row: str) -> None:
    found = rows_of(requests.get(links, {"ID": row}, timeout=30))

    curve = next(link for link in found if link["local_semantics"] == "ForcedSource")
    assert curve["content_qualifier"] == "#timeseries"
    points = parse_single_table(io.BytesIO(requests.get(curve["access_url"], timeout=60).content))
    assert set(points.array["objectId"]) == {int(row.partition("?")[2])}
    assert {link["ID"] for link in found} == {row}


def test_a_row_of_a_private_table_is_not_found(links: str) -> None:
    answer = requests.get(links, {"ID": "ivo://sciplat.local/secret/mine?first"}, timeout=30)

    assert [link["error_message"].partition(":")[0] for link in rows_of(answer)] == ["NotFoundFault"]


def test_what_a_visitor_may_not_see_is_not_found(platform: Platform, links: str) -> None:
    bearer = {"Authorization": f"Bearer {platform.token('read:tap', user='ada')}"}
    query = {
        "LANG": "ADQL",
        "QUERY": "SELECT obs_publisher_did FROM ivoa.ObsCore WHERE obs_collection = 'secret'",
        "RESPONSEFORMAT": "csv",
    }
    did = requests.get(f"{platform.tap}/sync", query, headers=bearer, timeout=30).text.splitlines()[1]

    hidden = rows_of(requests.get(links, {"ID": did}, timeout=30))
    shown = rows_of(requests.get(links, {"ID": did}, headers=bearer, timeout=30))

    assert [link["error_message"].partition(":")[0] for link in hidden] == ["NotFoundFault"]
    assert shown[0]["semantics"] == "#this"


def test_many_identifiers_come_in_their_order_and_without_any_there_is_no_row(
    links: str, row: str, images: list[dict[str, object]]
) -> None:
    wanted = [row, "nonsense", *(str(image["obs_publisher_did"]) for image in images)]
    found = rows_of(requests.post(links, {"ID": wanted}, timeout=60))

    assert list(dict.fromkeys(link["ID"] for link in found)) == wanted
    assert next(link for link in found if link["ID"] == "nonsense")["error_message"].startswith(
        "UsageFault: "
    )
    none = requests.get(links, timeout=30)
    assert rows_of(none) == []
    assert 'utype="adhoc:this"' in none.text
    assert none.headers["content-type"] == "application/x-votable+xml;content=datalink"


@pytest.mark.parametrize("kind", ["image", "row", "table", "wrong", "none", "all"])
def test_datalinklint_and_votlint_have_nothing_to_say(
    links: str, row: str, images: list[dict[str, object]], kind: str, tmp_path: Path
) -> None:
    image = str(images[0]["obs_publisher_did"])
    parameters: dict[str, list[str]] = {
        "image": {"ID": [image]},
        "row": {"ID": [row]},
        "table": {"ID": [row.partition("?")[2]], "TABLE": ["simwide.Object"]},
        "wrong": {"ID": ["x", "ivo://sciplat.local/field?0"]},
        "none": {},
        "all": {"ID": [image, row, "x"]},
    }[kind]
    address = f"{links}?" + "&".join(f"{k}={quote(v, safe='')}" for k, vs in parameters.items() for v in vs)

    assert datalinklint(address) == []
    assert votlint(requests.get(address, timeout=30).content) == ""


@settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.text(max_size=80),
        st.from_regex(
            r"ivo://sciplat\.local/(field|simwide|secret)(/[A-Za-z%]{0,12})?\?[ -~]{0,40}", fullmatch=True
        ),
        st.integers().map(lambda n: f"ivo://sciplat.local/simwide/Object?{n}"),
    ),
    st.sampled_from([None, "simwide.Object", "TAP_SCHEMA.tables", "ivoa.ObsCore"]),
)
def test_no_identifier_breaks_it(links: str, text: str, table: str | None) -> None:
    answer = requests.post(links, {"ID": text, **({"TABLE": table} if table else {})}, timeout=60)

    assert answer.status_code == 200 or (answer.status_code == 400 and "NUL" in answer.text), answer.text


def test_unknown_tables_and_forms_are_refused(links: str) -> None:
    assert requests.get(links, {"ID": "1", "TABLE": "no.table"}, timeout=30).status_code == 401
    refused = requests.get(links, {"ID": "1", "RESPONSEFORMAT": "poem"}, timeout=30)
    assert refused.status_code == 400
    assert "UsageFault" in refused.text or "output format" in refused.text
    assert requests.get(links, {"RESPONSEFORMAT": "csv"}, timeout=30).text.startswith("ID,access_url")
