"""What the header of an image tells of its observation, however it says it.

Each answer says where it was found, so that a person can see why, and put it right.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from astropy.io import fits
from astropy.time import Time, TimeDelta

__all__ = ["FIELDS", "Found", "band_of", "told"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value, and the cards or the reason from which it is."""

    value: T
    source: str


FIELDS: Mapping[str, tuple[str, ...]] = {
    "instrument": ("INSTRUME", "CAMERA", "DTINSTRU", "INSTID", "SURVEY", "DATASET"),
    "filter": (
        *("FILTER", "FILTNAM", "FILTNAM1", "FILTNAME", "FILTER1", "FILTER01", "FILTERS", "INSFILTE", "FILT"),
        *("FILTERID", "ESO INS FILT1 NAME", "ESO INS FILT NAME", "WFFBAND", "BANDPASS", "BAND", "FILTER2"),
    ),
    "band": ("BAND",),
    "detector": (
        *("CCDNUM", "CCDLOC", "CHIPID", "CHIP", "CCD", "DETNUM", "DET-ID", "DET_ID", "CCDID", "CCD_ID"),
        "IMAGEID",
    ),
    "detector_name": ("DETPOS", "CCDNAME", "CHIPNAME", "DETNAME"),
    "exposure": ("EXPNUM", "EXPID", "EXP_ID", "EXPOSURE_ID", "VISIT", "VISITID", "FRAMENUM", "EXPNO"),
    "name": ("OBSID", "OBS_ID", "OBS-ID", "EXP_BN", "EXPNAME", "FRAMEID", "EXP-ID", "ROOTNAME", "COADDID"),
    "seconds": ("EXPTIME", "XPOSURE", "EXPOSURE", "EXP_TIME", "EFFEXPTM", "ITIME", "TELAPSE", "EXPDUR"),
    "target": ("OBJECT", "TARGNAME", "TARGET", "FIELD"),
    "program": ("PROPID", "PROGRAM", "PROP_ID", "PROPOSID"),
}
"""The cards that are looked at for each fact, the best first."""

_SCALES = {
    **dict.fromkeys(("UTC", "UT", "GMT"), "utc"),
    **dict.fromkeys(("TT", "TDT", "ET"), "tt"),
    **{name: name.lower() for name in ("TAI", "TDB", "TCB", "TCG", "UT1")},
    "GPS": "tai",
}
_GPS_BEHIND_TAI = 19.0

_CLOCK = (
    "TIME-OBS",
    "UTC-OBS",
    "UTSTART",
    "UT-STR",
    "UT",
    "UTC",
    "UTSHUT",
    "TAIHMS",
    "TIME",
    "UT-TIME",
    "EXP-STRT",
)
_FIRST_MJD, _LAST_MJD = 15020.0, 88069.0
"""1900 to 2100: another number is no date."""


def told(header: fits.Header, stem: str, keywords: Mapping[str, str] | None = None) -> dict[str, Found[Any]]:
    """Return what can be found of an observation.

    Parameters
    ----------
    header
        The cards of an image, and those that it inherits.
    stem
        The name of its file, without suffix.
    keywords
        Cards that a profile names for some of `FIELDS`, or for ``begin``.

    Returns
    -------
    dict
        Those of ``instrument``, ``physical_filter``, ``band``, ``detector``, ``detector_name``, ``exposure``,
        ``name``, ``begin``, ``end`` (`Time`, TAI), ``seconds``, ``target`` and ``program`` that are told.
    """
    keywords = keywords or {}
    found: dict[str, Found[Any]] = {}

    def look(field: str, read: Callable[[Any], Any]) -> Found[Any] | None:
        names = (keywords[field],) if field in keywords else FIELDS[field]
        for name in names:
            value = read(header.get(name))
            if value is not None:
                return Found(value, name)
        return None

    for field, read in (
        ("detector", _whole),
        ("detector_name", _text),
        ("exposure", _positive),
        ("name", _text),
        ("seconds", _seconds),
        ("target", _text),
        ("program", _text),
    ):
        if (value := look(field, read)) is not None:
            found[field] = value
    raft, slot = _text(header.get("RAFTBAY")), _text(header.get("CCDSLOT"))
    if raft and slot and "detector_name" not in keywords:
        # Rubin's cameras say where a detector is, and name it so.
        found["detector_name"] = Found(f"{raft}_{slot}", "RAFTBAY and CCDSLOT")
    named = look("instrument", _text) if "instrument" in keywords else None
    found["instrument"] = Found(_identifier(named.value), named.source) if named else _instrument(header)
    glass = look("filter", _filter)
    if glass is None:
        glass = _filter_of_name(stem) or Found("unknown", "no card names a filter")
    elif glass.source == "BAND" and glass.value.isdigit():
        glass = Found(f"{_short_name(found['instrument'].value)}{glass.value}", "BAND")
    found["physical_filter"] = glass
    band = Found(band_of(glass.value), glass.source)
    named = look("band", _text)
    if named is not None and named.source != glass.source and not named.value.isdigit():
        band = Found(band_of(named.value), named.source)
    found["band"] = band
    seconds = found["seconds"].value if "seconds" in found else None
    if (when := _when(header, seconds, keywords.get("begin"))) is not None:
        found["begin"], found["end"] = when
    return found


