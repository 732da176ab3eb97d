"""Numbers of every row of a table, made once and mapped from files: what sorts, plots and brushes use."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from sciplat.engine.running import Running
from sciplat.errors import CancelledError

__all__ = ["Stop", "Vectors"]

Vector = npt.NDArray[np.generic]

_LOOK_SECONDS = 0.2


class Stop:
    """Tells what works for somebody that nobody waits for it any more. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Running | None = None
        self._is_set = False

    def set(self) -> None:
        """Stop what is being done."""
        with self._lock:
            self._is_set = True
            running = self._running
        if running is not None:
            running.cancel()

    def watch(self, running: Running) -> None:
        """Let a query stop with the rest."""
        with self._lock:
            self._running = running
            is_set = self._is_set
        if is_set:
            running.cancel()

    def check(self) -> None:
        """Raise `CancelledError` if nobody waits any more."""
        if self._is_set:
            raise CancelledError("Nobody waits for this any more.")


class Vectors:
    """Keeps vectors in files of its own folder; those that nobody asked for longest go first.

    A vector that is handed out stays readable, also when its file has gone. Two that ask for the same one
    at once wait for the same work. Safe to use from several threads.

    Parameters
    ----------
    folder
        For this process alone; what is in it is removed.
    limit_bytes
        What all may take together, but for the one that was made last.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.iterdir():
            left.unlink(missing_ok=True)
        self._kept: OrderedDict[str, tuple[str, Vector, Path]] = OrderedDict()
        """By key: whose it is, the vector, and its file."""
        self._making: set[str] = set()
        self._changed = threading.Condition()

    def get(
        self, owner: str, key: str, dtype: npt.DTypeLike, make: Callable[[], Iterator[Vector]], stop: Stop
    ) -> Vector:
        """Return the vector of a key, made if it is not there.

        Parameters
        ----------
        owner
            Of which table it is; `forget` takes this name.
        key
            Says all that it depends on.
        make
            Yields its parts, in order.
        """
        name = sha256(f"{owner}\n{key}".encode()).hexdigest()
        with self._changed:
            while name in self._making:
                self._changed.wait(_LOOK_SECONDS)
                stop.check()
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name][1]
            self._making.add(name)
        try:
            vector, path = self._made(np.dtype(dtype), make, stop)
            with self._changed:
                self._kept[name] = (owner, vector, path)
                self._shrink()
        finally:
            with self._changed:
                self._making.discard(name)
                self._changed.notify_all()
        return vector

    def has(self, owner: str, key: str) -> bool:
        """Return whether a vector is there."""
        return sha256(f"{owner}\n{key}".encode()).hexdigest() in self._kept

    def forget(self, is_gone: Callable[[str], bool]) -> None:
        """Remove the vectors of tables that are gone."""
        with self._changed:
            for name in [name for name, (owner, _, _) in self._kept.items() if is_gone(owner)]:
                self._drop(name)

    @property
    def bytes(self) -> int:
        """How much all vectors take on the disk."""
        with self._changed:
            return sum(vector.nbytes for _, vector, _ in self._kept.values())

    def _made(
        self, dtype: np.dtype[np.generic], make: Callable[[], Iterator[Vector]], stop: Stop
    ) -> tuple[Vector, Path]:
        path = self._folder / uuid4().hex
        try:
            with path.open("wb") as file:
                for part in make():
                    stop.check()
                    file.write(np.ascontiguousarray(part, dtype).data.cast("B"))
                size = file.tell()
            vector: Vector = np.memmap(path, dtype, "r") if size else np.empty(0, dtype)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return vector, path

    def _shrink(self) -> None:
        taken = sum(vector.nbytes for _, vector, _ in self._kept.values())
        while taken > self._limit_bytes and len(self._kept) > 1:
            oldest = next(iter(self._kept))
            taken -= self._kept[oldest][1].nbytes
            self._drop(oldest)

    def _drop(self, name: str) -> None:
        _, _, path = self._kept.pop(name)
        with suppress(OSError):
            path.unlink()
