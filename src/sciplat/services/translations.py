"""Queries that were translated before, for the same tables."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from sciplat.adql import Catalog, Translation, translate

__all__ = ["Translations"]

_MOST_BYTES = 32 << 20
_COLUMN_BYTES = 500
_TRANSLATION_BYTES = 4000
"""What one keeps beside its texts and columns, about."""


class Translations:
    """Translates queries, and knows again those that were asked last. Safe to use from several threads."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._known: OrderedDict[tuple[str, int, Catalog], Translation] = OrderedDict()
        self._lock = Lock()

    def translate(self, text: str, catalog: Catalog, *, maxrec: int) -> Translation:
        """Return what `sciplat.adql.translate` does, and raise what it does.

        A catalog never changes, so what was true of it once is true as long as it is the same.
        """
        key = (text, maxrec, catalog)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        made = translate(text, catalog, maxrec=maxrec)
        with self._lock:
            if key not in self._known:
                self._known[key] = made
                self._bytes += _size(text, made)
            while self._bytes > self._most_bytes:
                (forgotten, _, _), translation = self._known.popitem(last=False)
                self._bytes -= _size(forgotten, translation)
        return made


def _size(text: str, translation: Translation) -> int:
    return len(text) + len(translation.sql) + _COLUMN_BYTES * len(translation.columns) + _TRANSLATION_BYTES
