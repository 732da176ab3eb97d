"""Instruments, as pipelines know them: classes, one for each instrument of our repositories.

`SurveyInstrument` is what a survey of our own derives its class from. Instruments of foreign files have no
code: ``sciplat.repository.instruments.DECam`` is made when somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from lsst.daf.butler import Registry
from lsst.pipe.base import Instrument

from sciplat.repository.formatter import ExposureFormatter

__all__ = ["LARGEST", "SurveyInstrument", "class_of", "register_instrument"]

LARGEST = 2**53 - 1
"""Of visits and exposures: what a client that reads numbers as JavaScript does keeps exactly."""


_IN_RAFT = re.compile(r"(R[0-9X]{2})_(S[0-9GW][0-9])")
"""The name of a detector of Rubin's cameras: its raft, and its place there (``R22_S11``)."""


class SurveyInstrument(Instrument):
    """An instrument whose exposures are our exposures; a class for one of them says the class variables."""

    name: ClassVar[str]
    filters: ClassVar[Mapping[str, str]] = {}
    """The band of each physical filter."""

    detectors: ClassVar[Mapping[int, str]] = {}
    """The name of each detector."""

    @classmethod
    def getName(cls) -> str:  # noqa: N802  the Butler's name
        """Return the name that data IDs have."""
        return cls.name

    def register(self, registry: Registry, *, update: bool = False) -> None:
        """Tell a repository of the instrument, its filters and detectors."""
        kind = type(self)
        register_instrument(
            registry,
            kind.name,
            kind.filters,
            kind.detectors,
            class_name=f"{kind.__module__}.{kind.__qualname__}",
            update=update,
        )

    def getRawFormatter(self, dataId: Any) -> type[ExposureFormatter]:  # noqa: N802, N803
        """Return the formatter of raw images, which are exposures like others."""
        return ExposureFormatter


def register_instrument(
    registry: Registry,
    name: str,
    filters: Mapping[str, str],
    detectors: Mapping[int, str],
    *,
    class_name: str | None = None,
    update: bool = False,
) -> None:
    """Tell a repository of an instrument; what it knows already stays, unless ``update``.

    Parameters
    ----------
    filters
        The band of each physical filter.
    detectors
        The name of each detector; one such as ``R22_S11`` says its raft, too.
    class_name
        Of the instrument's class; without it one is made when it is asked for.
    """
    with registry.transaction():
        registry.syncDimensionData(
            "instrument",
            {
                "name": name,
                "class_name": class_name or class_of(name),
                "visit_max": LARGEST,
                "exposure_max": LARGEST,
                "detector_max": 1 << 20,
            },
            update=update,
        )
        for physical, band in filters.items():
            registry.syncDimensionData(
                "physical_filter", {"instrument": name, "name": physical, "band": band}, update=update
            )
        for number, detector in detectors.items():
            facts = {"instrument": name, "id": number, "full_name": detector, "purpose": "SCIENCE"}
            if place := _IN_RAFT.fullmatch(detector):
                facts |= {"raft": place[1], "name_in_raft": place[2]}
            registry.syncDimensionData("detector", facts, update=update)


def class_of(instrument: str) -> str:
    """Return the address of the class of an instrument that has no code of its own."""
    return f"{__name__}.{instrument}"


def __getattr__(name: str) -> type[SurveyInstrument]:
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (SurveyInstrument,), {"name": name, "__module__": __name__})
