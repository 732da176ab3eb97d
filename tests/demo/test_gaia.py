from __future__ import annotations

import astropy.units as u
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import Latitude, Longitude, SkyCoord
from cdshealpix.nested import lonlat_to_healpix

from sciplat.demo.gaia import DESCRIPTION, _galactic, gaia_source, gaia_table


@pytest.fixture(scope="module")
def stars() -> pa.Table:
    source = gaia_source()
    return pa.Table.from_batches(source.batches(), source.schema)


def row(stars: pa.Table, source_id: int) -> dict[str, object]:
    (index,) = np.flatnonzero(stars["source_id"].to_numpy() == source_id)
    return stars.slice(index, 1).to_pylist()[0]


def test_every_star_of_the_package_is_there_once(stars: pa.Table) -> None:
    assert stars.num_rows == gaia_table().rows == gaia_source().rows == 482_176
    assert len(np.unique(stars["source_id"].to_numpy())) == 482_176


@pytest.mark.parametrize(
    ("name", "source_id", "g", "bp", "rp"),
    [
        ("Barnard's star", 4472832130942575872, 8.1940, 9.7918, 6.9581),
        ("Proxima", 5853498713190525696, 8.9847, 11.3731, 7.5685),
    ],
)
def test_magnitudes_are_those_that_gaia_published(
    stars: pa.Table, name: str, source_id: int, g: float, bp: float, rp: float
) -> None:
    star = row(stars, source_id)

    assert star["phot_g_mean_mag"] == pytest.approx(g, abs=1e-3)
    assert star["phot_bp_mean_mag"] == pytest.approx(bp, abs=1e-3)
    assert star["phot_rp_mean_mag"] == pytest.approx(rp, abs=1e-3)
    assert star["bp_rp"] == pytest.approx(bp - rp, abs=1e-3)


def test_positions_agree_with_the_cell_in_each_identifier(stars: pa.Table) -> None:
    some = stars.take(np.arange(0, stars.num_rows, 40))
    source_id = some["source_id"].to_numpy()
    ra, dec = (some[name].to_numpy() * u.deg for name in ("ra", "dec"))
    cell = np.asarray(lonlat_to_healpix(Longitude(ra), Latitude(dec), 12)).astype(np.int64)

    # Gaia's identifiers begin with the cell of a position of an earlier epoch: some stars have left it.
    assert np.mean(cell[source_id > 0] == source_id[source_id > 0] >> 35) > 0.99


def test_what_the_package_does_not_know_is_null(stars: pa.Table) -> None:
    from_hipparcos = stars.filter(pa.compute.less(stars["source_id"], 0))

    assert from_hipparcos.num_rows == 70
    assert from_hipparcos["bp_rp"].null_count == 70
    assert 350 < stars["phot_bp_mean_mag"].null_count < 380
    assert pa.compute.min(stars["phot_rp_mean_mag"]).as_py() > 0.0


def test_the_galactic_pole_and_centre_are_where_hipparcos_has_them() -> None:
    longitude, latitude = _galactic(np.array([192.85948, 266.40510]), np.array([27.12825, -28.936175]))

    assert latitude == pytest.approx([90.0, 0.0], abs=1e-4)
    assert np.cos(np.radians(longitude[1])) == pytest.approx(1.0, abs=1e-10)


def test_galactic_coordinates_agree_with_astropy(stars: pa.Table) -> None:
    some = stars.slice(1000, 500)
    expected = SkyCoord(some["ra"].to_numpy(), some["dec"].to_numpy(), unit="deg").galactic

    ours = SkyCoord(some["l"].to_numpy(), some["b"].to_numpy(), unit="deg", frame="galactic")

    # Astropy goes through FK5, which turns them by some 20 milliarcseconds.
    assert ours.separation(expected).to_value(u.mas).max() < 30


def test_credit_and_licence_are_said() -> None:
    for text in (DESCRIPTION, gaia_table().description):
        assert text is not None
        assert "CC BY-SA 3.0 IGO" in text
        assert "Gaia Data Processing and Analysis Consortium" in text
