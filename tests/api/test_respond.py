"""Small answers are sent whole, large ones as they come."""

from collections.abc import Iterator

import pytest
from starlette.responses import StreamingResponse

from sciplat.api.respond import respond
from sciplat.errors import EngineError


def test_a_small_answer_has_a_length() -> None:
    response = respond(iter([b"ra,dec\n", b"1,2\n"]), media_type="text/csv")

    assert response.headers["content-length"] == "11"


def test_a_large_answer_is_a_stream_that_begins_before_it_ends() -> None:
    made = []

    def pieces() -> Iterator[bytes]:
        for number in range(10):
            made.append(number)
            yield bytes(400_000)

    response = respond(pieces(), media_type="text/csv")

    assert isinstance(response, StreamingResponse)
    assert made == [0, 1, 2]


def test_an_early_error_is_raised_before_anything_is_sent() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"<VOTABLE>"
        raise EngineError("broken")

    with pytest.raises(EngineError):
        respond(pieces(), media_type="text/xml")
