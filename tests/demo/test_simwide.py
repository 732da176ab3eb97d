from __future__ import annotations

import numpy as np
import pytest

from sciplat.demo.field import BANDS, CENTRE, HALF_WIDTH
from sciplat.demo.measure import flux_error
from sciplat.demo.population import reddening
from sciplat.demo.truth import truth
from sciplat.demo.visits import visits

pytestmark = pytest.mark.slow

ABOUT_SOURCE = ("sourceId", "visit", "detector", "psfFlux", "psfFluxErr", "coord_ra", "coord_dec")
ABOUT_FORCED = ("objectId", "visit", "detector", "psfFlux", "psfFluxErr", "psfFlux_flag", "band")


def test_every_object_is_measured_in_every_visit_once(survey) -> None:
    forced = survey.table("ForcedSource", ABOUT_FORCED)
    objects = survey.values(survey.table("Object"), "objectId")

    assert forced.num_rows == 4_000_000
    assert len(np.unique(objects)) == 200_000
    assert np.array_equal(survey.values(forced, "objectId"), np.repeat(objects, 20))
    visit = survey.values(forced, "visit").reshape(-1, 20)
    assert np.array_equal(visit, np.broadcast_to(visit[0], visit.shape))
    assert sorted(visit[0]) == sorted(one.number for one in visits())


def test_foreign_keys_hold(survey) -> None:
    visit = survey.values(survey.table("Visit"), "visit")
    ccd = survey.table("CcdVisit")
    pairs = survey.values(ccd, "visitId") * 1000 + survey.values(ccd, "detector")
    dia = survey.table("DiaSource")
    assert len(np.unique(pairs)) == ccd.num_rows == 20 * 189
    assert np.array_equal(pairs, survey.values(ccd, "ccdVisitId"))

    for rows in (
        survey.table("Source", ABOUT_SOURCE),
        survey.table("ForcedSource", ABOUT_FORCED),
        dia,
    ):
        assert np.isin(survey.values(rows, "visit"), visit).all()
        assert np.isin(survey.values(rows, "visit") * 1000 + survey.values(rows, "detector"), pairs).all()
    known = set(survey.table("DiaObject")["diaObjectId"].to_pylist())
    assert {one for one in dia["diaObjectId"].to_pylist() if one is not None} == known


def test_identifiers_are_unique_and_need_64_bits(survey) -> None:
    for name, column in (("Object", "objectId"), ("DiaObject", "diaObjectId"), ("DiaSource", "diaSourceId")):
        numbers = survey.values(survey.table(name), column)
        assert len(np.unique(numbers)) == len(numbers)
        assert numbers.min() > 2**53
    sources = survey.values(survey.table("Source", ABOUT_SOURCE), "sourceId")
    assert len(np.unique(sources)) == len(sources)


@pytest.mark.parametrize(
    ("name", "ra", "dec"),
    [("Object", "coord_ra", "coord_dec"), ("DiaSource", "ra", "dec"), ("DiaObject", "ra", "dec")],
)
def test_positions_lie_in_the_field(survey, name: str, ra: str, dec: str) -> None:
    rows = survey.table(name)
    margin = HALF_WIDTH + 2 / 3600

    assert np.abs(survey.values(rows, ra) - CENTRE[0]).max() < margin
    assert np.abs(survey.values(rows, dec) - CENTRE[1]).max() < margin


def test_constant_stars_scatter_as_their_errors_say(survey) -> None:
    measured = survey.first_block("stars")
    for band in range(len(BANDS)):
        here = [k for k, visit in enumerate(visits()) if visit.band_number == band]
        flux, weight = measured.flux[:, here], measured.flux_error[:, here] ** -2.0
        mean = (flux * weight).sum(axis=1) / weight.sum(axis=1)
        chi2 = ((flux - mean[:, None]) ** 2 * weight).sum(axis=1)
        assert chi2.mean() / (len(here) - 1) == pytest.approx(1.0, abs=0.04)


def test_difference_fluxes_of_constant_stars_are_zero_within_their_errors(survey) -> None:
    measured = survey.first_block("stars")
    pull = measured.difference / measured.difference_error

    assert pull.mean() == pytest.approx(0.0, abs=0.02)
    assert pull.std() == pytest.approx(1.0, abs=0.02)


