"""A file on a server is read as one that lies here, and no more of it is fetched than that needs."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.errors import NotFoundError, UnavailableError
from sciplat.repository.fetched import BLOCK, FetchedFile

CONTENT = bytes(range(251)) * (20 * BLOCK // 251)


class Server(io.BytesIO):
    """A file that counts what is asked of it."""

    def __init__(self, content: bytes = CONTENT) -> None:
        super().__init__(content)
        self.asked: list[int] = []

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        self.asked.append(len(content))
        return content


@given(
    st.integers(0, len(CONTENT)),
    st.lists(
        st.tuples(st.integers(0, len(CONTENT) + 10), st.integers(0, 6 * BLOCK)), min_size=1, max_size=12
    ),
)
def test_any_part_is_what_it_is_in_the_file(size: int, parts: list[tuple[int, int]]) -> None:
    server = Server(CONTENT[:size])
    file = FetchedFile(server, "im.fits")

    for place, count in parts:
        file.seek(place)
        assert file.read(count) == CONTENT[:size][place : place + count]
    file.seek(-3, io.SEEK_END)
    assert file.read() == CONTENT[:size][-3:]
    assert sum(server.asked) <= size  # nothing twice


def test_few_requests_fetch_little() -> None:
    server = Server()
    file = FetchedFile(server, "im.fits")

    file.read(2880)
    file.read(2880)
    assert server.asked == [BLOCK]
    file.seek(10 * BLOCK + 7)
    file.read(3 * BLOCK)
    assert server.asked == [BLOCK, 4 * BLOCK]  # in one request
    for _ in range(20):
        file.read(BLOCK // 4)
    assert len(server.asked) <= 4  # who reads on is given more at a time


def test_a_large_file_is_not_kept_in_memory() -> None:
    content = bytes(1 << 20) * 40
    file = FetchedFile(Server(content), "im.fits")

    assert file.read(len(content)) == content
    assert sum(map(len, file._blocks.values())) < len(content) / 2


@pytest.mark.parametrize(
    ("failure", "error"),
    [(FileNotFoundError("http://a?signature=s"), NotFoundError), (OSError("signature=s"), UnavailableError)],
)
def test_what_cannot_be_fetched_is_said_without_its_address(
    failure: Exception, error: type[Exception]
) -> None:
    class Broken(Server):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise failure
            return super().read(size)

    file = FetchedFile(Broken(), "im.fits")
    file.seek(3 * BLOCK)

    with pytest.raises(error, match=r"im\.fits") as raised:
        file.read(10)

    assert "signature" not in str(raised.value)


def test_an_answer_that_is_cut_off_is_no_end_of_the_file() -> None:
    class Short(Server):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(size)[: BLOCK + 5]

    file = FetchedFile(Short(), "im.fits")
    file.seek(3 * BLOCK)

    with pytest.raises(UnavailableError, match="cut off"):
        file.read(3 * BLOCK)
