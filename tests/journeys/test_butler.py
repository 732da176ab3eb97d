"""The Butler, from the running platform: with the stock client, with ours, and by many at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests
from support.running import Platform
from support.sky_files import pixels

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

import sciplat.client

pytestmark = pytest.mark.journey

STOCK = """
import sys
from lsst.daf.butler import Butler
from sciplat.repository.storage import register
register()
butler = Butler(sys.argv[1], collections=sys.argv[2])
for ref in butler.query_datasets("visit_image"):
    print(butler.get(ref, parameters={"bbox": (0, 0, 8, 8)}).image.shape, butler.getURI(ref).exists())
"""


def test_the_stock_client_reads_what_a_token_opens(platform: Platform) -> None:
    """In a process of its own, with nothing but an address and a token."""
    url = f"{platform.url}/api/butler/repo/secret/butler.yaml"
    ran = subprocess.run(
        [sys.executable, "-c", STOCK, url, "secret"],
        env={**os.environ, "BUTLER_RUBIN_ACCESS_TOKEN": platform.token("read:image")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ran.stdout == "(8, 8) True\n", ran.stderr


def test_many_read_boxes_at_one_time_and_nobody_waits_for_them(platform: Platform) -> None:
    client = sciplat.client.connect(platform.url)
    refs = client.butler("field").query_datasets("visit_image", order_by="visit.timespan.begin")

    def read(number: int) -> bool:
        butler = sciplat.client.connect(platform.url).butler("field")
        part = butler.get(refs[number % 2], parameters={"bbox": (number, 1, number + 9, 11)})
        return np.array_equal(part.image, pixels(1 + number % 2)[1:11, number : number + 9])

    with ThreadPoolExecutor(20) as pool:
        reading = pool.map(read, range(20))
        assert requests.get(f"{platform.url}/api/health", timeout=10).json()["status"] == "ready"
        assert all(reading)


def test_no_log_has_a_signature(platform: Platform) -> None:
    butler = sciplat.client.connect(platform.url).butler("field")
    address = str(butler.getURI(butler.query_datasets("visit_image")[0]))
    signature = address.partition("signature=")[2]

    assert requests.get(address, timeout=30).status_code == 200

    assert len(signature) > 40
    assert not [log for log in (platform.home / "logs").iterdir() if signature in log.read_text()]
