"""Functions of the IVOA's catalogue about the sky: HEALPix, motions of stars, frames."""

import warnings

import astropy.units as u
import duckdb
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import Distance, Latitude, Longitude, SkyCoord, SphericalRepresentation
from astropy.time import Time
from cdshealpix import healpix_to_lonlat, lonlat_to_healpix

from sciplat.adql import Catalog, TableSource, translate
from sciplat.errors import ADQLError
from sciplat.sky import Position, separation
from sciplat.vo.schema import Column, Datatype, Table

D = Datatype
NAMES = ("ra", "dec", "parallax", "pmra", "pmdec", "rv", "epoch")
STARS = Table(
    "sky",
    "Star",
    (Column("i", D.LONG), *(Column(name, D.DOUBLE) for name in NAMES), Column("cell", D.LONG)),
    rows=3000,
)


@pytest.fixture(scope="module")
def stars():
    rng = np.random.default_rng(3)
    n = 3000
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    near = rng.uniform(0, 1e-6, 300)
    dec[:150], dec[150:300] = 90 - near[:150], near[150:] - 90
    dec[300:303], ra[303:306] = (90, -90, 0), (0, 360, 359.9999999)
    ra[306:320] = np.arange(14) * 45 % 360  # where faces of HEALPix meet
    return {
        "i": np.arange(n),
        "ra": ra,
        "dec": dec,
        "parallax": rng.uniform(10, 300, n),
        "pmra": rng.normal(0, 500, n),
        "pmdec": rng.normal(0, 500, n),
        "rv": rng.normal(0, 100, n),
        "epoch": rng.choice([1991.25, 2000.0, 2016.0], n),
        "cell": rng.integers(0, 12 * 4**29, n),
    }


@pytest.fixture(scope="module")
def run(stars):
    connection = duckdb.connect()
    connection.register("rows_in", pa.table(stars))
    connection.execute("CREATE TABLE star AS SELECT * FROM rows_in")
    catalog = Catalog([TableSource(STARS, ("memory", "main", "star"))])

    def run(text):
        return connection.execute(translate(text, catalog).sql).fetchall()

    yield run
    connection.close()


def test_a_cell_is_found_for_every_position(run, stars):
    where = [f"ivo_healpix_index({order}, ra, dec) AS a{order}" for order in (0, 1, 5, 17, 29)]
    rows = run(
        f"SELECT {', '.join(where)}, ivo_healpix_index(29, POINT(ra - 360, dec)) AS b FROM Star ORDER BY i"
    )

    found = np.array(rows).T
    expected = lonlat_to_healpix(Longitude(stars["ra"], "deg"), Latitude(stars["dec"], "deg"), 29).astype(
        np.int64
    )
    # Between two cells rounding decides.
    assert (found[4] == expected).mean() > 0.99
    lon, lat = healpix_to_lonlat(found[4].astype(np.uint64), 29)
    for index, (a, b) in enumerate(zip(lon.deg, lat.deg, strict=True)):
        here = Position(float(stars["ra"][index]), float(stars["dec"][index]))
        assert separation(here, Position(float(a), float(b))) < 2e-7
    for place, order in enumerate((0, 1, 5, 17)):
        assert (found[place] == found[4] >> (2 * (29 - order))).all()
    assert (found[5] == found[4]).mean() > 0.9


def test_the_centre_of_a_cell_lies_in_it(run, stars):
    for order in (0, 3, 29):
        shift = 2 * (29 - order)
        cells = stars["cell"] >> shift
        rows = run(
            f"SELECT COORD1(c) AS ra, COORD2(c) AS dec, ivo_healpix_index({order}, c) AS a FROM (SELECT i, "
            f"ivo_healpix_center({order}, cell / {4 ** (29 - order)}) AS c FROM Star) AS t ORDER BY i"
        )
        lon, lat = healpix_to_lonlat(cells.astype(np.uint64), order)
        for row, cell, a, b in zip(rows, cells, lon.deg, lat.deg, strict=True):
            assert separation(Position(row[0], row[1]), Position(float(a), float(b))) < 1e-12
            assert order == 29 or row[2] == cell
            assert 0 <= row[0] < 360


