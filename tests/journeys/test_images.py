"""Files of images, from the running platform."""

from __future__ import annotations

import os
import signal

import numpy as np
import psutil
import pytest
import pyvo
import requests
from astropy.io import fits
from support.finding import image_identifier
from support.running import Platform
from support.sky_files import pixels

pytestmark = pytest.mark.journey


def address(platform: Platform, release: str, token: str | None = None) -> str:
    """The address of the first image of a release."""
    found = image_identifier(platform, release, token)
    return f"{platform.url}/api/images/{release}/{found.partition('?')[2]}/file"


@pytest.mark.requirement("DMS-API-REQ-0028")
@pytest.mark.requirement("DMS-LSP-REQ-0018")
def test_an_image_is_fetched_whole(platform: Platform, tmp_path) -> None:
    answer = requests.get(address(platform, "field"), timeout=30)
    (tmp_path / "image.fits").write_bytes(answer.content)

    assert answer.headers["Content-Type"] == "application/fits"
    assert 'filename="field-visit_image-' in answer.headers["Content-Disposition"]
    with fits.open(tmp_path / "image.fits") as hdus:
        np.testing.assert_array_equal(hdus["IMAGE"].data, pixels(1))
        said, sky = hdus[0].header, hdus["IMAGE"].header
    assert (said["INSTRUME"], said["FILTER"], said["EXPTIME"]) == ("CDK17", "g", 60)
    assert said["DATE-OBS"] == "2026-03-01T20:00:00"
    assert said["LSST BUTLER DATASETTYPE"] == "visit_image"
    assert (sky["CTYPE1"], sky["RADESYS"], sky["CRVAL1"]) == ("RA---TAN", "ICRS", 25.6)


def test_a_range_is_a_part_of_it(platform: Platform) -> None:
    url = address(platform, "field")
    whole = requests.get(url, timeout=30).content

    part = requests.get(url, headers={"Range": "bytes=2880-2890"}, timeout=30)
    end = requests.get(url, headers={"Range": "bytes=-10"}, timeout=30)
    beyond = requests.get(url, headers={"Range": f"bytes={len(whole)}-"}, timeout=30)

    assert (part.status_code, part.content) == (206, whole[2880:2891])
    assert part.headers["Content-Range"] == f"bytes 2880-2890/{len(whole)}"
    assert end.content == whole[-10:]
    assert beyond.status_code == 416
    head = requests.head(url, timeout=30)
    assert (head.headers["Content-Length"], head.headers["Accept-Ranges"]) == (str(len(whole)), "bytes")
    again = requests.get(url, headers={"If-None-Match": head.headers["ETag"]}, timeout=30)
    assert (again.status_code, again.content) == (304, b"")


def test_astropy_reads_a_section_over_http(platform: Platform) -> None:
    with fits.open(address(platform, "field"), use_fsspec=True) as hdus:
        np.testing.assert_array_equal(hdus["IMAGE"].section[3:5, 7:9], pixels(1)[3:5, 7:9])


def test_private_images_need_a_token_with_the_scope(platform: Platform) -> None:
    token = platform.token("read:tap", "read:image", user="ada")
    both = {"Authorization": f"Bearer {token}"}
    tap = {"Authorization": f"Bearer {platform.token('read:tap', user='ada')}"}
    url = address(platform, "secret", token)

    assert requests.get(url, headers=both, timeout=30).status_code == 200
    assert requests.get(url, headers=tap, timeout=30).status_code == 403
    refused = requests.get(url, timeout=30)
    assert refused.status_code == 401
    assert "Basic" in refused.headers["WWW-Authenticate"]
    unknown = requests.get(url.replace("/secret/", "/nothing/"), timeout=30)
    assert unknown.status_code == 401
    assert unknown.text == refused.text.replace("secret", "nothing")
    assert requests.get(url.replace("/secret/", "/field/"), headers=both, timeout=30).status_code == 404


def test_the_images_process_comes_back_and_others_do_not_notice(platform: Platform) -> None:
    url = address(platform, "field")
    assert requests.get(url, timeout=30).status_code == 200
    pid = images_pid(platform)

    os.kill(pid, signal.SIGKILL)
    platform.wait_for(lambda: platform.health()["components"]["images"] != "up", what="notice")

    away = requests.get(url, timeout=30)
    assert away.status_code in (503, 200)
    pyvo.dal.TAPService(platform.tap).search("SELECT TOP 1 * FROM gaia.gaia_source")
    platform.wait_for(lambda: platform.health()["components"]["images"] == "up", what="images")
    assert requests.get(url, timeout=30).status_code == 200
    assert images_pid(platform) != pid


def images_pid(platform: Platform) -> int:
    (pid,) = (
        child.pid
        for child in psutil.Process(platform.process.pid).children(recursive=True)
        if "sciplat.processes.serve images" in " ".join(child.cmdline())
    )
    return pid