def band_of(name: str) -> str:
    """Return u, g, r, i, z or y where a filter is one of these, else its own name, at most 32 characters.

    ``g DECam SDSS c0001 4720.0 1520.0``, ``SDSS-G``, ``g'`` and ``HSC-G`` are all g; a capital U, R or I
    alone is Johnson's or Cousins' and stays.
    """
    text = name.strip()
    if match := re.fullmatch(r"([ugrizy])(['p]|_?prime)?([ _.-].*)?|([GZY])( DECam.*)?", text):
        return (match[1] or match[4]).lower()
    survey = r"(?:sdss|hsc|decam|des|lsst(?:cam)?|ps1?|panstarrs|megacam|omegacam|ztf|atlas|skymapper|sm|sim)"
    if match := re.fullmatch(rf"{survey}[ _.-]?([ugrizy])2?(['p]|_?prime)?", text, re.IGNORECASE):
        return match[1].lower()
    if match := re.fullmatch(r"([ugrizy])[_.-](?:sdss|ps1|des|decam|hsc|lsst|sim)\w*", text, re.IGNORECASE):
        return match[1].lower()
    return text[:32]


def _instrument(header: fits.Header) -> Found[str]:
    for name in FIELDS["instrument"]:
        if (text := _text(header.get(name))) is not None:
            return Found(_identifier(text), name)
    for camera in ("DECam", "HSC", "MegaCam", "OmegaCAM", "ZTF"):
        for name in ("FILTER", "FPA", "DETECTOR", "INSTANCE", "EXP_BN"):
            if camera.lower() in str(header.get(name, "")).lower():
                return Found(camera, name)
    if _text(header.get("ORIGIN")) == "SDSS":
        return Found("SDSS", "ORIGIN")
    for name in ("TELESCOP", "OBSERVAT", "ORIGIN"):
        if (text := _text(header.get(name))) is not None:
            return Found(_identifier(text), name)
    return Found("unknown", "no card names an instrument")


def _identifier(text: str) -> str:
    """Return a name that stands in data IDs and in the address of a class."""
    return re.sub(r"[^A-Za-z0-9_+-]+", "_", text).strip("_")[:32] or "unknown"


def _short_name(instrument: str) -> str:
    return "W" if instrument.upper().startswith("WISE") else f"{instrument[:20]}-"


def _filter_of_name(stem: str) -> Found[str] | None:
    for part in reversed(re.split(r"[._-]", stem)):
        if re.fullmatch(r"[ugrizyJHK]|j|h|k|ks|Ks|[Ff]\d{3}[WMNLP]2?", part):
            return Found(part.upper() if part in "jhk" else part, "the file's name")
    return None


def _filter(value: Any) -> str | None:
    text = _text(value) if not isinstance(value, bool | int) else str(value)
    if text is None or re.fullmatch(r"(?i)clear\d?[lsa]?|open|empty|none|n/?a|blank.*|unknown|-+", text):
        return None
    if len(text) > 32:
        return text.split()[0][:32]
    return text


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    text = " ".join(value.split())
    return text or None


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,6}\s*", value):
        return int(value)
    if (
        isinstance(value, int | float)
        and math.isfinite(value)
        and value == int(value)
        and 0 <= value < 1 << 20
    ):
        return int(value)
    return None


