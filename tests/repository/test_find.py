"""Datasets are found by place, time and band."""

from __future__ import annotations

import pytest
from astropy.time import Time

from sciplat.errors import NotFoundError
from sciplat.repository.find import find
from sciplat.sky import Circle, Polygon, Position, box


def names(filled, kind="visit_image", **asked):
    found = find(filled.butler, kind, collections="dr1", **asked)
    return [(ref.dataId["visit"], ref.dataId["detector"]) for ref in found]


ALL = [(1, 0), (2, 0), (1, 1), (2, 1)]


def at(mjd):
    return Time(mjd, format="mjd", scale="tai")


def test_all_are_found_without_a_question(filled):
    assert sorted(names(filled)) == sorted(ALL)
    assert len(names(filled, limit=3)) == 3


@pytest.mark.parametrize(
    ("region", "found"),
    [
        (Circle(Position(0.0, 0.0), 0.01), [(1, 0)]),
        (Circle(Position(359.97, 0.0), 0.01), [(1, 0)]),
        (Circle(Position(1.0, 0.1), 0.2), [(2, 0), (2, 1)]),
        (box(Position(0.5, 0.1), 2, 1), ALL),
        (Circle(Position(180, 0), 1), []),
        # The notch of a concave polygon holds detector 0 of visit 1.
        (
            Polygon(tuple(Position(*c) for c in ((-1, -1), (0, 0.15), (1.5, -1), (1.5, 1), (-1, 1)))),
            [(1, 1), (2, 0), (2, 1)],
        ),
    ],
)
def test_by_place(filled, region, found):
    assert sorted(names(filled, region=region)) == sorted(found)


def test_by_time(filled):
    assert sorted(names(filled, begin=at(61000.0), end=at(61000.001))) == [(1, 0), (1, 1)]
    assert sorted(names(filled, begin=at(61000.04))) == [(2, 0), (2, 1)]
    assert names(filled, end=at(60999.9)) == []


def test_by_band_and_instrument(filled):
    assert sorted(names(filled, bands=["r"])) == [(2, 0), (2, 1)]
    assert sorted(names(filled, bands=["g", "r"], instrument="SimCam")) == sorted(ALL)
    assert names(filled, bands=["y", "it's"]) == []
    assert names(filled, instrument="Other") == []


def test_coadds_by_place_and_never_by_time(filled):
    def coadds(**asked):
        return len(find(filled.butler, "deep_coadd", collections="dr1", **asked))

    assert coadds(region=Circle(Position(0.1, -0.1), 0.01)) == 1
    assert coadds(region=Circle(Position(0.1, 0.1), 0.01)) == 0
    assert coadds(begin=at(61000.0)) == 0


def test_what_is_no_dataset_type_is_said(filled):
    with pytest.raises(NotFoundError, match="'picture'"):
        find(filled.butler, "picture", collections="dr1")