def test_variables_scatter_much_more_than_their_errors(survey) -> None:
    pull = survey.first_block("rr-lyrae").difference / survey.first_block("rr-lyrae").difference_error

    assert np.median(np.abs(pull)) > 5


def test_the_limiting_magnitude_is_where_signal_to_noise_is_five(survey) -> None:
    ccd = survey.table("CcdVisit")
    limit = survey.values(ccd, "magLim")
    band = np.array([BANDS.index(name) for name in ccd["band"].to_pylist()])
    for number in range(len(BANDS)):
        depth = limit[band == number]
        flux = 10 ** (-0.4 * (depth - 31.4))
        assert flux / flux_error(flux, number, depth) == pytest.approx(5.0, rel=0.01)


def test_detections_in_a_visit_stand_above_the_noise(survey) -> None:
    rows = survey.table("Source", ABOUT_SOURCE)
    signal = survey.values(rows, "psfFlux") / survey.values(rows, "psfFluxErr")

    assert 1_000_000 < rows.num_rows < 2_500_000
    assert signal.min() > 5
    # Many more near the limit than above: the counts rise towards faint magnitudes.
    assert np.mean(signal < 10) > 0.4
    assert np.abs(survey.values(rows, "coord_dec") - CENTRE[1]).max() < HALF_WIDTH + 2 / 3600


def test_forced_and_coadd_photometry_agree(survey) -> None:
    measured = survey.first_block("stars")
    for band in range(len(BANDS)):
        here = [k for k, visit in enumerate(visits()) if visit.band_number == band]
        mean = measured.flux[:, here].mean(axis=1)
        assert (
            np.median(np.abs(mean - measured.coadd.flux[:, band]) / measured.coadd.flux_error[:, band]) < 0.35
        )


def test_bright_stars_lie_on_the_stellar_locus(survey) -> None:
    magnitudes = truth().population("stars").magnitudes
    g, r, i = magnitudes[:, 1], magnitudes[:, 2], magnitudes[:, 3]
    bright = (r < 20) & (g - r < 1.2)
    # The blue half of the locus is nearly straight: r-i = 0.36 (g-r) - 0.03 (Covey et al. 2007).
    slope, offset = np.polyfit((g - r)[bright], (r - i)[bright], 1)

    assert slope == pytest.approx(0.38, abs=0.06)
    assert offset == pytest.approx(-0.03, abs=0.04)
    assert np.std((r - i)[bright] - slope * (g - r)[bright] - offset) < 0.05


def test_halo_and_red_dwarfs_make_two_plumes() -> None:
    magnitudes = truth().population("stars").magnitudes
    g_r = (magnitudes[:, 1] - magnitudes[:, 2])[(magnitudes[:, 2] > 19) & (magnitudes[:, 2] < 21)]
    counts, _ = np.histogram(g_r, np.arange(0.1, 1.75, 0.1))
    middle = counts[6:9].max()

    assert counts[:5].max() > 2 * middle
    assert counts[11:].max() > 2 * middle


def test_numbers_of_galaxies_rise_with_magnitude_as_they_do_on_the_sky() -> None:
    i = truth().population("galaxies").magnitudes[:, 3]
    counts, edges = np.histogram(i, np.arange(19.0, 22.1, 0.5))
    slope = np.polyfit(edges[:-1], np.log10(counts), 1)[0]

    assert 0.30 < slope < 0.42
    # The LSST Science Book's density, 46 * 10**(0.31 (i - 25)) a square arcminute, to a factor of 1.6.
    expected = 46 * 10 ** (0.31 * (22.0 - 25)) * 4 * 3600
    assert expected / 1.6 < np.sum(i < 22.0) < expected * 1.6


def test_galaxies_cluster_and_stars_do_not() -> None:
    for name, least, most in (("stars", 0.7, 1.4), ("galaxies", 1.8, 12.0)):
        population = truth().population(name)
        cells, _, _ = np.histogram2d(population.ra[:20_000], population.dec[:20_000], bins=60)
        assert least < cells.var() / cells.mean() < most


