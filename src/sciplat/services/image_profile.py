"""The profile of an ingest of images: what was taken for what, for people to read and to change."""

from __future__ import annotations

import datetime as dt
import fnmatch
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from astropy.time import Time

from sciplat.errors import IngestError
from sciplat.images.layout import Layout, MaskPlane, Plane, VariancePlane

__all__ = ["SAID", "Entry", "Profile", "Rules", "plain", "read_profile", "write_profile"]

SAID = "the profile"
"""The source of what nobody guessed."""

_FACTS: Mapping[str, type | tuple[type, ...]] = {
    "dataset_type": str,
    "instrument": str,
    "detector": int,
    "detector_name": str,
    "physical_filter": str,
    "band": str,
    "exposure": int,
    "name": str,
    "begin": (str, dt.datetime, dt.date, int, float),
    "end": (str, dt.datetime, dt.date, int, float),
    "seconds": (int, float),
    "target": str,
    "program": str,
}
_LENGTHS = {"instrument": 32, "physical_filter": 32, "band": 32, "detector_name": 32, "name": 64}
_PLANES = ("mask", "variance", "wcs")
_RULES = ("dataset_type", "instrument", "keywords", "bands", "skip")

_HEAD = """\
# How the images of release {release} were taken: what each file holds, and why it is thought so.
# Change what is wrong and ingest again:
#
#   sciplat ingest images PATH... --release {release} --profile THIS_FILE
#
# What a line says goes before any guess, and what no line says is guessed again. Times are TAI. Planes
# are HDUs, counted from 0. docs/reference/image-profile.md tells every key.

format: 1
"""
_RULES_HEAD = """\
# For all files, also those that are not listed below:
all: {rules}
#  instrument: MyCam
#  keywords: {{filter: FILTNAM, begin: JD}}   # cards in which it is found
#  bands: {{"clear luminance": L}}            # what a filter is called everywhere
#  skip: ["*_thumbnail.fits"]
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all files of a profile."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    """Values of `dataset_type` and `instrument`."""

    keywords: Mapping[str, str] = field(default_factory=dict)
    """The card that tells a fact."""

    bands: Mapping[str, str] = field(default_factory=dict)
    """The band of a filter."""

    skip: tuple[str, ...] = ()
    """Patterns of names of files that are left away."""

    def skips(self, path: Path) -> bool:
        """Tell whether a file is left away."""
        return any(fnmatch.fnmatch(path.name, each) or fnmatch.fnmatch(str(path), each) for each in self.skip)

    def to_yaml(self) -> dict[str, Any]:
        """Return what a profile says of all files."""
        named = {"keywords": dict(self.keywords), "bands": dict(self.bands), "skip": list(self.skip)}
        return {**self.facts, **{name: value for name, value in named.items() if value}}


@dataclass(frozen=True, slots=True)
class Entry:
    """What one image of a file is taken for."""

    layout: Layout
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Of the keys of a profile, those that are known; ``begin`` and ``end`` are `Time`."""

    sources: Mapping[str, str] = field(default_factory=dict)
    """Why each is thought so."""

    said: frozenset[str] = frozenset()
    """The planes of which the profile says something, be it that there is none."""

    @property
    def key(self) -> tuple[Path, int]:
        """The HDU of the image."""
        return self.layout.image.file, self.layout.image.hdu

    def over(self, guess: Entry) -> Entry:
        """Return what this says, and what a guess says of the rest."""
        layout = replace(
            guess.layout,
            **{name: getattr(self.layout, name) for name in _PLANES if name in self.said},
        )
        return Entry(
            layout,
            {**guess.facts, **self.facts},
            {
                **guess.sources,
                **{
                    name: SAID
                    for name, value in self.facts.items()
                    if plain(value) != plain(guess.facts.get(name))
                },
            },
            self.said,
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """Rules for all files, and what is said of some."""

    rules: Rules = Rules()
    entries: Mapping[tuple[Path, int], Entry] = field(default_factory=dict)

    def with_entries(self, entries: Iterable[Entry]) -> Profile:
        """Return a profile that says these too."""
        return replace(self, entries={**self.entries, **{entry.key: entry for entry in entries}})


def read_profile(path: Path) -> Profile:
    """Read a profile; files that it names without folder lie beside it.

    Raises
    ------
    IngestError
        Says which key of which image is wrong.
    """
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise IngestError(f"{path}: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise IngestError(f"{path}: it is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(told, dict):
        raise IngestError(f"{path}: a profile has keys 'all' and 'images'; this is no mapping")
    _only(path, "it", told, ("format", "all", "images"))
    if told.get("format", 1) != 1:
        raise IngestError(f"{path}: format {told['format']!r} is not known; this version reads format 1")
    images = told.get("images") or []
    if not isinstance(images, list):
        raise IngestError(f"{path}: 'images' must be a list")
    entries = [_entry(path, number, image) for number, image in enumerate(images, start=1)]
    return Profile(_rules(path, told.get("all") or {}), {entry.key: entry for entry in entries})


def _rules(path: Path, told: Any) -> Rules:
    where = "'all'"
    if not isinstance(told, dict):
        raise IngestError(f"{path}: {where} must be a mapping")
    _only(path, where, told, _RULES)
    for name in ("keywords", "bands"):
        value = told.get(name) or {}
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise IngestError(
                f"{path}: {name!r} in {where} must map texts to texts, as in {{filter: FILTNAM}}"
            )
    skip = told.get("skip") or []
    if not isinstance(skip, list) or not all(isinstance(each, str) for each in skip):
        raise IngestError(f"{path}: 'skip' in {where} must be a list of patterns")
    keywords = told.get("keywords") or {}
    _only(
        path,
        "'keywords'",
        keywords,
        ("filter", "band", "begin", "instrument", "detector", "detector_name", "exposure", "name", "seconds",
         "target", "program"),
    )  # fmt: skip
    bands = {str(name): band for name, band in (told.get("bands") or {}).items()}
    return Rules(_facts(path, where, told), keywords, bands, tuple(skip))


def _entry(path: Path, number: int, told: Any) -> Entry:
    if not isinstance(told, dict) or not isinstance(told.get("file"), str):
        raise IngestError(f"{path}: image {number} must be a mapping with a 'file'")
    where = f"image {number} ({Path(told['file']).name})"
    _only(path, where, told, ("file", "hdu", *_FACTS, *_PLANES))
    image = Plane(_beside(path, told["file"]), _hdu(path, where, told))
    return Entry(
        Layout(
            image,
            _mask(path, where, told.get("mask"), image),
            _variance(path, where, told.get("variance"), image),
            _plane(path, f"'wcs' of {where}", told.get("wcs"), image),
        ),
        _facts(path, where, told),
        said=frozenset(name for name in _PLANES if name in told),
    )


def _facts(path: Path, where: str, told: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, kind in _FACTS.items():
        value: Any = told.get(name)
        if value is None:
            continue
        if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise IngestError(f"{path}: {name!r} of {where} cannot be {value!r}")
        if name in ("begin", "end"):
            value = _time(path, f"{name!r} of {where}", value)
        if isinstance(value, str) and not 0 < len(value) <= _LENGTHS.get(name, 64):
            raise IngestError(
                f"{path}: {name!r} of {where} must have 1 to {_LENGTHS.get(name, 64)} characters, "
                f"not {len(value)}"
            )
        if name in ("exposure", "detector") and not 0 <= value < (1 << 53 if name == "exposure" else 1 << 20):
            raise IngestError(f"{path}: {name!r} of {where} cannot be {value}")
        if name == "seconds" and not (math.isfinite(value) and value >= 0):
            raise IngestError(f"{path}: 'seconds' of {where} cannot be {value}")
        found[name] = value
    return found


def _time(path: Path, where: str, value: Any) -> Time:
    """Return a time in TAI: ISO, or an MJD."""
    try:
        if isinstance(value, int | float):
            return Time(value, format="mjd", scale="tai")
        text = value.isoformat() if isinstance(value, dt.date) else str(value)
        return Time(text.strip().replace(" ", "T"), format="isot" if len(text) > 10 else "iso", scale="tai")
    except ValueError as error:
        raise IngestError(
            f"{path}: {where} must be a time (TAI) such as 2018-08-09T00:26:30.5, not {value!r}"
        ) from error


def _mask(path: Path, where: str, told: Any, image: Plane) -> MaskPlane | None:
    what = f"'mask' of {where}"
    plane = _plane(path, what, told, image, ("holds", "planes"))
    if plane is None:
        return None
    planes = told.get("planes") or {}
    if not isinstance(planes, dict) or not all(
        isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= 31 for n in planes.values()
    ):
        raise IngestError(f"{path}: 'planes' in {what} must map names to numbers, as in {{SAT: 1}}")
    return MaskPlane(
        plane.file,
        plane.hdu,
        _one_of(path, what, told.get("holds", "bits"), ("bits", "codes")),
        {str(name): number for name, number in planes.items()},
    )


def _variance(path: Path, where: str, told: Any, image: Plane) -> VariancePlane | None:
    what = f"'variance' of {where}"
    plane = _plane(path, what, told, image, ("holds",))
    if plane is None:
        return None
    holds = _one_of(path, what, told.get("holds", "variance"), ("variance", "sigma", "weight"))
    return VariancePlane(plane.file, plane.hdu, holds)


def _plane(path: Path, what: str, told: Any, image: Plane, more: tuple[str, ...] = ()) -> Plane | None:
    if told is None:
        return None
    if not isinstance(told, dict):
        raise IngestError(f"{path}: {what} must be null or a mapping, as in {{file: weights.fits, hdu: 1}}")
    _only(path, what, told, ("file", "hdu", *more))
    file = told.get("file")
    if file is not None and not isinstance(file, str):
        raise IngestError(f"{path}: 'file' in {what} must be a text")
    return Plane(image.file if file is None else _beside(path, file), _hdu(path, what, told))


def _hdu(path: Path, what: str, told: Mapping[str, Any]) -> int:
    value = told.get("hdu", 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise IngestError(f"{path}: 'hdu' of {what} must be a number from 0, not {value!r}")
    return value


def _one_of(path: Path, what: str, value: Any, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise IngestError(f"{path}: 'holds' in {what} must be {' or '.join(known)}, not {value!r}")
    return value


def _only(path: Path, what: str, told: Mapping[Any, Any], known: Iterable[str]) -> None:
    known = tuple(known)
    if unknown := [str(name) for name in told if name not in known]:
        raise IngestError(f"{path}: {what} has an unknown key {unknown[0]!r}; keys are: {', '.join(known)}")


def _beside(path: Path, file: str) -> Path:
    return (path.parent / Path(file).expanduser()).resolve()


def plain(value: Any) -> Any:
    """Return a fact as it is written: times to the millisecond, TAI."""
    return value.tai.isot if isinstance(value, Time) else value


def write_profile(path: Path, release: str, profile: Profile) -> None:
    """Write a profile with the reason of each guess beside it, in one moment."""
    lines = [
        _HEAD.format(release=release),
        _RULES_HEAD.format(rules=_inline(profile.rules.to_yaml())),
        "images:",
    ]
    for entry in sorted(profile.entries.values(), key=lambda each: (str(each.key[0]), each.key[1])):
        lines.append(f"  - file: {_inline(str(entry.key[0]))}")
        lines.append(f"    hdu: {entry.key[1]}")
        for name in _FACTS:
            if name in entry.facts:
                value = entry.facts[name]
                text = _inline(plain(value))
                source = entry.sources.get(name)
                lines.append(f"    {name}: {text}" + (f"   # {' '.join(source.split())}" if source else ""))
        lines.extend(_plane_lines(entry))
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _plane_lines(entry: Entry) -> Iterable[str]:
    layout = entry.layout
    for name in _PLANES:
        plane = getattr(layout, name)
        if plane is None:
            if name in entry.said:
                yield f"    {name}: null"
            continue
        told: dict[str, Any] = {"hdu": plane.hdu}
        if plane.file != layout.image.file:
            told = {"file": str(plane.file), **told}
        if isinstance(plane, MaskPlane | VariancePlane):
            told["holds"] = plane.holds
        if isinstance(plane, MaskPlane) and plane.planes:
            told["planes"] = dict(plane.planes)
        yield f"    {name}: {_inline(told)}"


def _inline(value: Any) -> str:
    """Return a value in one line of YAML."""
    if isinstance(value, str):
        text = yaml.safe_dump([value], default_flow_style=True, width=1 << 20, allow_unicode=True).strip()
        return text[1:-1]
    return (
        yaml.safe_dump(value, default_flow_style=True, width=1 << 20, sort_keys=False, allow_unicode=True)
        .removesuffix("...\n")
        .strip()
    )
