"""What a cutout is asked for by: the parameters of SODA 1.0, and our own.

Nothing here opens a file or brings what could: the processes that only take jobs read requests too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Final, Literal, Self, TypeVar

from sciplat.errors import LimitError, MultipleValuesError, UsageError
from sciplat.services.content import CONTENTS
from sciplat.sky.pos import Shape, circle, polygon, pos
from sciplat.vo.interval import interval

if TYPE_CHECKING:
    from sciplat.images.cutout import Content
    from sciplat.images.preview import Cuts, Stretch

__all__ = [
    "CUTS",
    "FORMS",
    "MOST_COMBINATIONS",
    "PARAMETERS",
    "PICTURE_SIDE",
    "STRETCHES",
    "CutoutRequest",
    "CutoutRequests",
    "Form",
    "PictureRequest",
]

T = TypeVar("T")
Form = Literal["fits", "png", "jpeg"]
Interval = tuple[float, float]

PARAMETERS = (
    *("ID", "POS", "CIRCLE", "POLYGON", "BAND", "TIME", "POL", "RESPONSEFORMAT"),
    *("PLANES", "STRETCH", "CUTS", "SOFTENING", "SIZE", "GRID", "WCS"),
)
"""Those of SODA 1.0, section 3, and of DALI; and, from ``PLANES`` on, our own."""

FORMS: Final[Mapping[str, Form]] = {
    "fits": "fits",
    "application/fits": "fits",
    "image/fits": "fits",
    "png": "png",
    "image/png": "png",
    "jpeg": "jpeg",
    "jpg": "jpeg",
    "image/jpeg": "jpeg",
}
STRETCHES: Final[tuple[Stretch, ...]] = ("linear", "sqrt", "log", "asinh")
CUTS: Final = ("zscale", "minmax", "99", "99.5", "99.9")

PICTURE_SIDE = 2048
"""Pixels of the longest side of a picture."""

GRID_SIDE = 100_000
"""Pixels of the longest side of a grid that can be named at all."""

MOST_COMBINATIONS = 100_000
"""Cutouts that one request can ask for."""

_CARDS_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """How a picture is made of pixels."""

    stretch: Stretch = "asinh"
    cuts: Cuts = "zscale"
    softening: float = 8.0
    """Of three colours: Q of Lupton et al. 2004 (PASP 116, 133)."""

    side: int = PICTURE_SIDE
    """The most pixels of its longest side; larger cutouts are shrunk by a whole number."""


@dataclass(frozen=True, slots=True)
class CutoutRequest:
    """One cutout: one ID and at most one region, wavelength interval and time interval."""

    id: str
    """A dataset's identifier, ``ivo://AUTHORITY/RELEASE?UUID``, or that of a mosaic (see `CutoutService`)."""

    region: Shape | None = None
    """None is all of it."""

    band: Interval | None = None
    """Wavelengths in metres, of which the image must have some."""

    time: Interval | None = None
    """MJD, UTC, of which the exposure must have some."""

    content: Content = "planes"
    form: Form = "fits"
    picture: PictureRequest = PictureRequest()
    wcs: str | None = None
    """The pixel grid to bring the image to, as cards of a FITS header, one a line, with NAXIS1 and NAXIS2."""


@dataclass(frozen=True, slots=True)
class CutoutRequests:
    """A request in which parameters may have several values: each combination is one cutout."""

    ids: tuple[str, ...]
    regions: tuple[Shape, ...]
    bands: tuple[Interval, ...]
    times: tuple[Interval, ...]
    common: CutoutRequest
    """What all cutouts have in common; its ``id`` and region are those of none."""

    @classmethod
    def of(cls, parameters: Iterable[tuple[str, str]]) -> Self:
        """Read parameters, whose names may be in any case; those that are empty count as not sent.

        Other parameters than `PARAMETERS` are left alone.

        Raises
        ------
        UsageError
            A value cannot be understood, ID is missing, or values don't go together.
        MultipleValuesError
            A parameter that takes one value has several.
        """
        given: dict[str, list[str]] = {name: [] for name in PARAMETERS}
        for name, value in parameters:
            if name.upper() in given and value.strip():
                given[name.upper()].append(value.strip())
        if not given["ID"]:
            raise UsageError("ID is missing: send the obs_publisher_did of an image from ivoa.ObsCore.")
        if given["POL"]:
            raise UsageError("POL cannot be asked for: no image here has an axis of polarisation.")
        wcs = _grid(given)
        regions = (
            *(pos(value) for value in given["POS"]),
            *(circle(value) for value in given["CIRCLE"]),
            *(polygon(value) for value in given["POLYGON"]),
        )
        if wcs is not None and regions:
            raise UsageError("GRID and WCS say which pixels are wanted; send no POS, CIRCLE or POLYGON.")
        form = _form(_one(given, "RESPONSEFORMAT"))
        content = _known("PLANES", _one(given, "PLANES"), CONTENTS) or "planes"
        common = CutoutRequest("", content=content, form=form, picture=_picture(given), wcs=wcs)
        bands = tuple(interval("BAND", value) for value in given["BAND"])
        times = tuple(interval("TIME", value) for value in given["TIME"])
        made = cls(_distinct(given["ID"]), _distinct(regions), _distinct(bands), _distinct(times), common)
        if made.count > MOST_COMBINATIONS:
            raise LimitError(
                f"The request asks for {made.count:,} cutouts; one can ask for {MOST_COMBINATIONS:,}."
            )
        return made

    @property
    def count(self) -> int:
        """How many cutouts are asked for."""
        return math.prod(max(1, len(each)) for each in (self.ids, self.regions, self.bands, self.times))

    def __iter__(self) -> Iterator[CutoutRequest]:
        """Yield every combination, those of the first ID first (SODA 1.0, section 6)."""
        for id_, region, band, time in product(
            self.ids, self.regions or (None,), self.bands or (None,), self.times or (None,)
        ):
            yield replace(self.common, id=id_, region=region, band=band, time=time)

    def single(self) -> CutoutRequest:
        """Return the only cutout that is asked for.

        Raises
        ------
        MultipleValuesError
            There are several; the message says of what.
        """
        for name, values in (
            ("ID", self.ids),
            ("POS, CIRCLE and POLYGON", self.regions),
            ("BAND", self.bands),
            ("TIME", self.times),
        ):
            if len(values) > 1:
                together = " together" if "," in name else ""
                raise MultipleValuesError(
                    f"{name} can have one value{together} here, not {len(values)}: "
                    "send a request for each, or one to the async resource."
                )
        return next(iter(self))


