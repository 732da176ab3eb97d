"""What columns probably mean, told by their names: positions, ids, units and UCDs.

Guesses are few and safe: a column that has a unit or a UCD keeps it, and a name that means one
thing here and another there is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sciplat.errors import IngestError
from sciplat.vo.schema import Column, Datatype

__all__ = ["DEC_MAIN", "ID_MAIN", "RA_MAIN", "Guess", "guess", "position_of"]

RA_MAIN = "pos.eq.ra;meta.main"
DEC_MAIN = "pos.eq.dec;meta.main"
ID_MAIN = "meta.id;meta.main"

_NUMBERS = frozenset(
    {
        Datatype.UNSIGNED_BYTE,
        Datatype.SHORT,
        Datatype.INT,
        Datatype.LONG,
        Datatype.FLOAT,
        Datatype.DOUBLE,
    }
)
_INTEGERS = frozenset({Datatype.SHORT, Datatype.INT, Datatype.LONG})
_DEGREES = frozenset({None, "deg", "degree", "degrees"})
_RADIANS = frozenset({"rad", "radian", "radians"})

# Pairs of names, the likeliest first. All are compared in lower case.
_POSITIONS = (
    ("ra", "dec"),
    ("ra", "decl"),
    ("ra", "de"),
    ("ra_icrs", "dec_icrs"),
    ("ra_icrs", "de_icrs"),
    ("raicrs", "deicrs"),
    ("raj2000", "dej2000"),
    ("raj2000", "decj2000"),
    ("ra_j2000", "dec_j2000"),
    ("_raj2000", "_dej2000"),
    ("_ra_icrs", "_de_icrs"),
    ("_ra", "_de"),
    ("_ra", "_dec"),
    ("coord_ra", "coord_dec"),
    ("ra_deg", "dec_deg"),
    ("radeg", "decdeg"),
    ("radeg", "dedeg"),
    ("ramean", "decmean"),
    ("ra_mean", "dec_mean"),
    ("alpha_j2000", "delta_j2000"),
    ("alphawin_j2000", "deltawin_j2000"),
    ("right_ascension", "declination"),
    ("s_ra", "s_dec"),
)

# UCD1, as old catalogs have it, in the words of UCD1+.
_OLD_UCDS = {
    "POS_EQ_RA_MAIN": RA_MAIN,
    "POS_EQ_DEC_MAIN": DEC_MAIN,
    "POS_EQ_RA": "pos.eq.ra",
    "POS_EQ_DEC": "pos.eq.dec",
    "ID_MAIN": ID_MAIN,
}

_OPTICAL = {"u": "U", "g": "B", "r": "R", "i": "I", "z": "I", "y": "I", "b": "B", "v": "V"}
_BANDS = {**{band: f"em.opt.{name}" for band, name in _OPTICAL.items()}}
_BANDS |= {"j": "em.IR.J", "h": "em.IR.H", "k": "em.IR.K", "ks": "em.IR.K"}
_GAIA = {"g": "em.opt", "bp": "em.opt.B", "rp": "em.opt.R"}

_ERROR = re.compile(r"(?:^e_(?P<a>.+)|(?P<b>.+?)_?(?:err|error|sigma))$")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a table's columns are taken for."""

    columns: tuple[Column, ...]
    """All columns with their descriptions filled in; degrees made of radians come last."""

    position: tuple[str, str] | None
    """Right ascension and declination in degrees."""

    radians: tuple[str, str] | None
    """The columns in radians of which ``position`` has to be made; None if it is there."""

    ids: tuple[str, ...]
    """Columns that may identify a row, the likeliest first."""

    series: tuple[str, ...]
    """(object id, time) if many rows belong to one object, as in a light curve; else empty."""


