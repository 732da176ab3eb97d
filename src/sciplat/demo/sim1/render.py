"""Raw images of ``sim1``: light through the atmosphere onto a detector with all its faults (GalSim)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits
from astropy.time import Time

from sciplat.demo.field import CENTRE, PIXEL
from sciplat.demo.sim1.plan import DETECTOR, EXPOSURE_SECONDS, HIT_VISIT, SIDE, TELESCOPE, PlannedVisit
from sciplat.demo.sim1.scene import Light, light
from sciplat.demo.streams import stream
from sciplat.errors import MissingExtraError
from sciplat.images.exposure import Exposure
from sciplat.images.signature import Detector

if TYPE_CHECKING:
    import galsim

__all__ = ["CAMERA", "bad_pixels", "render"]

Floats = npt.NDArray[np.float32]

CAMERA = Detector(bias=1000.0, gain=0.7, read_noise=6.0, saturation=41_000.0)
_FULL_WELL = 28_000.0
"""Electrons a pixel holds; more flow along the column."""

_COSMIC_RAYS = 9


def bad_pixels() -> npt.NDArray[np.bool_]:
    """Return where the detector never works, ``[y, x]``: two columns and some single pixels."""
    bad = np.zeros((SIDE, SIDE), np.bool_)
    bad[:, 211] = True
    bad[600:, 777] = True
    place = stream("sim1-bad-pixels").random((60, 2))
    bad[(place[:, 0] * SIDE).astype(int), (place[:, 1] * SIDE).astype(int)] = True
    return bad


def render(visit: PlannedVisit) -> Exposure:
    """Return the raw image of a visit, in ADU, with the world coordinates that the telescope states.

    Raises
    ------
    MissingExtraError
        GalSim isn't installed.
    """
    electrons = _sky(visit)
    _shine(electrons, light(visit), visit)
    noise = stream("sim1-noise", visit.number).standard_normal((SIDE, SIDE), dtype=np.float32)
    electrons += noise * np.sqrt(electrons + np.float32(CAMERA.read_noise**2))
    _hit(electrons, visit)
    _bleed(electrons)
    adu = np.rint(electrons / CAMERA.gain + CAMERA.bias)
    bad = bad_pixels()
    adu[bad] = np.where(np.arange(bad.sum()) % 3 == 0, 63_000, CAMERA.bias)
    image = np.clip(adu, 0, 65_535).astype(np.float32)
    return Exposure(image, visit.stated_wcs(), header=_header(visit))


def _header(visit: PlannedVisit) -> fits.Header:
    start = Time(visit.mjd - EXPOSURE_SECONDS / 2 / 86400, format="mjd", scale="tai")
    cards: dict[str, Any] = {
        "TELESCOP": "sciplat simulator",
        "INSTRUME": TELESCOPE,
        "OBSID": visit.name,
        "EXPID": visit.number,
        "DETECTOR": DETECTOR,
        "OBJECT": "sim1 field",
        "OBSTYPE": "science",
        "FILTER": f"{visit.band}_sim",
        "BAND": visit.band,
        "TIMESYS": "TAI",
        "DATE-OBS": start.isot,
        "MJD-OBS": start.mjd,
        "MJD-AVG": visit.mjd,
        "EXPTIME": EXPOSURE_SECONDS,
        "AIRMASS": 1 / np.sin(np.radians(visit.altitude)),
        "ALTITUDE": visit.altitude,
        "AZIMUTH": visit.azimuth,
        "ROTPA": visit.rotation,
        "RADESYS": "ICRS",
        "BUNIT": "adu",
        "GAIN": CAMERA.gain,
        "RDNOISE": CAMERA.read_noise,
        "BIASLEV": CAMERA.bias,
        "SATURATE": CAMERA.saturation,
        "SIMULATE": True,
    }
    header = fits.Header()
    for name, value in cards.items():
        header[name] = value
    return header


def _sky(visit: PlannedVisit) -> Floats:
    """Return the sky's electrons: a slope, and a faint bow of scattered light."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].astype(np.float32)
    slope = 0.01 * stream("sim1-sky", visit.number).standard_normal(3)
    level = visit.sky * (1 + slope[0] * x + slope[1] * y + 0.5 * slope[2] * (x * x - y * y))
    return np.asarray(level, np.float32)


