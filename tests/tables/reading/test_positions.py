from __future__ import annotations

import astropy.units as u
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import Latitude, Longitude
from cdshealpix.nested import healpix_to_lonlat, lonlat_to_healpix
from hypothesis import given
from hypothesis import strategies as st

from sciplat.errors import IngestError
from sciplat.tables.merge import Rows
from sciplat.tables.positions import PositionChecker, healpix_29

ras = st.floats(0, 360, exclude_max=True)
decs = st.floats(-90, 90)


@given(st.lists(st.tuples(ras, decs), min_size=1))
def test_the_index_is_that_of_cdshealpix(positions):
    ra, dec = np.array(positions).T

    found = healpix_29(pa.array(ra), pa.array(dec))

    expected = lonlat_to_healpix(Longitude(ra, u.deg), Latitude(dec, u.deg), 29)
    assert found.type == pa.int64()
    assert found.to_pylist() == expected.tolist()


@given(ras, decs)
def test_the_cell_lies_at_the_position(ra, dec):
    (cell,) = healpix_29(pa.array([ra]), pa.array([dec])).to_pylist()

    lon, lat = healpix_to_lonlat(np.array([cell], dtype=np.uint64), 29)

    apart = np.hypot((lon.deg[0] - ra + 180) % 360 - 180, 0) * np.cos(np.radians(dec))
    assert abs(lat.deg[0] - dec) < 1e-6
    assert abs(apart) < 1e-6


@pytest.mark.slow
def test_the_index_is_that_of_hats():
    hats = pytest.importorskip("hats.pixel_math.spatial_index")
    rng = np.random.default_rng(7)
    ra, dec = rng.uniform(0, 360, 1000), np.degrees(np.arcsin(rng.uniform(-1, 1, 1000)))

    assert healpix_29(pa.array(ra), pa.array(dec)).to_pylist() == hats.compute_spatial_index(ra, dec).tolist()


def test_a_row_without_position_has_no_index():
    index = healpix_29(pa.array([1.0, None, 3.0]), pa.array([1.0, 2.0, float("nan")]))

    assert index.is_null().to_pylist() == [False, True, True]


def rows(ra: list, dec: list, *, first: int = 1) -> Rows:
    return Rows("stars.csv", first, pa.RecordBatch.from_pydict({"ra": ra, "dec": dec}))


def test_batches_get_the_index_first_and_nulls_are_counted():
    checker = PositionChecker("ra", "dec")

    batch = checker.add_index(rows([10.0, None], [0.0, 0.0]))

    assert batch.schema.names == ["_healpix_29", "ra", "dec"]
    assert checker.null_positions == 1


@pytest.mark.parametrize(
    ("ra", "dec", "message"),
    [
        ([10.0, 400.0], [0.0, 0.0], "stars.csv: column 'ra', row 18: 400 is outside 0 to 360"),
        ([10.0, -180.5], [0.0, 0.0], "stars.csv: column 'ra', row 18: -180.5 is outside 0 to 360"),
        ([10.0, float("inf")], [0.0, 0.0], "stars.csv: column 'ra', row 18: inf is outside 0 to 360"),
        ([10.0, 11.0], [0.0, -90.1], "stars.csv: column 'dec', row 18: -90.1 is outside -90 to 90"),
    ],
)
def test_a_position_that_is_not_on_the_sky_is_named(ra, dec, message):
    with pytest.raises(IngestError) as caught:
        PositionChecker("ra", "dec").add_index(rows(ra, dec, first=17))

    assert str(caught.value) == message


def test_360_counts_as_0():
    batch = PositionChecker("ra", "dec").add_index(rows([360.0, 0.0], [5.0, 5.0]))

    assert batch.column("ra").to_pylist() == [0.0, 0.0]
    assert len(set(batch.column("_healpix_29").to_pylist())) == 1


def test_right_ascensions_from_minus_180_to_180_are_turned():
    checker = PositionChecker("ra", "dec")

    first = checker.add_index(rows([179.0, -1.0, None], [0.0, 0.0, 0.0]))
    second = checker.add_index(rows([-180.0, 180.0], [0.0, 0.0]))

    assert first.column("ra").to_pylist() == [179.0, 359.0, None]
    assert second.column("ra").to_pylist() == [180.0, 180.0]


def test_both_conventions_in_one_table_are_refused():
    checker = PositionChecker("ra", "dec")
    checker.add_index(rows([-1.0], [0.0]))

    with pytest.raises(IngestError, match=r"row 1: -1 is below 0, while .*row 3: 200 is above 180"):
        checker.add_index(rows([10.0, 200.0], [0.0, 0.0], first=2))


def test_radians_stay_and_degrees_are_added():
    batch = pa.RecordBatch.from_pydict({"coord_ra": [np.pi, None], "coord_dec": [-np.pi / 4, 0.0]})

    found = PositionChecker("ra", "dec", ("coord_ra", "coord_dec")).add_index(Rows("ref.fits", 1, batch))

    assert found.schema.names == ["_healpix_29", "coord_ra", "coord_dec", "ra", "dec"]
    assert found.column("coord_ra").to_pylist() == [np.pi, None]
    assert found.column("ra").to_pylist() == [180.0, None]
    assert found.column("dec").to_pylist() == pytest.approx([-45.0, 0.0])


def test_degrees_that_are_called_radians_are_named():
    batch = pa.RecordBatch.from_pydict({"coord_ra": [25.6], "coord_dec": [0.3]})

    with pytest.raises(
        IngestError, match=r"ref\.fits: column 'coord_ra', row 1: .* degrees is outside 0 to 360"
    ):
        PositionChecker("ra", "dec", ("coord_ra", "coord_dec")).add_index(Rows("ref.fits", 1, batch))


def test_positions_of_single_precision_keep_their_type():
    batch = pa.RecordBatch.from_pydict(
        {"ra": pa.array([-1.0], pa.float32()), "dec": pa.array([0.0], pa.float32())}
    )

    found = PositionChecker("ra", "dec").add_index(Rows("a", 1, batch))

    assert found.schema.field("ra").type == pa.float32()
    assert found.column("ra").to_pylist() == [359.0]