def guess(table: str, columns: Sequence[Column], position: tuple[str, str] | None = None) -> Guess:
    """Guess what the columns of ``table`` mean.

    A pair in radians (as reference catalogs of the Rubin Science Pipelines have) stays as it is,
    and columns ``ra`` and ``dec`` in degrees are added; they are then the table's position.

    Parameters
    ----------
    position
        The columns that are the position by the user's word.

    Raises
    ------
    IngestError
        The columns that the user chose are no numbers, or there are none of that name.
    """
    modern = _modern(columns)
    pair = _chosen(modern, position) if position else _find_position(modern)
    described = {c.name: _describe(c) for c in modern}
    main: tuple[str, str] | None = None
    radians: tuple[str, str] | None = None
    if pair is not None:
        names = (pair[0].name, pair[1].name)
        if pair[0].unit in _RADIANS:
            radians = names
            main = position if position and position != names else _free_names(described)
            for name, ucd in zip(names, ("pos.eq.ra", "pos.eq.dec"), strict=True):
                described[name] = replace(described[name], ucd=ucd)
        else:
            main = names
        for name, ucd, said in zip(
            main, (RA_MAIN, DEC_MAIN), ("Right ascension", "Declination"), strict=True
        ):
            column = described.get(name) or Column(
                name, Datatype.DOUBLE, description=f"{said}, in degrees, of the position in radians"
            )
            described[name] = replace(column, unit="deg", ucd=ucd, principal=True, indexed=True)
        for name, column in described.items():
            if name not in main and column.ucd in (RA_MAIN, DEC_MAIN):
                described[name] = replace(column, ucd=column.ucd.removesuffix(";meta.main"))
    found = tuple(described.values())
    return Guess(found, main, radians, _ids(table, found), _series(table, found))


def position_of(columns: Sequence[Column]) -> tuple[str, str] | None:
    """Return the columns with right ascension and declination in degrees; None if there are none."""
    pair = _find_position(_modern(columns))
    if pair is None or pair[0].unit in _RADIANS:
        return None
    return pair[0].name, pair[1].name


def _modern(columns: Sequence[Column]) -> list[Column]:
    return [replace(c, ucd=_OLD_UCDS.get(c.ucd, c.ucd) if c.ucd else None) for c in columns]


def _is_angle(column: Column) -> bool:
    return column.datatype in _NUMBERS and column.arraysize is None and column.unit in (_DEGREES | _RADIANS)


def _find_position(columns: Sequence[Column]) -> tuple[Column, Column] | None:
    for ra_ucd, dec_ucd in ((RA_MAIN, DEC_MAIN), ("pos.eq.ra", "pos.eq.dec")):
        ras = [c for c in columns if c.ucd and c.ucd.lower() == ra_ucd and _is_angle(c)]
        decs = [c for c in columns if c.ucd and c.ucd.lower() == dec_ucd and _is_angle(c)]
        if len(ras) == 1 and len(decs) == 1 and ras[0].unit == decs[0].unit:
            return ras[0], decs[0]
    named = {c.name.lower(): c for c in columns if _is_angle(c)}
    for ra, dec in _POSITIONS:
        if ra in named and dec in named and named[ra].unit == named[dec].unit:
            return named[ra], named[dec]
    return None


def _chosen(columns: Sequence[Column], position: tuple[str, str]) -> tuple[Column, Column]:
    named = {c.name: c for c in columns}
    if not set(position) & set(named) and (found := _find_position(columns)) is not None:
        # The schema is one that an earlier ingest wrote, with the degrees that it made of radians.
        return found
    chosen = []
    for name in position:
        if name not in named:
            raise IngestError(f"Column {name!r} is to be a position, but there is no such column")
        column = named[name]
        if column.datatype not in _NUMBERS or column.arraysize is not None:
            raise IngestError(
                f"Column {name!r} is to be a position, but holds {column.datatype}: positions are numbers, "
                "in degrees or radians; sexagesimal text is not supported"
            )
        if column.unit not in _DEGREES | _RADIANS:
            raise IngestError(
                f"Column {name!r} is to be a position, but its unit is {column.unit!r}, not deg or rad"
            )
        chosen.append(column)
    return chosen[0], chosen[1]


def _free_names(columns: dict[str, Column]) -> tuple[str, str]:
    taken = {name.lower() for name in columns}
    pairs = (("ra", "dec"), ("ra_deg", "dec_deg"), ("ra_icrs", "dec_icrs"))
    for pair in pairs:
        if not taken & set(pair):
            return pair
    raise IngestError(
        "The position is in radians, and no names are free for it in degrees: ra, dec are taken"
    )


