"""What many cutouts at once are asked for by: the parameters of a job.

Nothing here opens a file or brings what could: the processes that only take jobs read requests too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Self

from sciplat.errors import UsageError
from sciplat.services.content import CONTENTS, SIDE_ARCSECONDS

if TYPE_CHECKING:
    from sciplat.images.cutout import Content

__all__ = ["ARCHIVES", "PARAMETERS", "Archive", "BulkRequest"]

Archive = Literal["tar", "fits"]

PARAMETERS: Final = (
    *("QUERY", "LANG", "JOB", "RA", "DEC", "NAME", "DATASET"),
    *("ID", "RELEASE", "DATASET_TYPE", "BAND", "PATCHES", "SIZE", "PIXELS", "PLANES", "RESPONSEFORMAT"),
)
"""Those that a job keeps; ID, DATASET_TYPE and BAND may have several values."""

ARCHIVES: Final[Mapping[str, Archive]] = {
    "tar": "tar",
    "application/x-tar": "tar",
    "application/tar": "tar",
    "fits": "fits",
    "application/fits": "fits",
    "image/fits": "fits",
}

_MOST_ARCSECONDS = 7200.0
_MOST_PIXELS = 20_000


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """Positions, the images to cut, and what to cut of each."""

    query: str | None
    """ADQL whose rows are the positions; None where they are a job's result."""

    job: str | None
    """The id of the query whose result has the positions."""

    ra: str | None
    """The columns with the positions, ICRS degrees; None: found by their UCDs or names."""

    dec: str | None
    name: str | None
    """The column by which files are named, beside the number of their row."""

    dataset_column: str | None
    """The column that names the image of each row."""

    ids: tuple[str, ...]
    """Images that are cut at every position."""

    release: str | None
    """The release whose images are cut at every position that they cover."""

    dataset_types: tuple[str, ...]
    bands: tuple[str, ...]
    """The names of bands; none are all."""

    every_patch: bool
    """Whether a position in the border of patches is cut from each, and not only from that whose it is."""

    side: float
    """Arcseconds of each side."""

    pixels: int | None
    """Of each side, instead."""

    content: Content
    archive: Archive

    @classmethod
    def of(cls, parameters: Iterable[tuple[str, str]]) -> Self:
        """Read parameters, whose names may be in any case; those that are empty count as not sent.

        Raises
        ------
        UsageError
            A value cannot be understood, something is missing, or values don't go together.
        """
        given: dict[str, list[str]] = {name: [] for name in PARAMETERS}
        for name, value in parameters:
            if name.upper() in given and value.strip():
                given[name.upper()].append(value if name.upper() == "QUERY" else value.strip())
        query, job = _one(given, "QUERY"), _one(given, "JOB")
        if (query is None) == (job is None):
            raise UsageError(
                "Say where the positions are: send a table with UPLOAD, a QUERY, or the id of a query's JOB; "
                "one of them."
            )
        ra, dec, release = _one(given, "RA"), _one(given, "DEC"), _one(given, "RELEASE")
        if (ra is None) != (dec is None):
            raise UsageError("RA and DEC name the two columns with the positions: send both, or neither.")
        types, ids = tuple(dict.fromkeys(given["DATASET_TYPE"])), tuple(dict.fromkeys(given["ID"]))
        column = _one(given, "DATASET")
        ways = [name for name, is_sent in (("ID", ids), ("RELEASE", release), ("DATASET", column)) if is_sent]
        if len(ways) > 1:
            raise UsageError(f"{' and '.join(ways)} both say which images are cut; send one of them.")
        if (release is None) != (not types):
            raise UsageError(
                "RELEASE and DATASET_TYPE go together, as in RELEASE=sim1 and DATASET_TYPE=deep_coadd."
            )
        if given["BAND"] and release is None:
            raise UsageError("BAND chooses among the images of a RELEASE: send that too.")
        side, pixels = _one(given, "SIZE"), _one(given, "PIXELS")
        if side is not None and pixels is not None:
            raise UsageError(
                "SIZE in arcseconds and PIXELS both say how large a cutout is; send one of them."
            )
        return cls(
            query=query,
            job=job,
            ra=ra,
            dec=dec,
            name=_one(given, "NAME"),
            dataset_column=column,
            ids=ids,
            release=release,
            dataset_types=types,
            bands=tuple(dict.fromkeys(given["BAND"])),
            every_patch=_every_patch(_one(given, "PATCHES")),
            side=SIDE_ARCSECONDS if side is None else _arcseconds(side),
            pixels=None if pixels is None else _pixels(pixels),
            content=_content(_one(given, "PLANES")),
            archive=_archive(_one(given, "RESPONSEFORMAT")),
        )


def _one(given: Mapping[str, list[str]], name: str) -> str | None:
    values = list(dict.fromkeys(given[name]))
    if len(values) > 1:
        raise UsageError(f"{name} was sent with {len(values)} different values; send one.")
    return values[0] if values else None


def _every_patch(text: str | None) -> bool:
    if (text or "inner").lower() not in ("inner", "all"):
        raise UsageError(
            f"PATCHES={str(text)[:40]!r} is unknown; it can be inner, the one patch to which a position "
            "belongs, or all that show it."
        )
    return text is not None and text.lower() == "all"


def _arcseconds(text: str) -> float:
    try:
        side = float(text)
    except ValueError:
        side = math.nan
    if not 0 < side <= _MOST_ARCSECONDS:
        raise UsageError(f"SIZE={text[:40]!r}: a side may have up to {_MOST_ARCSECONDS:g} arcseconds.")
    return side


def _pixels(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= _MOST_PIXELS):
        raise UsageError(f"PIXELS={text[:40]!r}: a side may have 1 to {_MOST_PIXELS} pixels.")
    return int(text)


def _content(text: str | None) -> Content:
    for known in CONTENTS:
        if (text or "planes").lower() == known:
            return known
    raise UsageError(f"PLANES={str(text)[:40]!r} is unknown; it can be {', '.join(CONTENTS)}.")


def _archive(text: str | None) -> Archive:
    known = ARCHIVES.get((text or "tar").partition(";")[0].strip().lower())
    if known is None:
        raise UsageError(
            f"RESPONSEFORMAT={str(text)[:60]!r} is not offered; it can be application/x-tar, with a file for "
            "each cutout, or application/fits, one file with an extension for each."
        )
    return known
