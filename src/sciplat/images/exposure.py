"""One image of the sky with everything that is known of its pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from astropy.io import fits
from astropy.wcs import WCS

from sciplat.errors import NotFoundError, UsageError
from sciplat.images.box import Box
from sciplat.images.psf import PSF
from sciplat.images.wcs import shifted

__all__ = ["Exposure", "Floats", "Integers"]

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Exposure:
    """Pixels with mask, variance, world coordinates, PSF and metadata.

    Parameters
    ----------
    image
        Float32 ``[y, x]``, in the unit that card BUNIT of ``header`` names; NaN where nothing is known.
    wcs
        Celestial, two axes, for the pixels of ``image`` as they lie in the array (0-based): that of a cutout
        is already shifted.
    mask
        Int32 ``[y, x]``; each bit says something of a pixel.
    planes
        The name of each bit in use, with its number from 0 (``{"BAD": 0, "SAT": 1}``).
    variance
        Float32 ``[y, x]``, in the square of the image's unit.
    psf
        The point-spread function, in pixels of the full image.
    header
        Metadata cards, without those of world coordinates and of the layout of a file.
    origin
        Where the first pixel lies in the full image (x, y): (0, 0) unless this was cut out.

    Raises
    ------
    UsageError
        Planes differ in shape, ``image`` is not two-dimensional, or a bit is not one of 0 to 30.
    """

    image: Floats
    wcs: WCS
    mask: Integers | None = None
    planes: Mapping[str, int] = field(default_factory=dict)
    variance: Floats | None = None
    psf: PSF | None = None
    header: fits.Header = field(default_factory=fits.Header)
    origin: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        for name, dtype in (("image", np.float32), ("mask", np.int32), ("variance", np.float32)):
            array = getattr(self, name)
            if array is None:
                continue
            if array.ndim != 2 or not array.size:
                raise UsageError(f"The {name} of an exposure is an array [y, x], not one of {array.shape}")
            if array.shape != self.image.shape:
                raise UsageError(f"The {name} has shape {array.shape}, the image {self.image.shape}")
            object.__setattr__(self, name, np.asarray(array, dtype))
        for name, bit in self.planes.items():
            if not 0 <= bit <= 30:
                raise UsageError(f"The bit of mask plane {name} must be one of 0 to 30, not {bit}")
        object.__setattr__(self, "planes", MappingProxyType(dict(self.planes)))

    def __repr__(self) -> str:
        return f"<Exposure of {self.box}>"

    @property
    def box(self) -> Box:
        """The pixels that are here, counted in the full image."""
        height, width = self.image.shape
        return Box.of((height, width), self.origin)

    def plane(self, name: str) -> npt.NDArray[np.bool_]:
        """Return where a mask plane is set, as booleans ``[y, x]``.

        Raises
        ------
        NotFoundError
            The mask has no plane of that name.
        """
        if self.mask is None or name not in self.planes:
            known = ", ".join(sorted(self.planes)) or "none"
            raise NotFoundError(f"The image has no mask plane {name}; its planes: {known}")
        found: npt.NDArray[np.bool_] = (self.mask & (1 << self.planes[name])) != 0
        return found

    def flagged(self, *names: str) -> npt.NDArray[np.bool_]:
        """Return where at least one of some mask planes is set; names that the mask lacks are set nowhere."""
        bits = sum(1 << self.planes[name] for name in set(names) if name in self.planes)
        if self.mask is None or not bits:
            return np.zeros(self.image.shape, np.bool_)
        found: npt.NDArray[np.bool_] = (self.mask & bits) != 0
        return found

    def cut(self, box: Box) -> Exposure:
        """Return the pixels of a box, which is counted in the full image, without copying them.

        A cut of a cut is the same as the cut of the whole.

        Raises
        ------
        UsageError
            The box is not wholly inside.
        """
        if not self.box.contains(box):
            raise UsageError(f"The image has {self.box}; the box asks for {box}")
        rows, columns = box.slices(self.origin)
        return replace(
            self,
            image=self.image[rows, columns],
            mask=None if self.mask is None else self.mask[rows, columns],
            variance=None if self.variance is None else self.variance[rows, columns],
            wcs=shifted(self.wcs, box.x0 - self.origin[0], box.y0 - self.origin[1]),
            origin=box.origin,
        )