def _describe(column: Column) -> Column:
    """Fill in what the name of one column says."""
    if column.datatype not in _NUMBERS or column.arraysize is not None:
        return column
    name = column.name.lower()
    unit, ucd = _quantity(name)
    if ucd is None and (match := _ERROR.fullmatch(name)):
        unit, ucd = _quantity(match["a"] or match["b"])
        ucd = f"stat.error;{ucd.replace(';meta.main', '')}" if ucd else None
    if ucd is None:
        return column
    if column.unit is not None and unit is not None and column.unit != unit:
        # The name says one thing and the unit another: the name's meaning still holds.
        unit = None
    return replace(column, unit=column.unit or unit, ucd=column.ucd or ucd)


def _quantity(name: str) -> tuple[str | None, str | None]:
    """Return unit and UCD that go with a name in lower case, or (None, None)."""
    if name in ("parallax", "plx"):
        return "mas", "pos.parallax.trig"
    if name in ("pmra", "pm_ra", "pmracosdec"):
        return "mas/yr", "pos.pm;pos.eq.ra"
    if name in ("pmdec", "pm_dec", "pmde"):
        return "mas/yr", "pos.pm;pos.eq.dec"
    if name in ("radial_velocity", "rvel"):
        return "km/s", "spect.dopplerVeloc;em.opt"
    if name in ("mjd", "midpointmjdtai", "expmidptmjd", "obsstartmjd", "midpointtai"):
        return "d", "time.epoch"
    if name in ("bv", "b_v", "bmag_vmag"):
        return "mag", "phot.color;em.opt.B;em.opt.V"
    if match := re.fullmatch(r"([ugrizybvjhk]|ks)_?mag|mag_?([ugrizybvjhk]|ks)", name):
        return "mag", f"phot.mag;{_BANDS[match[1] or match[2]]}"
    if name in ("vt", "bt", "vtmag", "btmag"):
        return "mag", f"phot.mag;em.opt.{name[0].upper()}"
    if match := re.fullmatch(r"phot_(g|bp|rp)_mean_mag", name):
        return "mag", f"phot.mag;{_GAIA[match[1]]}"
    if match := re.fullmatch(r"phot_(g|bp|rp)_mean_flux", name):
        return None, f"phot.flux;{_GAIA[match[1]]}"
    if name in ("mag", "magnitude"):
        return "mag", "phot.mag"
    if match := re.fullmatch(
        r"(?:([ugrizy])_)?(?:psf|ap|cmodel|kron|scienc?e|diff|psfdiff|template)flux", name
    ):
        return "nJy", "phot.flux;" + (_BANDS[match[1]] if match[1] else "em.opt")
    if match := re.fullmatch(r"(?:flux_([ugrizy])|([ugrizy])_flux)", name):
        return None, f"phot.flux;{_BANDS[match[1] or match[2]]}"
    if name in ("redshift", "zspec", "z_spec", "zphot", "z_phot"):
        return None, "src.redshift" + (".phot" if "phot" in name else "")
    return None, None


def _ids(table: str, columns: Sequence[Column]) -> tuple[str, ...]:
    own = {f"{table}id".lower(), f"{table}_id".lower(), table.lower()}
    ranked = []
    for place, column in enumerate(columns):
        name = column.name.lower()
        is_text = column.datatype in (Datatype.CHAR, Datatype.UNICODE_CHAR)
        if column.ucd == ID_MAIN and (is_text or column.datatype in _INTEGERS):
            ranked.append((0, place, column.name))
        elif column.datatype not in _INTEGERS or column.arraysize is not None:
            continue
        elif name in own:
            ranked.append((1, place, column.name))
        elif name in ("id", "source_id", "sourceid", "object_id", "objectid", "objid", "recno", "catid"):
            ranked.append((2, place, column.name))
        elif column.name.endswith(("Id", "ID")) or name.endswith("_id"):
            ranked.append((3, place, column.name))
    return tuple(name for _, _, name in sorted(ranked)[:4])


def _series(table: str, columns: Sequence[Column]) -> tuple[str, ...]:
    named = {c.name.lower(): c for c in columns if c.datatype in _NUMBERS}
    groups = ("objectid", "diaobjectid", "object_id", "source_id")
    times = ("midpointmjdtai", "expmidptmjd", "mjd", "hjd", "bjd", "jd", "time", "midpointtai")
    group = next((named[n].name for n in groups if n in named), None)
    time = next((named[n].name for n in times if n in named), None)
    own = re.sub(r"_|id$", "", group.lower()) if group else ""
    if group is None or time is None or table.lower().replace("_", "") == own:
        return ()
    return (group, time)
