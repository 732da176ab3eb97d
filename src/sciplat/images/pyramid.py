"""The upper levels of an image's pyramid, all made in one pass over its pixels.

A tile of `FIRST_MADE` lies over 1024 by 1024 pixels; they are read in strips of at most four such tiles,
several strips at once, and thrown away: memory does not grow with the image.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Self

import numpy as np

from sciplat.images.box import Box
from sciplat.images.exposure import Floats, Integers
from sciplat.images.tiles import TILE, Source, Tile, check, paired

__all__ = ["FIRST_MADE", "build"]

FIRST_MADE = 2
"""The lowest level that is made so; tiles of those below are read from the image one by one."""

_TOGETHER = 2
"""So many levels above it, the pixels below a tile are read together."""

Keep = Callable[[int, int, int, Tile], None]


@dataclass(frozen=True, eq=False, slots=True)
class _Sums:
    """Pixels of a tile before their means are taken."""

    total: Floats
    count: Floats
    """Of the pixels below, those that have a value."""

    bits: Integers | None

    @property
    def tile(self) -> tuple[Floats, Integers | None]:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.count > 0, self.total / self.count, np.float32(np.nan)), self.bits


def build(
    reopen: Callable[[], AbstractContextManager[Source]],
    level: int,
    column: int,
    row: int,
    *,
    mask: bool,
    executor: Executor,
    keep: Keep | None = None,
    readers: int = 2,
) -> Tile:
    """Return a tile of `FIRST_MADE` or a level above, and give all that it is made of to ``keep``.

    A pixel is the mean of all pixels of the image below it that have a value, as in `sciplat.images.tiles`.

    Parameters
    ----------
    reopen
        Opens the image: each thread reads from a file of its own.
    level, column, row
        Which tile.
    mask
        Whether the mask is wanted.
    executor
        Its threads read the strips.
    keep
        Is given each tile as soon as it is there: level, column, row, tile; from this thread alone.
    readers
        How many strips are read at once.

    Raises
    ------
    NotFoundError
        There is no such tile.
    ImageFileError
        The file is damaged.
    """
    with _Readers(reopen, executor, mask=mask, most=readers) as files:
        check(files.box.shape, level, column, row)
        made = _Making(files, keep or _drop).sums(level, column, row)
        return Tile(*made.tile, level)


def _drop(*_: object) -> None:
    """Keep nothing."""


class _Readers:
    """The image, opened once for each thread that reads it."""

    def __init__(
        self,
        reopen: Callable[[], AbstractContextManager[Source]],
        executor: Executor,
        *,
        mask: bool,
        most: int,
    ) -> None:
        self._reopen, self._executor, self._mask, self.most = reopen, executor, mask, most
        self._free: SimpleQueue[Source] = SimpleQueue()
        self._opened = 1
        self._stack, self._running = ExitStack(), deque[Future[Any]]()

    def __enter__(self) -> Self:
        first = self._stack.enter_context(self._reopen())
        self.box = first.box
        self._free.put(first)
        return self

    def __exit__(self, *_: object) -> None:
        # Whoever still reads needs the file.
        while self._running:
            future = self._running.popleft()
            if not future.cancel():
                future.exception()
        self._stack.close()

    def strips(self, boxes: Iterator[Box]) -> Iterator[list[_Sums]]:
        """Yield the sums of strips, in their order, read by several threads."""
        for box in boxes:
            if len(self._running) >= self.most:
                yield self._running.popleft().result()
            if self._opened < self.most and len(self._running) >= self._opened:
                self._free.put(self._stack.enter_context(self._reopen()))
                self._opened += 1
            self._running.append(self._executor.submit(self._sums_of, box))
        while self._running:
            yield self._running.popleft().result()

    def _sums_of(self, box: Box) -> list[_Sums]:
        source = self._free.get()
        try:
            image = source.plane("image", box) if not hasattr(source, "cut") else source.cut(box).image
            bits = None
            if self._mask:
                bits = source.plane("mask", box) if not hasattr(source, "cut") else source.cut(box).mask
        finally:
            self._free.put(source)
        good = np.isfinite(image)
        if not good.all():
            image = np.where(good, image, np.float32(0))
        total, count = _reduced(image, np.add), _reduced(good.view(np.uint8), np.add)
        bits = None if bits is None else _reduced(bits, np.bitwise_or)
        return [
            _Sums(
                total[:, x : x + TILE],
                count[:, x : x + TILE].astype(np.float32),
                None if bits is None else bits[:, x : x + TILE],
            )
            for x in range(0, total.shape[1], TILE)
        ]


class _Making:
    """Tiles above tiles."""

    def __init__(self, files: _Readers, keep: Keep) -> None:
        self._files, self._keep = files, keep

    def sums(self, level: int, column: int, row: int) -> _Sums:
        """Return a tile, made of those below it."""
        if level > FIRST_MADE + _TOGETHER:
            sums = _joined(
                {(x, y): self.sums(level - 1, *at) for x, y, at in self._below(level, column, row)}
            )
            self._keep(level, column, row, Tile(*sums.tile, level))
            return sums
        return self._group(level, column, row)

    def _below(self, level: int, column: int, row: int) -> Iterator[tuple[int, int, tuple[int, int]]]:
        side, (height, width) = TILE << (level - 1), self._files.box.shape
        for y in (0, 1):
            for x in (0, 1):
                if (2 * column + x) * side < width and (2 * row + y) * side < height:
                    yield x, y, (2 * column + x, 2 * row + y)

    def _group(self, level: int, column: int, row: int) -> _Sums:
        """Return a tile whose pixels below are read together, at most 4096 by 4096."""
        whole, lowest = self._files.box, TILE << FIRST_MADE
        count = 1 << (level - FIRST_MADE)
        asked = Box(column, row, column + 1, row + 1)
        place = Box(*((TILE << level) * each for each in (asked.x0, asked.y0, asked.x1, asked.y1))).moved(
            *whole.origin
        )
        inside = place.overlap(whole)
        assert inside is not None
        rows = range(inside.y0, inside.y1, lowest)
        boxes = (Box(inside.x0, y, inside.x1, min(y + lowest, inside.y1)) for y in rows)
        tiles: dict[tuple[int, int], _Sums] = {}
        for y, strip in enumerate(self._files.strips(boxes)):
            for x, sums in enumerate(strip):
                tiles[x, y] = sums
                at = (column * count + x, row * count + y)
                self._keep(FIRST_MADE, *at, Tile(*sums.tile, FIRST_MADE))
        for above in range(FIRST_MADE + 1, level + 1):
            count >>= 1
            found = {(x // 2, y // 2) for x, y in tiles}
            tiles = {
                (x, y): _joined(
                    {
                        (i, j): tiles[2 * x + i, 2 * y + j]
                        for i in (0, 1)
                        for j in (0, 1)
                        if (2 * x + i, 2 * y + j) in tiles
                    }
                )
                for x, y in sorted(found)
            }
            for (x, y), sums in tiles.items():
                self._keep(above, column * count + x, row * count + y, Tile(*sums.tile, above))
        return tiles[0, 0]


def _joined(parts: dict[tuple[int, int], _Sums]) -> _Sums:
    """Return the tile above up to four tiles."""

    def one(name: str, join: np.ufunc) -> Any:
        rows = [
            np.concatenate([getattr(parts[x, y], name) for x in (0, 1) if (x, y) in parts], axis=1)
            for y in (0, 1)
            if (0, y) in parts
        ]
        return paired(np.concatenate(rows), join)

    masked = parts[0, 0].bits is not None
    return _Sums(one("total", np.add), one("count", np.add), one("bits", np.bitwise_or) if masked else None)


def _reduced(pixels: Any, join: np.ufunc) -> Any:
    """Join 4 by 4 pixels, rows first: they lie together in memory."""
    for axis in (0, 1):
        parts = [pixels[start::4] if axis == 0 else pixels[:, start::4] for start in range(4)]
        joined = parts[0].copy()
        for part in parts[1:]:
            here = joined[: part.shape[0], : part.shape[1]]
            join(here, part, out=here)
        pixels = joined
    return pixels