def test_extendedness_separates_bright_stars_from_bright_galaxies(survey) -> None:
    rows = survey.table("Object")
    extended, i = survey.values(rows, "refExtendedness"), survey.values(rows, "i_cModelMag")
    kind = (survey.values(rows, "objectId") >> 32) & 31
    bright = i < 21

    assert np.mean(extended[bright & (kind == 7)] == 1) > 0.99
    assert np.mean(extended[bright & (kind == 1)] == 0) > 0.97
    # At the limit it fails, as in every survey.
    assert np.mean(extended[(i > 22.8) & (kind == 1)] == 0) < 0.9


def test_magnitudes_are_those_of_the_fluxes(survey) -> None:
    rows = survey.table("Object")
    flux, magnitude = survey.values(rows, "r_psfFlux"), survey.values(rows, "r_psfMag")
    good = flux > 0

    assert magnitude[good] == pytest.approx(31.4 - 2.5 * np.log10(flux[good]), abs=1e-4)
    assert rows["r_psfMag"].null_count == np.sum(~good)


def test_rr_lyrae_have_the_amplitudes_of_rr_lyrae() -> None:
    population = truth().population("rr-lyrae")
    assert population.variation is not None
    times = 60_600 + np.arange(0.0, 3.0, 0.005)
    curve = np.stack([population.variation(slice(None), 1, t) for t in times])
    i_band = np.stack([population.variation(slice(None), 3, t) for t in times])
    amplitude = np.ptp(curve, axis=0)

    assert 0.2 < amplitude.min() < amplitude.max() < 1.6
    assert np.abs(curve.mean(axis=0)).max() < 0.2
    assert np.all(np.ptp(i_band, axis=0) < amplitude)
    # They brighten faster than they fade.
    steepest = np.abs(np.diff(curve, axis=0).min(axis=0)) / np.diff(curve, axis=0).max(axis=0)
    assert np.median(steepest) > 1.5


def test_quasars_wander_more_over_years_than_over_days() -> None:
    population = truth().population("quasars")
    assert population.variation is not None
    start, day, year = (population.variation(slice(None), 1, t) for t in (60_600.0, 60_601.0, 60_965.0))

    assert 0.05 < np.std(year - start) < 0.4
    assert np.std(day - start) < 0.4 * np.std(year - start)


def test_light_curves_do_not_jump_between_neighbouring_moments() -> None:
    for population in truth().populations:
        if population.variation is not None:
            before, after = (population.variation(slice(None), 2, t) for t in (60_600.0, 60_600.0 + 1e-6))
            assert np.abs(after - before).max() < 0.01


def test_detections_on_difference_images_stand_above_the_noise(survey) -> None:
    rows = survey.table("DiaSource")
    signal = np.abs(survey.values(rows, "psfFlux") / survey.values(rows, "psfFluxErr"))

    assert rows.num_rows > 5_000
    assert signal.min() > 4.999
    assert survey.values(rows, "snr") == pytest.approx(signal, rel=1e-5)


def test_dia_objects_count_and_average_their_detections(survey) -> None:
    objects, rows = survey.table("DiaObject"), survey.table("DiaSource")
    most = objects.slice(int(np.argmax(survey.values(objects, "nDiaSources"))), 1).to_pylist()[0]
    mine = [row for row in rows.to_pylist() if row["diaObjectId"] == most["diaObjectId"]]
    in_r = [row for row in mine if row["band"] == "r"]

    assert len(mine) == most["nDiaSources"]
    assert sum(most[f"{band}_psfFluxNdata"] for band in BANDS) == len(mine)
    weights = np.array([row["psfFluxErr"] ** -2.0 for row in in_r])
    mean = np.average([row["psfFlux"] for row in in_r], weights=weights)
    assert most["r_psfFluxMean"] == pytest.approx(mean, rel=1e-5)
    assert most["ra"] == pytest.approx(np.mean([row["ra"] for row in mine]), abs=0.1 / 3600)


