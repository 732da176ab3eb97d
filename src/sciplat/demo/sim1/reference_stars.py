"""The reference catalog of ``sim1``: bright constant stars, as an earlier survey would have measured them."""

from __future__ import annotations

import numpy as np
from astropy.table import Table

from sciplat.demo.sim1.plan import BANDS_OF_SIM1
from sciplat.demo.sim1.scene import scene
from sciplat.demo.streams import stream

__all__ = ["reference_stars"]

_FAINTEST_I = 21.0
_POSITION_ERROR = 0.005
"""Arcseconds."""

_FLUX_ERROR = 0.005
"""Relative."""


def reference_stars() -> Table:
    """Return positions (ICRS degrees) and fluxes (nJy) of stars brighter than i = 21, with their errors."""
    rows = []
    for population, members in scene().members:
        if population.name not in {"stars", "white-dwarfs"}:
            continue
        bright = members[population.magnitudes[members, 3] < _FAINTEST_I]
        noise = np.array(
            [stream("sim1-reference", population.name, int(row)).standard_normal(8) for row in bright]
        )
        rows.append((population, bright, noise.reshape(len(bright), 8)))
    ra = np.concatenate([population.ra[bright] for population, bright, _ in rows])
    dec = np.concatenate([population.dec[bright] for population, bright, _ in rows])
    magnitudes = np.concatenate([population.magnitudes[bright] for population, bright, _ in rows])
    noise = np.concatenate([part for _, _, part in rows])
    identity = np.concatenate([population.code * 1_000_000 + bright for population, bright, _ in rows])
    step = _POSITION_ERROR / 3600
    table = Table(
        {
            "id": identity,
            "coord_ra": ra + step * noise[:, 0] / np.cos(np.radians(dec)),
            "coord_dec": dec + step * noise[:, 1],
        }
    )
    for number, band in enumerate(BANDS_OF_SIM1):
        flux = 10 ** (-0.4 * (magnitudes[:, number] - 31.4))
        table[f"{band}_flux"] = flux * (1 + _FLUX_ERROR * noise[:, 2 + number])
        table[f"{band}_fluxErr"] = _FLUX_ERROR * flux
    for name in table.colnames[1:]:
        table[name].unit = "deg" if name.startswith("coord") else "nJy"
    return table
