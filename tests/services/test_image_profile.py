"""Profiles are read as they are written, and what is wrong in one is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from astropy.time import Time

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.errors import IngestError
from sciplat.images.layout import Layout, MaskPlane, Plane, VariancePlane
from sciplat.services.image_profile import Entry, Profile, Rules, read_profile, write_profile


def test_a_profile_is_read_as_it_was_written(tmp_path):
    image, weights = tmp_path / "a: b #1.fits", tmp_path / "weights.fits"
    full = Entry(
        Layout(
            Plane(image, 1),
            MaskPlane(image, 2, "codes", {"SAT": 3}),
            VariancePlane(weights, 1, "weight"),
            Plane(image, 0),
        ),
        {
            "dataset_type": "visit_image",
            "instrument": "2MASS",
            "detector": 3,
            "physical_filter": "1",
            "band": "y",
            "exposure": 12,
            "name": "on",
            "begin": Time("2018-08-09T12:00:00.125", scale="tai"),
            "seconds": 30.5,
            "target": 'M31 "core" # 2',
        },
        {"band": "FILTER\nnot a new line: true"},
    )
    plain = Entry(Layout(Plane(weights, 0)), {"band": "g"}, said=frozenset({"mask"}))
    rules = Rules({"instrument": "X"}, {"filter": "GLASS"}, {"clear": "L"}, ("*_thumb.fits",))
    write_profile(tmp_path / "p.yaml", "dr1", Profile(rules).with_entries([full, plain]))

    found = read_profile(tmp_path / "p.yaml")
    assert found.rules == rules
    assert found.entries[image, 1].layout == full.layout
    assert found.entries[image, 1].facts == full.facts
    assert found.entries[weights, 0].said == {"mask"}


def test_times_may_be_written_in_several_ways_and_files_lie_beside_the_profile(tmp_path):
    text = "images:\n" + "".join(
        f"- {{file: a.fits, hdu: {n}, begin: {value}}}\n"
        for n, value in enumerate(
            ["58339.5", "2018-08-09T12:00:00", "'2018-08-09 12:00:00'", "2018-08-09 12:00:00"]
        )
    )
    (tmp_path / "p.yaml").write_text(text)

    found = read_profile(tmp_path / "p.yaml")
    assert {key[0] for key in found.entries} == {tmp_path / "a.fits"}
    assert {entry.facts["begin"].isot for entry in found.entries.values()} == {"2018-08-09T12:00:00.000"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("images: [", "no YAML"),
        ("- 1", "this is no mapping"),
        ("format: 2", "format 2 is not known"),
        ("imges: []", "unknown key 'imges'"),
        ("images: {}\nall: 3", "'all' must be a mapping"),
        ("images: 3", "'images' must be a list"),
        ("images: [{hdu: 1}]", "image 1 must be a mapping with a 'file'"),
        ("images: [{file: a.fits, colour: g}]", r"image 1 \(a.fits\) has an unknown key 'colour'"),
        ("images: [{file: a.fits, exposure: abc}]", "'exposure' of image 1"),
        ("images: [{file: a.fits, exposure: -1}]", "'exposure' of image 1"),
        ("images: [{file: a.fits, detector: true}]", "'detector' of image 1"),
        ("images: [{file: a.fits, band: ''}]", "1 to 32 characters"),
        ("images: [{file: a.fits, begin: soon}]", "must be a time"),
        ("images: [{file: a.fits, seconds: .nan}]", "'seconds' of image 1"),
        ("images: [{file: a.fits, hdu: -1}]", "'hdu' of image 1"),
        ("images: [{file: a.fits, mask: 1}]", "'mask' of image 1 .* must be null or a mapping"),
        ("images: [{file: a.fits, mask: {holds: words}}]", "must be bits or codes"),
        ("images: [{file: a.fits, mask: {planes: {SAT: 99}}}]", "must map names to numbers"),
        ("images: [{file: a.fits, variance: {holds: bits}}]", "must be variance or sigma or weight"),
        ("all: {keywords: {colour: FILTER}}", "'keywords' has an unknown key 'colour'"),
        ("all: {bands: {clear: 1}}", "must map texts to texts"),
        ("all: {skip: '*'}", "must be a list"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text, said):
    (tmp_path / "p.yaml").write_text(text)

    with pytest.raises(IngestError, match=said) as caught:
        read_profile(tmp_path / "p.yaml")
    assert str(tmp_path / "p.yaml") in str(caught.value)
