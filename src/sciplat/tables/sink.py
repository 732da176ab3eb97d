"""Where a library that writes files leaves the bytes for whoever sends them on."""

from __future__ import annotations

import io

__all__ = ["Sink"]


class Sink(io.RawIOBase):
    """Holds what was written until it is taken, also after it was closed; nobody looks back at it."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        """Return that it is."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written so far."""
        return self._place

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take bytes."""
        self._held.append(bytes(data))
        self._place += len(data)
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        content, self._held = b"".join(self._held), []
        return content
