"""Tile images: the levels of their pyramids for viewers, each made once and kept while there is room."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import pyarrow as pa

from sciplat.errors import NotFoundError
from sciplat.images import pyramid, tiles
from sciplat.images.pixels import ImagePlace
from sciplat.services.locate import Located
from sciplat.tiles.store import TileStore, fingerprint

__all__ = ["Packed", "TileService", "Which", "place_of"]

_STRIPES = 64
_WORTH = 0.9
"""Of its size, what packing must save to be worth unpacking."""

_ZSTD = b"\x28\xb5\x2f\xfd"
_TOGETHER = 4
"""The level whose tiles are made whole, with all below: one is 4096 by 4096 pixels."""


@dataclass(frozen=True, slots=True)
class Which:
    """One tile of an image's pyramid."""

    level: int
    column: int
    row: int
    mask: bool = False
    """Whether the mask is wanted too."""

    @property
    def name(self) -> str:
        """What it is called where it is kept."""
        return f"{self.level}-{self.column}-{self.row}{'m' if self.mask else ''}"


@dataclass(frozen=True, slots=True)
class Packed:
    """A tile as it is kept: in zstd where that pays."""

    content: bytes

    @property
    def is_zstd(self) -> bool:
        """Whether the content is packed."""
        return self.content.startswith(_ZSTD)

    def unpacked(self) -> bytes:
        """Return the tile as `sciplat.images.tiles.encode` made it."""
        if not self.is_zstd:
            return self.content
        found: bytes = pa.input_stream(pa.py_buffer(self.content), compression="zstd").read()
        return found


def place_of(found: Located) -> ImagePlace:
    """Return where an image lies.

    Raises
    ------
    NotFoundError
        The dataset is a table, or something else that cannot be looked at so.
    """
    if not found.is_image:
        raise NotFoundError(f"Dataset {found.id} of release {found.release!r} is no image.")
    layout = found.layout if found.layout is not None and found.layout.image.file == found.path else None
    return ImagePlace(found.path, layout)


class TileService:
    """Makes and keeps the tiles of images; for any number of threads."""

    def __init__(self, store: TileStore, *, threads: int) -> None:
        """Keep tiles in ``store``; read images with so many ``threads``."""
        self._store = store
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="strip")
        self._locks = [Lock() for _ in range(_STRIPES)]

    def close(self) -> None:
        """Give the threads back."""
        self._executor.shutdown(cancel_futures=True)

    def fingerprint(self, place: ImagePlace) -> str:
        """Return what changes when the files of an image do.

        Raises
        ------
        NotFoundError
            A file is gone.
        """
        try:
            return fingerprint(place.paths)
        except OSError as error:
            raise NotFoundError("The file of this image is not there any more.") from error

    def kept(self, image: str, which: Which) -> Packed | None:
        """Return a tile if it is kept; ``image`` is the fingerprint."""
        content = self._store.get(image, which.name)
        return None if content is None else Packed(content)

    def tile(self, place: ImagePlace, which: Which) -> Packed:
        """Return a tile; what is made on the way to it is kept too.

        Raises
        ------
        NotFoundError
            There is no such tile, or the file is gone.
        ImageFileError
            The file is damaged.
        """
        image = self.fingerprint(place)
        return self.kept(image, which) or self._alone(image, which, lambda: self._made(place, image, which))

    def remembered(self, place: ImagePlace, name: str, make: Callable[[], bytes]) -> bytes:
        """Return something else that is made of an image, and keep it."""
        image = self.fingerprint(place)
        found = self._store.get(image, name)
        if found is None:
            found = make()
            self._store.put(image, name, found)
        return found

    def _alone(self, image: str, which: Which, make: Callable[[], Packed]) -> Packed:
        """Let one at a time make tiles of an image: its neighbour may be making what this one wants."""
        with self._locks[hash((image, which.mask)) % _STRIPES]:
            return self.kept(image, which) or make()

    def _made(self, place: ImagePlace, image: str, which: Which) -> Packed:
        if which.level < pyramid.FIRST_MADE:
            with place.open() as source:
                made = tiles.tile(source, which.level, which.column, which.row, mask=which.mask)
            packed = _pack(made)
            self._store.put(image, which.name, packed.content)
            return packed
        found: dict[str, Packed] = {}

        def keep(level: int, column: int, row: int, made: tiles.Tile) -> None:
            each = Which(level, column, row, which.mask)
            packed = _pack(made)
            self._store.put(image, each.name, packed.content)
            if each == which:
                found[each.name] = packed

        with place.open() as source:
            shape = source.box.shape
        tiles.check(shape, which.level, which.column, which.row)
        # What can't be kept would be made for nothing.
        up = max(0, min(_TOGETHER, tiles.levels(shape) - 1) - which.level) if self._store.has_room() else 0
        pyramid.build(
            place.open,
            which.level + up,
            which.column >> up,
            which.row >> up,
            mask=which.mask,
            executor=self._executor,
            keep=keep,
            readers=self._threads,
        )
        return found[which.name]


def _pack(made: tiles.Tile) -> Packed:
    content = tiles.encode(made)
    packed: bytes = pa.Codec("zstd", compression_level=1).compress(content, asbytes=True)
    return Packed(packed if len(packed) <= _WORTH * len(content) else content)
