"""Queries that were translated before, for the same tables."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from enum import Enum
from threading import Lock
from typing import Generic, TypeVar

from sciplat.adql import Catalog, Translation, translate
from sciplat.adql.pattern import Around, Pattern, pattern_of, split

__all__ = ["Translations"]

_MOST_BYTES = 32 << 20
_COLUMN_BYTES = 500
_TRANSLATION_BYTES = 4000
"""What one keeps beside its texts and columns, about."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class _Without(Enum):
    """Why there is no pattern."""

    SEEN_ONCE = "one query isn't worth finding one"
    IMPOSSIBLE = "such queries have none"


class Translations:
    """Translates queries, and knows again those that were asked last. Safe to use from several threads.

    A catalog never changes, so what was true of it once is true as long as it is the same.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._known: _Latest[tuple[str, int, Catalog], Translation] = _Latest(most_bytes)
        self._patterns: _Latest[tuple[Around, int, Catalog], Pattern | _Without] = _Latest(most_bytes // 4)

    def translate(self, text: str, catalog: Catalog, *, maxrec: int) -> Translation:
        """Return what `sciplat.adql.translate` does, and raise what it does."""
        key = (text, maxrec, catalog)
        made = self._known.get(key)
        if made is None:
            made = self._by_pattern(text, catalog, maxrec) or translate(text, catalog, maxrec=maxrec)
            self._known.keep(key, made, _size(text, made))
        return made

    def _by_pattern(self, text: str, catalog: Catalog, maxrec: int) -> Translation | None:
        parts = split(text)
        if parts is None:
            return None
        around, circle = parts
        key = (around, maxrec, catalog)
        pattern = self._patterns.get(key)
        if pattern is None:
            self._patterns.keep(key, _Without.SEEN_ONCE, len(text))
        elif pattern is _Without.SEEN_ONCE:
            pattern = pattern_of(around, catalog, maxrec=maxrec) or _Without.IMPOSSIBLE
            columns = pattern.columns if isinstance(pattern, Pattern) else ()
            self._patterns.keep(key, pattern, 2 * len(text) + _COLUMN_BYTES * len(columns))
        return pattern.translation(circle) if isinstance(pattern, Pattern) else None


class _Latest(Generic[Key, Value]):
    """What was asked for last, as much of it as may be kept."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        """Return what is kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def keep(self, key: Key, value: Value, size: int) -> None:
        """Keep a value of about ``size`` bytes, and forget what was not asked for longest."""
        size += _TRANSLATION_BYTES
        with self._lock:
            _, before = self._kept.pop(key, (None, 0))
            self._kept[key] = value, size
            self._bytes += size - before
            while self._bytes > self._most_bytes:
                _, (_, forgotten) = self._kept.popitem(last=False)
                self._bytes -= forgotten


def _size(text: str, translation: Translation) -> int:
    return len(text) + len(translation.sql) + _COLUMN_BYTES * len(translation.columns)
