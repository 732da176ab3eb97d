"""Maps of the sky, from the application that serves them."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from astropy.io import fits
from mocpy import MOC
from PIL import Image
from support.client import Client
from support.serving import serving
from support.sky_map import instance_with_coadds

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.processes.images import create_app

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """Public release ``deep`` and private ``hidden``, each with maps."""
    made = instance_with_coadds(tmp_path_factory.mktemp("instance") / "home")
    made.images.make_hips.make("deep")
    made.catalogs.set_public("deep", True)
    instance_with_coadds(made.home, "hidden")
    made.images.make_hips.make("hidden", bands=["g"])
    made.identity.create_user("ada")
    return made


@pytest.fixture(scope="module")
def client(instance: Instance) -> Iterator[Client]:
    with serving(create_app(instance)) as url:
        yield Client(url)


def test_the_files_are_where_the_standard_has_them(client: Client) -> None:
    said = client.get("/api/hips/deep/g/properties")
    moc = client.get("/api/hips/deep/g/Moc.fits")
    tile = client.get("/api/hips/deep/g/Norder3/Dir0/Npix278.fits")
    picture = client.get("/api/hips/deep/colour/Norder3/Allsky.png")

    assert said.headers["Content-Type"].startswith("text/plain")
    lines = dict(line.split(" = ") for line in said.text.splitlines() if " = " in line)
    told = {name.strip(): value.strip() for name, value in lines.items()}
    assert told["hips_tile_format"] == "png fits"
    assert told["hips_status"] == "public master clonableOnce"
    assert {
        "creator_did",
        "obs_title",
        "hips_version",
        "hips_order",
        "hips_frame",
        "hips_release_date",
    } <= set(told)
    assert tile.headers["Content-Type"] == moc.headers["Content-Type"] == "application/fits"
    assert fits.getdata(io.BytesIO(tile.content)).shape == (512, 512)
    assert MOC.from_fits(io.BytesIO(moc.content)).max_order == 13
    with Image.open(io.BytesIO(picture.content)) as shown:
        assert shown.size == (1728, 1856)
    again = client.get("/api/hips/deep/g/Moc.fits", headers={"If-None-Match": moc.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "deep/u/properties",
        "deep/g/Norder3/Dir0/Npix1.fits",
        "deep/g/Norder3/Dir0/Npix278.jpg",
        "deep/g/made-of",
        "deep/g/../../../state/identity.sqlite",
        "deep/g/%2e%2e/r/properties",
        "deep/.making-g/properties",
        "deep/g/Norder99/Dir0/Npix99999999999999999999999.fits",
        "deep/g/",
        "deep/%00/properties",
        f"deep/{'x' * 3000}/properties",
    ],
)
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    answer = client.get(f"/api/hips/{path}")

    assert answer.status_code == 404
    assert answer.json()["error"]["message"]


def test_maps_of_a_private_release_are_for_who_may_see_its_images(client: Client, instance: Instance) -> None:
    issued = instance.identity.create_token("ada", scopes={Scope.READ_IMAGE})
    ada = {"Authorization": f"Bearer {issued.text}"}

    for path in ("properties", "Moc.fits", "Norder3/Dir0/Npix278.fits"):
        assert client.get(f"/api/hips/hidden/g/{path}").status_code == 401
        seen = client.get(f"/api/hips/hidden/g/{path}", headers=ada)
        assert seen.status_code == 200
        assert seen.headers["Cache-Control"].startswith("private")
    assert client.get("/api/images/hidden/moc").status_code == 401
    assert "hidden" not in client.get("/api/hips/list").text
    listed = client.get("/api/hips/list", headers=ada).text
    assert f"{client.url}/api/hips/hidden/g" in listed
    assert "private master" in listed
    assert listed.count("creator_did") == 5


def test_the_coverage_of_a_release_is_answered_in_three_forms(client: Client) -> None:
    fine = client.get("/api/images/deep/moc?order=13&format=ascii&dataset_type=deep_coadd")
    moc = MOC.from_string(fine.text)

    assert fine.headers["Content-Type"].startswith("text/plain")
    assert MOC.from_string(client.get("/api/images/deep/moc?order=13&format=json").text, "json") == moc
    assert MOC.from_fits(io.BytesIO(client.get("/api/images/deep/moc?order=13").content)) == moc
    for wrong, status in (("order=99", 400), ("format=csv", 400), ("order=x", 400), ("dataset_type=no", 404)):
        assert client.get(f"/api/images/deep/moc?{wrong}").status_code == status
