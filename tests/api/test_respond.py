"""Small answers are sent whole, large ones as they come; codings and OVERFLOW stand in the headers."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Iterator

import pyarrow as pa
import pytest
from fastapi import Request
from starlette.responses import Response, StreamingResponse

from sciplat.api.respond import respond
from sciplat.errors import EngineError
from sciplat.tables.arrow import describe
from sciplat.tables.document import Document
from sciplat.tables.formats import negotiate
from sciplat.tables.stream import TableStream

SMALL = pa.RecordBatch.from_pydict({"ra": ["1"], "dec": ["2"]})
LARGE = pa.RecordBatch.from_pydict({"x": [f"{number:0100}" for number in range(50_000)]})


def asking(address: str = "127.0.0.1", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "path": "/", "headers": raw, "client": (address, 1)})


def stream(*batches: pa.RecordBatch, made: list[int] | None = None) -> TableStream:
    def run() -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(batches):
            if made is not None:
                made.append(number)
            yield batch

    columns = tuple(describe(field.name, field.type) for field in batches[0].schema)
    return TableStream(columns, batches[0].schema, run())


def content(response: Response) -> bytes:
    if not isinstance(response, StreamingResponse):
        return bytes(response.body)

    async def gather() -> bytes:
        return b"".join([bytes(chunk) async for chunk in response.body_iterator])  # type: ignore[arg-type]

    return asyncio.run(gather())


def test_a_small_answer_has_a_length() -> None:
    response = respond(stream(SMALL), negotiate("csv"), Document(), request=asking())

    assert response.headers["content-length"] == "13"


def test_a_large_answer_is_a_stream_that_begins_before_it_ends() -> None:
    made: list[int] = []

    response = respond(stream(*[LARGE] * 2, made=made), negotiate("votable/td"), Document(), request=asking())

    assert isinstance(response, StreamingResponse)
    assert made == [0]
    assert content(response).count(b"<TR>") == 100_000


def test_an_early_error_is_raised_before_anything_is_sent() -> None:
    broken = stream(SMALL)

    def run() -> Iterator[pa.RecordBatch]:
        yield SMALL
        raise EngineError("broken")

    broken.batches = run()

    with pytest.raises(EngineError):
        respond(broken, negotiate("csv"), Document(), request=asking())


@pytest.mark.parametrize(("overflow", "status"), [(True, "OVERFLOW"), (False, "OK")])
def test_csv_says_in_a_header_whether_rows_were_cut_also_when_it_begins_before_that_is_known(
    overflow: bool, status: str
) -> None:
    rows = stream(*[LARGE] * 2)

    def ended() -> None:
        rows.overflow = overflow

    rows.ended = ended

    assert respond(rows, negotiate("csv"), Document(), request=asking()).headers["query-status"] == status


def test_a_format_that_can_say_it_has_no_such_header_and_waits_for_nothing() -> None:
    rows = stream(*[LARGE] * 2)

    def ended() -> None:
        raise AssertionError

    rows.ended = ended

    assert "query-status" not in respond(rows, negotiate("json"), Document(), request=asking()).headers


def test_a_file_name_is_for_keeping_and_else_for_showing() -> None:
    kept = respond(stream(SMALL), negotiate("fits"), Document(), request=asking(), file_name="job7")
    shown = respond(stream(SMALL), negotiate("votable"), Document(), request=asking())

    assert kept.headers["content-disposition"] == 'attachment; filename="job7.fits"'
    shown_as = shown.headers["content-disposition"]
    assert re.fullmatch(r'inline; filename="result-[0-9a-f]{8}\.vot"', shown_as)


@pytest.mark.parametrize("batches", [1, 5])
def test_a_client_elsewhere_gets_text_compressed_if_it_likes(batches: int) -> None:
    request = asking("192.0.2.7", accept_encoding="gzip, deflate")

    response = respond(stream(*[LARGE] * batches), negotiate("csv"), Document(), request=request)

    assert (response.headers["content-encoding"], response.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(content(response)).count(b"\r\n") == 50_000 * batches + 1


def test_zstd_comes_back_whole() -> None:
    request = asking("192.0.2.7", accept_encoding="gzip, zstd")

    response = respond(stream(*[LARGE] * 2), negotiate("votable/td"), Document(), request=request)

    assert response.headers["content-encoding"] == "zstd"
    source = pa.CompressedInputStream(pa.BufferReader(content(response)), "zstd")
    assert source.read().count(b"<TR>") == 100_000


def test_a_few_bytes_are_sent_as_they_are() -> None:
    request = asking("192.0.2.7", accept_encoding="gzip")

    response = respond(stream(SMALL), negotiate("csv"), Document(), request=request)

    assert "content-encoding" not in response.headers
