"""What a survey's releases hold is queried and downloaded; several releases at once, and never confused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import pyvo
import requests
from astropy.table import Table
from support.running import Platform, sciplat

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def service(platform: Platform) -> pyvo.dal.TAPService:
    return pyvo.dal.TAPService(platform.tap)


@pytest.mark.requirement("DMS-API-REQ-0023")
@pytest.mark.parametrize("name", ["Object", "Source", "ForcedSource", "DiaObject", "DiaSource"])
def test_every_kind_of_catalog_of_a_survey_is_queried(service: pyvo.dal.TAPService, name: str) -> None:
    table = f"simwide.{name}"
    described = service.tables[table]

    counted = service.search(f"SELECT COUNT(*) AS n FROM {table}")
    assert counted["n", 0] == described.nrows > 0
    row = service.search(f"SELECT TOP 1 * FROM {table}")
    assert row.fieldnames == tuple(column.name for column in described.columns)


@pytest.mark.requirement("DMS-API-REQ-0022")
def test_metadata_of_visits_and_their_images_is_queried(service: pyvo.dal.TAPService) -> None:
    found = service.search(
        "SELECT v.visit, v.band, v.ra, v.dec, v.expMidptMJD, COUNT(*) AS images, MIN(c.seeing) AS best "
        "FROM simwide.Visit AS v JOIN simwide.CcdVisit AS c ON c.visitId = v.visit "
        "WHERE v.expMidptMJD > 0 GROUP BY v.visit, v.band, v.ra, v.dec, v.expMidptMJD"
    )

    assert len(found) == service.tables["simwide.Visit"].nrows
    assert sum(found["images"]) == service.tables["simwide.CcdVisit"].nrows
    planned = service.search("SELECT COUNT(*) AS n FROM ivoa.obsplan")
    assert planned["n", 0] == len(found)


@pytest.mark.requirement("DMS-API-REQ-0026")
def test_a_reference_catalog_is_queried_alone_and_beside_the_survey(service: pyvo.dal.TAPService) -> None:
    stars = service.search("SELECT COUNT(*) AS n FROM gaia.gaia_source")
    assert stars["n", 0] == service.tables["gaia.gaia_source"].nrows > 100_000
    pairs = service.search(
        "SELECT g.source_id, o.objectId, DISTANCE(g.ra, g.dec, o.coord_ra, o.coord_dec) AS apart "
        "FROM gaia.gaia_source AS g JOIN simwide.Object AS o "
        "ON DISTANCE(g.ra, g.dec, o.coord_ra, o.coord_dec) < 30.0 / 3600"
    )

    assert len(pairs) > 0
    assert max(pairs["apart"]) < 30 / 3600


@pytest.mark.requirement("DMS-LSP-REQ-0014")
@pytest.mark.requirement("DMS-LSP-REQ-0017")
@pytest.mark.parametrize("name", ["simwide.Object", "simwide.Source", "simwide.CcdVisit"])
def test_results_are_downloaded_as_fits_votable_and_csv(
    platform: Platform, tmp_path: Path, name: str
) -> None:
    form = {"LANG": "ADQL", "QUERY": f"SELECT TOP 200 * FROM {name}", "PHASE": "RUN"}
    job = requests.post(f"{platform.tap}/async", form, timeout=60).url
    platform.wait_for(lambda: requests.get(f"{job}/phase", timeout=30).text == "COMPLETED", what="the job")

    read = {}
    for wanted, suffix, astropys in [
        ("fits", ".fits", "fits"),
        ("votable", ".vot", "votable"),
        ("csv", ".csv", "ascii.csv"),
    ]:
        answer = requests.get(f"{job}/results/result", {"RESPONSEFORMAT": wanted}, timeout=60)
        kept = answer.headers["Content-Disposition"]
        assert kept.startswith("attachment")
        assert kept.rstrip('"').endswith(suffix)
        file = tmp_path / f"downloaded{suffix}"
        file.write_bytes(answer.content)
        read[wanted] = Table.read(file, format=astropys)
    assert {len(table) for table in read.values()} == {200}
    assert len({tuple(table.colnames) for table in read.values()}) == 1
    first = read["fits"].colnames[0]
    assert list(read["fits"][first]) == list(read["votable"][first]) == list(read["csv"][first])


@pytest.fixture(scope="module")
def two(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[pyvo.dal.TAPService]:
    """Two releases, each with a table of the same name, as one who may read them sees them."""
    folder = tmp_path_factory.mktemp("releases")
    for release, magnitude in (("early", 20.5), ("late", 21.5)):
        file = folder / f"{release}.csv"
        file.write_text(f"star,ra,dec,mag\n1,10.5,-20.25,{magnitude}\n2,11.5,-21.25,{magnitude}\n")
        sciplat(platform.home, "ingest", "catalog", str(file), "--table", f"{release}.stars")
    session = pyvo.auth.AuthSession()
    session.credentials.set_password("ada", platform.token(user="ada"))
    session.add_security_method_for_url(platform.tap, "ivo://ivoa.net/sso#BasicAA")
    yield pyvo.dal.TAPService(platform.tap, session=session)
    for release in ("early", "late"):
        sciplat(platform.home, "release", "drop", f"{release}.stars")


@pytest.mark.requirement("DMS-API-REQ-0029")
def test_two_releases_are_read_at_once_and_never_confused(
    two: pyvo.dal.TAPService, platform: Platform
) -> None:
    both = two.search(
        "SELECT e.star, e.mag AS early, l.mag AS late FROM early.stars AS e JOIN late.stars AS l "
        "ON e.star = l.star ORDER BY e.star"
    )
    assert [(row["star"], row["early"], row["late"]) for row in both] == [(1, 20.5, 21.5), (2, 20.5, 21.5)]

    with pytest.raises(pyvo.dal.DALQueryError, match=r"early\.stars.*late\.stars"):
        two.search("SELECT mag FROM stars")
    for release, magnitude in (("early", 20.5), ("late", 21.5)):
        assert list(two.search(f"SELECT mag FROM {release}.stars")["mag"]) == [magnitude] * 2
        described = two.search(
            f"SELECT table_name FROM TAP_SCHEMA.columns WHERE table_name = '{release}.stars'"
        )
        assert len(described) == 4
        cone = requests.get(
            f"{platform.url}/api/scs/{release}.stars",
            {"RA": 10.5, "DEC": -20.25, "SR": 0.1},
            headers={"Authorization": f"Bearer {platform.token(user='ada')}"},
            timeout=30,
        )
        assert Table.read(io.BytesIO(cone.content), format="votable")["mag"].tolist() == [magnitude]
