"""What a list shows of a job: in one line, what it is about."""

from __future__ import annotations

from collections.abc import Sequence

from sciplat.jobs.models import CUTOUT

__all__ = ["title_of"]

_READ = 5000
"""Characters of a parameter in which something to show is looked for."""


def title_of(kind: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return the query of a job, without the lines that are comments; or what is cut out of what."""
    if kind == CUTOUT:
        return _cutouts(parameters)
    for name, value in parameters:
        if name == "QUERY":
            lines = (line.strip() for line in value[:_READ].splitlines())
            return _one_line(" ".join(line for line in lines if not line.startswith("--")))
    return _one_line(next((f"Result of job {value}" for name, value in parameters if name == "JOB"), ""))


def _cutouts(parameters: Sequence[tuple[str, str]]) -> str:
    regions = [
        value if name == "POS" else f"{name} {value}"
        for name, value in parameters
        if name in ("POS", "CIRCLE", "POLYGON")
    ]
    images = [value for name, value in parameters if name == "ID"]
    return _one_line(f"{_first(regions, 'regions') or 'All'} of {_first(images, 'images')}")


def _first(values: Sequence[str], what: str) -> str:
    if len(values) > 1:
        return f"{len(values):,} {what}, the first {values[0][:_READ]}"
    return values[0][:_READ] if values else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