def _shine(electrons: Floats, sources: Light, visit: PlannedVisit) -> None:
    """Add the light of everything that falls on the detector."""
    try:
        import galsim  # noqa: PLC0415 (an optional extra)
    except ImportError as error:
        raise MissingExtraError("The demo data need the extra 'demo': pip install 'sciplat[demo]'") from error
    wcs = visit.wcs()
    turn = np.radians(visit.rotation)
    # u to the east and v to the north, arcseconds.
    local = galsim.JacobianWCS(
        -PIXEL * np.cos(turn), PIXEL * np.sin(turn), PIXEL * np.sin(turn), PIXEL * np.cos(turn)
    )
    quick = galsim.GSParams(folding_threshold=1e-2)
    star = galsim.Kolmogorov(fwhm=visit.seeing).shear(g1=visit.ellipticity[0], g2=visit.ellipticity[1])
    canvas = galsim.ImageF(electrons, xmin=0, ymin=0)
    x, y = wcs.world_to_pixel_values(sources.ra, sources.dec)
    counts = sources.flux * visit.electrons
    for k in range(len(sources)):
        half = _reach(counts[k], sources.radius[k], visit)
        stamp = galsim.BoundsI(int(x[k]) - half, int(x[k]) + half, int(y[k]) - half, int(y[k]) + half)
        if counts[k] <= 0.5 or not (stamp & canvas.bounds).isDefined():
            continue
        profile = star
        if sources.radius[k] > 0:
            body = _galaxy(sources, k, quick)
            profile = galsim.Convolve(body, star, gsparams=quick)
        small = galsim.ImageF(stamp)
        profile.withFlux(counts[k]).drawImage(
            image=small, wcs=local, center=galsim.PositionD(x[k], y[k]), method="auto"
        )
        part = stamp & canvas.bounds
        canvas[part] += small[part]


def _galaxy(sources: Light, k: int, quick: galsim.GSParams) -> galsim.GSObject:
    """Return a galaxy of an exponential disc and a bulge (Spergel 2010, nu = -0.6: like de Vaucouleurs')."""
    import galsim  # noqa: PLC0415 (an optional extra)

    radius, bulge = float(sources.radius[k]), float(sources.bulge[k])
    disc = galsim.Exponential(half_light_radius=radius, gsparams=quick)
    body: galsim.GSObject = disc
    if bulge > 0.05:
        body = (1 - bulge) * disc + bulge * galsim.Spergel(-0.6, half_light_radius=radius, gsparams=quick)
    # Position angles run from north through east, GalSim's from the first axis to the second.
    return body.shear(g1=-float(sources.e1[k]), g2=float(sources.e2[k]))


def _reach(counts: float, radius: float, visit: PlannedVisit) -> int:
    """Return how many pixels around a source its light stands above a tenth of the noise."""
    per_pixel = 0.1 * np.sqrt(visit.sky)
    core = counts * PIXEL**2 / (visit.seeing**2 + radius**2)
    steps = np.array([20, 30, 45, 70, 110, 180])
    # A star's wings fall with the power 11/3; a galaxy's are steeper further out.
    wings = core * (steps * PIXEL / (0.6 * visit.seeing + 0.8 * radius)) ** (-11 / 3)
    return int(steps[np.argmax(wings < per_pixel)] if (wings < per_pixel).any() else 260)


def _hit(electrons: Floats, visit: PlannedVisit) -> None:
    """Add cosmic rays: straight tracks of random length; one visit has one on the target."""
    draw = stream("sim1-cosmic-rays", visit.number).random((_COSMIC_RAYS, 5))
    for x, y, angle, length, charge in draw:
        _track(electrons, x * SIDE, y * SIDE, 2 * np.pi * angle, 1.5 + 30 * length**3, 800 * 12**charge)
    if visit.index == HIT_VISIT:
        x, y = visit.wcs().world_to_pixel_values(*CENTRE)
        _track(electrons, float(x) - 5.5, float(y) - 3.0, np.radians(31.0), 13.0, 6500.0)


def _track(electrons: Floats, x: float, y: float, angle: float, length: float, charge: float) -> None:
    """Leave ``charge`` electrons a pixel of way."""
    steps = np.arange(0.0, length, 0.1)
    column = np.rint(x + steps * np.cos(angle)).astype(int)
    row = np.rint(y + steps * np.sin(angle)).astype(int)
    inside = (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
    np.add.at(electrons, (row[inside], column[inside]), np.float32(charge * 0.1))


def _bleed(electrons: Floats) -> None:
    """Let what is more than a full well flow along the column, half to each side."""
    for column in np.flatnonzero((electrons > _FULL_WELL).any(axis=0)):
        line = electrons[:, column].astype(np.float64)
        excess = np.maximum(line - _FULL_WELL, 0) / 2
        line = np.minimum(line, _FULL_WELL)
        for order in (slice(None), slice(None, None, -1)):
            cells, extra, carried = line[order], excess[order], 0.0
            for k in range(SIDE):
                carried += extra[k]
                if carried > 0:
                    taken = min(carried, _FULL_WELL - cells[k])
                    cells[k] += taken
                    carried -= taken
        electrons[:, column] = line
