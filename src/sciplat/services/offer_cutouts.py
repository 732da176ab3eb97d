"""Offer cutouts: the doors where pixels are cut, as service descriptors (SODA 1.0, section 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sciplat.services.content import CONTENTS, SIDE_ARCSECONDS
from sciplat.tables.document import Input, Service
from sciplat.vo.soda import ASYNC, SYNC

__all__ = ["FITS", "IDENTIFIER", "JOBS", "circle_input", "many_cutouts", "soda", "soda_inputs"]

FITS: Final = "application/fits"
JOBS: Final = "text/xml"
"""What a door answers that makes jobs (UWS 1.1)."""

IDENTIFIER: Final = Input("ID", ucd="meta.ref.url;meta.curation", description="The image")
"""By name, UCD and unit a client knows what a parameter of SODA is (section 3.4)."""

_AREA = "pos.outline;obs"
_Ends = tuple[float, float] | None


def soda(
    origin: str,
    inputs: tuple[Input, ...],
    name: str,
    *,
    id: str | None = None,  # noqa: A002
) -> tuple[Service, Service]:
    """Return both doors of SODA: the one that answers at once, and the one that makes jobs.

    Parameters
    ----------
    origin
        Of the addresses, ``https://host``.
    name
        What is cut, for people.
    id
        By what rows name the first, and with ``-jobs`` behind it the second; None: they are for every row.
    """
    at_once = Service(
        f"{origin}/api/soda/sync",
        inputs,
        standard=SYNC,
        id=id and _xml_id(id),
        name=name,
        content_type=FITS,
    )
    jobs = replace(
        at_once,
        url=f"{origin}/api/soda/async",
        standard=ASYNC,
        id=id and _xml_id(f"{id}-jobs"),
        name=f"{name}, as a job",
        description="Makes a job (UWS 1.1) of what is sent by POST. ID, BAND, TIME and the regions may come "
        "again: each combination is a result.",
        content_type=JOBS,
    )
    return at_once, jobs


def soda_inputs(
    identifier: Input,
    *,
    circle: str | None = None,
    polygon: str | None = None,
    band: _Ends = None,
    time: _Ends = None,
) -> tuple[Input, ...]:
    """Return what SODA takes; circle and polygon hold all of an image, and its band and time are the ends."""
    return (
        identifier,
        Input("POS", ucd=_AREA, description="CIRCLE, RANGE or POLYGON with its numbers, ICRS degrees"),
        circle_input(most=circle),
        Input(
            "POLYGON",
            datatype="double",
            unit="deg",
            ucd=_AREA,
            xtype="polygon",
            description="Corners, ICRS",
            most=polygon,
        ),
        _interval("BAND", "m", "em.wl;stat.interval", "Wavelengths of which the image must have some", band),
        _interval(
            "TIME", "d", "time.interval;obs.exposure", "MJD, UTC, of which the exposure must have some", time
        ),
        Input("PLANES", options=CONTENTS, description="image alone, with mask and variance, or all"),
    )


def circle_input(*, most: str | None = None, options: tuple[str, ...] = ()) -> Input:
    """Return the circle that SODA takes."""
    return Input(
        "CIRCLE",
        datatype="double",
        arraysize="3",
        unit="deg",
        ucd=_AREA,
        xtype="circle",
        description="Centre and radius, ICRS",
        most=most,
        options=options,
    )


def many_cutouts(
    origin: str,
    fixed: Mapping[str, str],
    name: str,
    *,
    id: str,  # noqa: A002
    dataset_types: Sequence[str] = (),
) -> Service:
    """Return the door that cuts around many positions into one archive.

    Parameters
    ----------
    fixed
        What is sent in any case; without ``QUERY`` the positions are to be sent.
    dataset_types
        Of which images one can choose.
    """
    sent = [Input(each, value) for each, value in fixed.items()]
    if "QUERY" not in fixed:
        sent += [
            Input("UPLOAD", description="NAME,param:PART or NAME,ADDRESS: a table with the positions"),
            Input("QUERY", description="ADQL whose rows are the positions, where no table is sent"),
        ]
    if dataset_types:
        only = dataset_types[0] if len(dataset_types) == 1 else ""
        about = "Of which images; it may come again"
        sent.append(Input("DATASET_TYPE", only, options=tuple(dataset_types), description=about))
    sent += [
        Input(
            "SIZE",
            # Without a value pyvo 1.9 cannot read a number that is no array.
            f"{SIDE_ARCSECONDS:g}",
            datatype="double",
            arraysize=None,
            unit="arcsec",
            ucd="phys.angSize",
            description="The side of each cutout",
        ),
        Input("PLANES", options=CONTENTS, description="image alone, with mask and variance, or all"),
        Input("RESPONSEFORMAT", options=("application/x-tar", FITS), description="The form of the archive"),
    ]
    return Service(
        f"{origin}/api/cutouts/async",
        tuple(sent),
        id=_xml_id(id),
        name=name,
        description="Makes a job (UWS 1.1) of what is sent by POST; its result is one archive with an index.",
        content_type=JOBS,
    )


def _interval(name: str, unit: str, ucd: str, about: str, ends: _Ends) -> Input:
    least, most = map(repr, ends) if ends else (None, None)
    return Input(
        name,
        datatype="double",
        arraysize="2",
        unit=unit,
        ucd=ucd,
        xtype="interval",
        least=least,
        most=most,
        description=about,
    )


def _xml_id(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)
