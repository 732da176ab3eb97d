"""Files and ranges of them, as clients ask for them well and badly (RFC 9110, section 14)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from fastapi import FastAPI
from starlette.responses import Response
from support.serving import serving

from sciplat.api.errors import add_error_handlers
from sciplat.api.files import StoredFile

CONTENT = bytes(range(256)) * 10


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("files")
    (folder / "there").write_bytes(CONTENT)
    (folder / "empty").write_bytes(b"")
    app = FastAPI()
    add_error_handlers(app)

    @app.api_route("/{name}", methods=["GET", "HEAD"])
    def file(name: str) -> Response:
        return StoredFile(Path(folder / name))

    with serving(app) as address:
        yield address


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=5-", slice(5, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=-999999999", slice(0, None)),
        ("bytes=10-99999999999", slice(10, None)),
        ("BYTES = 3 - 4 ,", slice(3, 5)),
    ],
)
def test_a_range_is_that_part(url: str, asked: str, part: slice) -> None:
    answer = requests.get(f"{url}/there", headers={"Range": asked}, timeout=10)

    assert (answer.status_code, answer.content) == (206, CONTENT[part])
    first, last, _ = part.indices(len(CONTENT))
    assert answer.headers["Content-Range"] == f"bytes {first}-{last - 1}/{len(CONTENT)}"


@pytest.mark.parametrize(
    "asked",
    [
        *("bytes=5-1", "bytes=-", "bytes=", "bytes=a-b", "bytes=1-2;x", "bytes=0x1-2", "garbage", "x" * 5000),
        *("lines=1-2", "bytes=0-1,3-4", ",".join(["bytes=0-", *["0-"] * 1000]), "bytes=" + "9" * 400 + "-"),
    ],
)
def test_what_is_no_range_that_is_served_counts_as_not_sent(url: str, asked: str) -> None:
    answer = requests.get(f"{url}/there", headers={"Range": asked}, timeout=10)

    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["bytes=2560-", "bytes=99999-100000", "bytes=-0"])
def test_a_range_behind_the_end_is_told_with_the_size(url: str, asked: str) -> None:
    answer = requests.get(f"{url}/there", headers={"Range": asked}, timeout=10)

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */2560"
    assert "2,560 bytes" in answer.json()["error"]["message"]


def test_only_get_has_ranges_and_a_changed_file_comes_whole(url: str) -> None:
    head = requests.head(f"{url}/there", headers={"Range": "bytes=0-1"}, timeout=10)
    assert (head.status_code, head.headers["Content-Length"]) == (200, "2560")
    asked = {"Range": "bytes=0-1", "If-Range": '"another"'}
    assert requests.get(f"{url}/there", headers=asked, timeout=10).content == CONTENT
    assert requests.get(f"{url}/empty", headers={"Range": "bytes=0-"}, timeout=10).status_code == 416


def test_a_file_that_is_gone_is_not_found(url: str) -> None:
    answer = requests.get(f"{url}/away", timeout=10)

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "This file is not there any more."