def test_what_is_no_cell_and_no_position_is_null(run):
    rows = run(
        "SELECT ivo_healpix_center(2, 192), ivo_healpix_center(2, -1), ivo_healpix_index(3, ra, dec + 181), "
        "ivo_healpix_index(3, NULLIF_RA, 2) FROM (SELECT ra, dec, MOD(ra, 0) AS NULLIF_RA FROM Star) AS t"
    )

    assert set(rows) == {((None, None), (None, None), None, None)}


@pytest.mark.slow
@pytest.mark.parametrize("until", [1875.0, 2016.0, 2050.5])
def test_stars_move_as_astropy_moves_them(run, stars, until):
    arguments = f"ra, dec, parallax, pmra, pmdec, rv, epoch, {until}"
    rows = run(
        f"SELECT COORD1(p) AS a, COORD2(p) AS b, q FROM (SELECT i, ivo_epoch_prop_pos({arguments}) AS p, "
        f"ivo_epoch_prop({arguments}) AS q FROM Star) AS t WHERE i >= 303 ORDER BY i"
    )
    some = slice(303, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        place = SkyCoord(
            ra=stars["ra"][some] * u.deg,
            dec=stars["dec"][some] * u.deg,
            distance=Distance(parallax=stars["parallax"][some] * u.mas),
            pm_ra_cosdec=stars["pmra"][some] * u.mas / u.yr,
            pm_dec=stars["pmdec"][some] * u.mas / u.yr,
            radial_velocity=stars["rv"][some] * u.km / u.s,
            obstime=Time(stars["epoch"][some], format="jyear", scale="tdb"),
        )
        moved = place.apply_space_motion(Time(until, format="jyear", scale="tdb"))
    start = place.cartesian
    years = (until - stars["epoch"][some]) * u.yr
    straight = start.without_differentials() + start.differentials["s"].to_cartesian() * years
    straight = straight.represent_as(SphericalRepresentation)
    for index, (ra, dec, whole) in enumerate(rows):
        here = Position(float(straight.lon.deg[index]), float(straight.lat.deg[index]))
        assert separation(Position(ra, dec), here) * 3.6e9 < 0.01
        # astropy's own propagation also knows that light takes its time.
        seen = Position(float(moved.ra.deg[index]), float(moved.dec.deg[index]))
        assert separation(Position(ra, dec), seen) * 3.6e9 < 0.01 + 0.06 * years[index].value ** 2
        assert whole[:2] == [ra, dec]
        assert whole[2] == pytest.approx(1 / straight.distance[index].to_value("kpc"), rel=1e-11)
        assert whole[3] == pytest.approx(moved.pm_ra_cosdec.to_value("mas/yr")[index], rel=1e-3, abs=1.0)
        assert whole[4] == pytest.approx(moved.pm_dec.to_value("mas/yr")[index], rel=1e-3, abs=1.0)
        assert whole[5] == pytest.approx(moved.radial_velocity.to_value("km/s")[index], abs=1e-2)


def test_the_catalogue_s_examples_of_motion_hold(run):
    def call(name, *arguments):
        text = ", ".join("NULL" if argument is None else str(argument) for argument in arguments)
        return run(f"SELECT {name}({text}) AS a FROM Star WHERE i = 0")[0][0]

    star = (7.606083572, 11.79044105, 125, 300, -428.8)
    place = "ivo_epoch_prop_pos"
    near = {"abs": 1e-12}
    assert call(place, *star, 52.51, 2016.0, 1992.25) == pytest.approx(
        (7.604061404627978, 11.7932703828279), **near
    )
    assert call(place, *star, 52.51, 2016.0, 1875.0) == pytest.approx(
        (7.594068213694308, 11.807251375203935), **near
    )
    assert call(place, *star, None, 2016.0, 1875.0) == pytest.approx(
        (7.594079587029898, 11.807235464326332), **near
    )
    assert call(place, *star[:4], None, None, 2016.0, 1875.0) == pytest.approx(
        (7.594080321498365, 11.790440798509207), **near
    )
    whole = call("ivo_epoch_prop", *star, 52.51, 2016.0, 1992.25)
    assert whole == pytest.approx(
        [7.6040614046279735, 11.793270382827929, 125.01993165584682, 300.09877325973605, -428.934593565712,
         52.50880381775256], rel=1e-9
    )  # fmt: skip
    still = call("ivo_epoch_prop", *star[:3], None, None, None, 2016.0, 1992.25)
    assert still == pytest.approx([7.606083572, 11.79044105, 125, np.nan, np.nan, np.nan], nan_ok=True)
    far = call("ivo_epoch_prop", *star[:2], None, *star[3:], 52.51, 2016.0, 1992.25)
    assert far == pytest.approx(
        [7.604061727024453, 11.79326993174991, np.nan, 300.0030911918108, -428.79783514643105, 52.51],
        rel=1e-9, nan_ok=True,
    )  # fmt: skip


def test_a_star_at_a_pole_moves_along_its_meridian(run):
    row = run("SELECT ivo_epoch_prop(30, 90, 1, 3600000, 0, 0, 2000, 2001) AS a FROM Star WHERE i = 0")[0][0]

    assert row[:2] == pytest.approx([120.0, 90 - np.degrees(np.arctan(np.radians(1)))])


@pytest.mark.slow
def test_stars_are_joined_where_they_were(run):
    text = "DISTANCE(ivo_epoch_prop_pos({0}), ivo_epoch_prop_pos({1})) < 1 / 3600000.0"
    one, other = (", ".join(f"{t}.{n}" for n in NAMES) + ", 1950" for t in "ab")

    pairs = run(f"SELECT a.i, b.i FROM Star a JOIN Star b ON {text.format(one, other)}")

    assert len(pairs) >= 3000
    assert {pair for pair in pairs if pair[0] == pair[1]} == {(i, i) for i in range(3000)}


@pytest.mark.parametrize(
    "call",
    [
        "ivo_epoch_prop_pos(NULL, dec, 1, 1, 1, 1, 2000, 2010)",
        "ivo_epoch_prop_pos(ra, dec, 1, 1, 1, 1, NULL, 2010)",
        "ivo_epoch_prop_pos(ra, dec, 1, 1, 1, 1, 2000)",
        "ivo_healpix_center(17, 23.2)",
        "ivo_healpix_center(30, 2)",
        "ivo_healpix_index(i, ra, dec)",
        "ivo_geom_transform('galactic', 'ICRS', POINT(ra, dec))",
        "ivo_geom_transform('GALACTIC', 'ICRS', 3)",
        "ivo_geom_transform('GALACTIC', POINT(ra, dec))",
        "POINT('GALACTIC', ra, dec)",
    ],
)
def test_what_cannot_be_is_refused(run, call):
    with pytest.raises(ADQLError):
        run(f"SELECT {call} AS a FROM Star")


def test_regions_of_rows_turn_with_their_frame(run, stars):
    rows = run(
        "SELECT i, ivo_geom_transform('ICRS', 'GALACTIC', POINT(ra, dec)) AS p, "
        "AREA(ivo_geom_transform('ICRS', 'GALACTIC', POLYGON(ra, 0, ra + 1, 0, ra, 1))) AS a, "
        "CONTAINS(POINT(ra, dec), ivo_geom_transform('GALACTIC', 'ICRS', CIRCLE(10, 20, 30))) AS b, "
        "CONTAINS(ivo_geom_transform('ICRS', 'GALACTIC', POINT(ra, dec)), CIRCLE(10, 20, 30)) AS c FROM Star"
    )

    galactic = SkyCoord(stars["ra"], stars["dec"], unit="deg").galactic
    for i, place, area, one, other in rows:
        there = Position(float(galactic.l.deg[i]), float(galactic.b.deg[i]))
        assert separation(Position(*place), there) < 1e-9
        assert area == pytest.approx(0.5, rel=1e-3)
        assert one == other
