"""What the Butler knows of our exposures: storage classes, and how a part is taken of one in memory.

A notebook that reads through the remote Butler calls `register` first; it needs the [images] extra and
nothing of the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any

from lsst.daf.butler import Config, StorageClassDelegate, StorageClassFactory

from sciplat.errors import UsageError
from sciplat.images.box import Box
from sciplat.images.exposure import Exposure

__all__ = ["EXPOSURE", "ExposureDelegate", "PixelsDelegate", "asked_box", "config", "register"]

EXPOSURE = "SciplatExposure"
"""The storage class of `sciplat.images.exposure.Exposure`."""


def config() -> Config:
    """Return what a repository that holds our exposures has in its configuration."""
    with as_file(files("sciplat.repository") / "storage.yaml") as path:
        return Config(str(path))


def register() -> None:
    """Make our storage classes known in this process; opening one of our repositories does so too."""
    StorageClassFactory().addFromConfig(config())


def asked_box(parameters: Mapping[str, Any] | None) -> Box | None:
    """Return the box that parameter ``bbox`` asks for.

    It is a `Box`, or ``(x0, y0, x1, y1)`` with pixels ``x0 <= x < x1`` and ``y0 <= y < y1``, counted from 0
    in the full image.

    Raises
    ------
    UsageError
        It is neither, or has no pixel.
    """
    box = (parameters or {}).get("bbox")
    if box is None or isinstance(box, Box):
        return box
    try:
        x0, y0, x1, y1 = (int(side) for side in box)
    except (TypeError, ValueError):
        raise UsageError(f"Parameter bbox is a Box or (x0, y0, x1, y1), not {box!r}") from None
    return Box(x0, y0, x1, y1)


class PixelsDelegate(StorageClassDelegate):
    """Says that parts of an exposure take ``bbox``, which the formatter has cut already."""

    def can_accept(self, inMemoryDataset: Any) -> bool:  # noqa: N803  the Butler's name
        """Tell whether this is what the storage class holds."""
        return isinstance(inMemoryDataset, self.storageClass.pytype)

    def handleParameters(  # noqa: N802  the Butler's name
        self,
        inMemoryDataset: Any,  # noqa: N803
        parameters: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what is given: a part that lies in memory does not know where it lay in the image."""
        if asked_box(parameters) is not None:
            raise UsageError("A box can be cut from the exposure, not from a part of it in memory")
        return inMemoryDataset


class ExposureDelegate(StorageClassDelegate):
    """Takes components and boxes of exposures in memory."""

    def can_accept(self, inMemoryDataset: Any) -> bool:  # noqa: N803  the Butler's name
        """Tell whether this is an exposure of ours."""
        return isinstance(inMemoryDataset, Exposure)

    def getComponent(self, composite: Exposure, componentName: str) -> Any:  # noqa: N802, N803
        """Return one component.

        Raises
        ------
        AttributeError
            There is none of that name.
        """
        if componentName == "bbox":
            return composite.box
        if componentName == "planes":
            return dict(composite.planes)
        if componentName in ("image", "mask", "variance", "wcs", "psf", "header"):
            return getattr(composite, componentName)
        raise AttributeError(f"An exposure has no component {componentName}")

    def assemble(self, components: dict[str, Any], pytype: type | None = None) -> Exposure:
        """Return the exposure that components make."""
        known = {k: v for k, v in components.items() if k != "bbox" and v is not None}
        if (box := components.get("bbox")) is not None:
            known["origin"] = box.origin
        return Exposure(**known)

    def handleParameters(  # noqa: N802  the Butler's name
        self,
        inMemoryDataset: Exposure,  # noqa: N803
        parameters: Mapping[str, Any] | None = None,
    ) -> Exposure:
        """Return the part that ``bbox`` asks for."""
        box = asked_box(parameters)
        return inMemoryDataset if box is None else inMemoryDataset.cut(box)

    @classmethod
    def selectResponsibleComponent(  # noqa: N802  the Butler's name
        cls,
        derivedComponent: str,  # noqa: N803
        fromComponents: set[str | None],  # noqa: ARG003, N803
    ) -> str:
        """Name the component that a derived one is read from."""
        return {"bbox": "image", "planes": "mask"}[derivedComponent]