def _positive(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,15}\s*", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 53:
        return None
    return value


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _seconds(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and 0 < number < 1e10 else None


def _when(
    header: fits.Header, seconds: float | None, keyword: str | None
) -> tuple[Found[Time], Found[Time]] | None:
    scale = str(header.get("TIMESYS", "UTC")).strip().upper()
    candidates = _given(header, keyword) if keyword else _times(header)
    for value, kind, source, where in candidates:
        time = _time(value, kind, scale)
        if time is None:
            continue
        exposed = TimeDelta(seconds or 0.0, format="sec", scale="tai")
        begin = time - exposed / 2 if where == "middle" else time
        end, end_source = begin + exposed, "begin and exposure time"
        if seconds is None or where == "first":
            later = _end(header, scale)
            if later is not None and later.value > begin:
                end, end_source = later.value, later.source
        label = scale if scale in _SCALES else "UTC"
        note = {"middle": ", the middle"}.get(where, "")
        return Found(begin, f"{source} ({label}{note})"), Found(end, end_source)
    return None


_Candidate = tuple[Any, str, str, str]


def _given(header: fits.Header, keyword: str) -> Iterator[_Candidate]:
    value = header.get(keyword)
    number = _number(value)
    if number is None:
        yield value, "iso", keyword, "begin"
    elif number > 2_400_000:
        yield number, "jd", keyword, "begin"
    else:
        yield number, "mjd", keyword, "begin"


def _times(header: fits.Header) -> Iterator[_Candidate]:
    """Yield what may be the time, the best first: value, format, cards, and whether it is the beginning."""
    date = header.get("DATE-OBS")
    has_clock = isinstance(date, str) and ":" in date
    if has_clock:
        yield date, "iso", "DATE-OBS", "begin"
    yield header.get("MJD-OBS"), "mjd", "MJD-OBS", "begin"
    if isinstance(date, str):
        for name in _CLOCK:
            if isinstance(header.get(name), str) and ":" in header[name]:
                yield f"{_iso_day(date)}T{header[name].strip()}", "iso", f"DATE-OBS and {name}", "begin"
    for suffix, where in (("BEG", "begin"), ("AVG", "middle"), ("MID", "middle")):
        yield header.get(f"DATE-{suffix}"), "iso", f"DATE-{suffix}", where
        yield header.get(f"MJD-{suffix}"), "mjd", f"MJD-{suffix}", where
    yield header.get("EXPSTART"), "mjd", "EXPSTART", "begin"
    tai = _number(header.get("TAI"))
    if tai is not None:
        yield tai / 86400, "mjd", "TAI", "begin"
    for name in ("MJD", "MJDSTART", "OBSMJD", "MJD_OBS"):
        yield header.get(name), "mjd", name, "begin"
    for name in ("JD", "JD-OBS", "JULDATE", "OBSJD", "HJD"):
        yield header.get(name), "jd", name, "begin"
    yield header.get("DATEOBS1"), "iso", "DATEOBS1", "first"
    yield header.get("MIDOBS"), "iso", "MIDOBS", "middle"
    if isinstance(date, str):
        yield _iso_day(date), "iso", "DATE-OBS, a day without time", "begin"


def _end(header: fits.Header, scale: str) -> Found[Time] | None:
    for name, kind in (("DATE-END", "iso"), ("MJD-END", "mjd"), ("DATEOBS2", "iso")):
        time = _time(header.get(name), kind, scale)
        if time is not None:
            return Found(time, name)
    return None


def _iso_day(date: str) -> str:
    """Return a day as ISO has it, also of the form that FITS had before 1998, dd/mm/yy."""
    if match := re.fullmatch(r"(\d\d)/(\d\d)/(\d\d)", date.strip()):
        return f"19{match[3]}-{match[2]}-{match[1]}"
    return date.strip().replace("/", "-")[:10]


def _time(value: Any, kind: str, scale: str) -> Time | None:
    """Return a time in TAI, or None for what is none, or is not of the years 1900 to 2100."""
    if value is None or isinstance(value, bool):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # leap seconds of years to come
        try:
            if kind == "iso":
                text = str(value).strip().rstrip("Z")
                time = Time(
                    text.replace(" ", "T"),
                    format="isot" if "T" in text else None,
                    scale=_SCALES.get(scale, "utc"),
                )
            else:
                number = _number(value)
                if number is None:
                    return None
                time = Time(number, format=kind, scale=_SCALES.get(scale, "utc"))
            time = time.tai
            if scale == "GPS":
                time = time + TimeDelta(_GPS_BEHIND_TAI, format="sec", scale="tai")
        except (ValueError, TypeError, OverflowError):
            return None
    return time if _FIRST_MJD < time.mjd < _LAST_MJD else None
