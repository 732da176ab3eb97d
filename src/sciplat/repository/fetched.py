"""A file on a server, of which only the pieces are fetched that are read."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lsst.resources import ResourcePath

from sciplat.errors import NotFoundError, UnavailableError

__all__ = ["BLOCK", "FetchedFile", "fetched"]

BLOCK = 1 << 14
"""Bytes that are fetched at least: a header with the table of the tiles behind it often fits."""

_MOST_AT_ONCE = 256
"""Blocks of one request."""

_KEPT = 1024
"""Blocks that are kept, those that were read last."""


class FetchedFile(io.RawIOBase):
    """A file to be read, in blocks: those that stand together and are missing are one request.

    Who reads on where the last request ended is likely to go on: twice as much is fetched then as before.

    Parameters
    ----------
    handle
        What fetches: ``seek`` costs nothing, and each ``read`` is one request.
    name
        What errors call the file.
    """

    def __init__(self, handle: Any, name: str) -> None:
        super().__init__()
        self.name = name
        self._handle = handle
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._place = 0
        self._next, self._ahead = 0, 0
        first = self._read(0, BLOCK)
        self._blocks[0] = first
        self._next = 1
        # Known with the first answer.
        self._size = len(first) if len(first) < BLOCK else int(handle.seek(0, io.SEEK_END))

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that any part of it can."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as far as the file goes.

        Raises
        ------
        NotFoundError
            The file is not there any more, or the address has expired.
        UnavailableError
            The server does not answer.
        """
        if self.closed:
            raise ValueError("The file is closed")
        view = memoryview(buffer).cast("B")
        begin, end = self._place, max(self._place, min(self._place + len(view), self._size))
        while self._place < end:
            number, skipped = divmod(self._place, BLOCK)
            piece = self._block(number, -(-end // BLOCK))[skipped : skipped + end - self._place]
            view[self._place - begin : self._place - begin + len(piece)] = piece
            self._place += len(piece)
        return end - begin

    def _block(self, number: int, until: int) -> bytes:
        """Return a block; if it must be fetched, with what is missing behind it before block ``until``."""
        if number not in self._blocks:
            self._ahead = min(2 * self._ahead + 1, _MOST_AT_ONCE) if number == self._next else 0
            last = min(until + self._ahead, number + _MOST_AT_ONCE, -(-self._size // BLOCK))
            stop = next((each for each in range(number, last) if each in self._blocks), last)
            content = self._read(number * BLOCK, min(stop * BLOCK, self._size) - number * BLOCK)
            for each in range(number, stop):
                start = (each - number) * BLOCK
                self._blocks[each] = content[start : start + BLOCK]
            self._next = stop
            while len(self._blocks) > _KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _read(self, place: int, size: int) -> bytes:
        try:
            self._handle.seek(place)
            content: bytes = self._handle.read(size)
        except FileNotFoundError as error:
            raise NotFoundError(
                f"{self.name} cannot be fetched any more: ask the Butler for it again."
            ) from error
        except OSError as error:  # its text has the address, which nobody else may know
            raise UnavailableError(f"{self.name} cannot be fetched: {type(error).__name__}") from None
        if place and len(content) < size:
            raise UnavailableError(f"{self.name} cannot be fetched: the answer was cut off")
        return content


@contextmanager
def fetched(uri: ResourcePath) -> Iterator[FetchedFile]:
    """Open a file on a server.

    Raises
    ------
    NotFoundError, UnavailableError
        It cannot be fetched.
    """
    with uri.open("rb") as handle:
        file = FetchedFile(handle, uri.basename())
        with file:
            yield file