def _distinct(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


def _one(given: Mapping[str, list[str]], name: str) -> str | None:
    values = _distinct(given[name])
    if len(values) > 1:
        raise MultipleValuesError(f"{name} was sent with {len(values)} different values; send one.")
    return values[0] if values else None


def _form(text: str | None) -> Form:
    if text is None:
        return "fits"
    form = FORMS.get(text.partition(";")[0].strip().lower())
    if form is None:
        raise UsageError(
            f"RESPONSEFORMAT={text[:60]!r} is not offered; it can be application/fits, image/png or "
            "image/jpeg."
        )
    return form


def _known(name: str, text: str | None, known: tuple[T, ...]) -> T | None:
    if text is None:
        return None
    for value in known:
        if text.lower() == value:
            return value
    raise UsageError(f"{name}={text[:40]!r} is unknown; it can be {', '.join(map(str, known))}.")


def _picture(given: Mapping[str, list[str]]) -> PictureRequest:
    usual = PictureRequest()
    side, softening = _one(given, "SIZE"), _one(given, "SOFTENING")
    return PictureRequest(
        stretch=_known("STRETCH", _one(given, "STRETCH"), STRETCHES) or usual.stretch,
        cuts=_cuts(_one(given, "CUTS")),
        softening=usual.softening
        if softening is None
        else _numbers("SOFTENING", softening, 1, least=1e-6)[0],
        side=usual.side if side is None else _whole("SIZE", side, PICTURE_SIDE),
    )


def _cuts(text: str | None) -> Cuts:
    if text is None:
        return "zscale"
    if text.lower() in CUTS:
        named: Cuts = text.lower()  # type: ignore[assignment]
        return named
    try:
        low, high = (float(word) for word in text.split())
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UsageError(
            f"CUTS={text[:40]!r} is unknown; it can be {', '.join(CUTS)}, or two numbers, the smaller first."
        )
    return low, high


def _grid(given: Mapping[str, list[str]]) -> str | None:
    """Return the cards of the grid that is asked for."""
    grid, cards = _one(given, "GRID"), _one(given, "WCS")
    if grid is not None and cards is not None:
        raise UsageError("GRID and WCS both say which pixels are wanted; send one of them.")
    if cards is not None:
        if len(cards) > _CARDS_BYTES:
            raise LimitError(f"WCS has {len(cards):,} characters; it can have {_CARDS_BYTES:,}.")
        return cards
    if grid is None:
        return None
    words = grid.split()
    if len(words) not in (5, 6):
        raise UsageError(
            "GRID needs five or six numbers: RA and Dec of the middle in degrees, width and height in "
            "pixels, the size of a pixel in arcseconds, and the angle from north to east in degrees; "
            f"not {len(words)}."
        )
    ra, dec, pixel, *turned = _numbers("GRID", " ".join((*words[:2], *words[4:])), len(words) - 2)
    width, height = (_whole("GRID", word, GRID_SIDE) for word in words[2:4])
    if not (0 <= ra <= 360 and -90 <= dec <= 90):
        raise UsageError(
            f"GRID begins with RA from 0 to 360 and Dec from -90 to 90 degrees, not {ra:g} {dec:g}."
        )
    if not 1e-4 <= pixel <= 3600:
        raise UsageError(f"A pixel of GRID can have 0.0001 to 3600 arcseconds, not {pixel:g}.")
    angle, scale = math.radians(turned[0] if turned else 0.0), pixel / 3600
    cards_of: dict[str, str | float] = {
        "NAXIS1": width,
        "NAXIS2": height,
        "CTYPE1": "'RA---TAN'",
        "CTYPE2": "'DEC--TAN'",
        "RADESYS": "'ICRS'",
        "CRVAL1": ra,
        "CRVAL2": dec,
        "CRPIX1": (width + 1) / 2,
        "CRPIX2": (height + 1) / 2,
        "CD1_1": -scale * math.cos(angle),
        "CD1_2": scale * math.sin(angle),
        "CD2_1": scale * math.sin(angle),
        "CD2_2": scale * math.cos(angle),
    }
    return "\n".join(f"{name:8}= {value}" for name, value in cards_of.items())


def _numbers(name: str, text: str, count: int, *, least: float = -math.inf) -> list[float]:
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(math.isfinite(number) and number >= least for number in numbers):
        more = f" of {least:g} or more" if least > -math.inf else ""
        raise UsageError(f"{name}={text[:60]!r} is wrong; it needs {count} number{'s' * (count > 1)}{more}.")
    return numbers


def _whole(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        raise UsageError(f"{name}: {text[:40]!r} is no number of pixels from 1 to {most:,}.")
    return int(text)
