"""What a verb has made to be sent: bytes that come piece by piece, from files that are closed in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

__all__ = ["Sendable", "pieces"]

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, eq=False, slots=True)
class Sendable:
    """What was asked for, ready to be sent; whoever does not iterate over all of it closes it."""

    name: str
    """What a person's computer calls the file."""

    media_type: str
    size: int
    """Bytes."""

    content: Iterator[bytes]
    public: bool
    """Everybody may see it."""

    shrunk: int = 1
    """How many pixels along each axis have become one of a picture."""

    closing: Callable[[], None] = field(default=lambda: None)

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self.content
        finally:
            self.closing()

    def close(self) -> None:
        """Close the files that are read."""
        self.closing()


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file from where it stands."""
    while piece := file.read(_PIECE_BYTES):
        yield piece