def test_a_supernova_appears_at_its_place_and_in_its_galaxy(survey) -> None:
    events = truth().supernovae
    hosts = truth().population("galaxies")
    distance = np.hypot(
        (events.ra - hosts.ra[events.host]) * np.cos(np.radians(events.dec)),
        events.dec - hosts.dec[events.host],
    )

    assert distance * 3600 == pytest.approx(events.offset, rel=1e-6)
    assert np.all(events.flux(2, 60_400.0) == 0)
    assert np.allclose(
        [events.flux(2, t)[k] for k, t in enumerate(events.explosion)],
        10 ** (-0.4 * (events.peak[:, 2] - 31.4)),
    )
    kinds = (survey.values(survey.table("DiaObject"), "diaObjectId") >> 32) & 31
    assert np.sum(kinds == events.code) > 60


def test_moving_objects_move(survey) -> None:
    rows = survey.table("DiaSource")
    body = survey.values(rows, "ssObjectId")
    mjd, ra, dec = (survey.values(rows, name) for name in ("midpointMjdTai", "ra", "dec"))
    rates = []
    for one in np.unique(body[body > 0]):
        here = body == one
        assert rows.filter(here)["diaObjectId"].null_count == here.sum()
        order = np.argsort(mjd[here])
        t, x, y = mjd[here][order], ra[here][order], dec[here][order]
        same_night = np.diff(t) < 0.1
        rates.extend((np.hypot(np.diff(x), np.diff(y)) / np.diff(t))[same_night])

    assert len(rates) > 20
    # From bodies beyond Neptune (1 arcminute a day) to asteroids (a third of a degree a day).
    assert 0.005 < min(rates) < 0.06
    assert 0.15 < max(rates) < 0.5


def test_asteroids_retreat_along_the_ecliptic() -> None:
    bodies = truth().movers
    (ra, dec), (later_ra, later_dec) = bodies.position(60_600.0), bodies.position(60_601.0)

    assert np.all(later_ra < ra)
    # The ecliptic climbs by about 21 degrees here.
    slant = np.degrees(np.arctan2(dec - later_dec, ra - later_ra))
    assert np.median(slant) == pytest.approx(21, abs=5)


def test_moving_objects_are_seen_where_they_are(survey) -> None:
    rows = survey.table("DiaSource").filter(survey.values(survey.table("DiaSource"), "ssObjectId") > 0)
    number = survey.values(rows, "ssObjectId") & 0xFFFF
    mjd, ra, dec = (survey.values(rows, name) for name in ("midpointMjdTai", "ra", "dec"))
    there = [np.asarray(truth().movers.position(t))[:, k] for t, k in zip(mjd, number, strict=True)]

    assert np.abs(np.array(there) - np.stack([ra, dec], axis=-1)).max() < 1 / 3600


def test_visits_come_in_pairs_half_an_hour_apart() -> None:
    times = np.array([visit.mjd for visit in visits()]).reshape(-1, 2)

    assert (times[:, 1] - times[:, 0]) * 1440 == pytest.approx(33.0, abs=1.0)
    assert np.all(np.diff(times.ravel()) > 0)
    assert {visit.band for visit in visits()} == set(BANDS)
    assert all(1.1 < visit.airmass < 1.5 for visit in visits())


def test_the_field_culminates_in_the_north_and_high() -> None:
    from astropy.coordinates import AltAz, EarthLocation, SkyCoord
    from astropy.time import Time
    from astropy.utils import iers

    site = EarthLocation.from_geodetic(-70.7494, -30.2446, 2663)
    with iers.conf.set_temp("auto_download", False):
        for visit in visits()[:4]:
            frame = AltAz(obstime=Time(visit.mjd, format="mjd", scale="tai"), location=site)
            there = SkyCoord(visit.ra, visit.dec, unit="deg").transform_to(frame)
            assert there.alt.deg == pytest.approx(visit.altitude, abs=0.5)
            assert np.cos(there.az.rad) == pytest.approx(np.cos(np.radians(visit.azimuth)), abs=0.02)


def test_dust_is_thin_everywhere() -> None:
    side = np.linspace(-1, 1, 41)
    ebv = reddening(*(part.ravel() for part in np.meshgrid(CENTRE[0] + side, CENTRE[1] + side)))

    assert 0.01 < ebv.min() < ebv.max() < 0.05
