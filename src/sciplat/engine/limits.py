"""What one worker may use."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits", "in_words"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker may use."""

    memory_bytes: int
    """What DuckDB may take; a process needs about 0.1 GB beside it."""
    threads: int
    temp_bytes: int
    """Disk for sorting and joining."""
    temp_directory: str

    @property
    def most_memory_bytes(self) -> int:
        """More than this, and the worker is killed: DuckDB does not count all that it takes."""
        return self.memory_bytes * 3 // 2 + (256 << 20)

    @property
    def exceeded(self) -> str:
        """What to tell the user of a query that needs more."""
        return (
            f"The query needs more than a query may use here: {in_words(self.memory_bytes)} of memory, and "
            f"{in_words(self.temp_bytes)} of disk for sorting and joining. Ask for fewer columns or a "
            "smaller region, group by fewer values, or sort fewer rows."
        )


def in_words(count: int) -> str:
    """Return a number of bytes for people."""
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
