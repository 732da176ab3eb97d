"""Which image is cut where."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.engine.result import Result
from sciplat.engine.spool import Spool
from sciplat.errors import LimitError, UsageError
from sciplat.services.bulk.plan import Targets, covering, plan_work, slug
from sciplat.services.bulk.request import BulkRequest
from sciplat.sky.position import Position
from sciplat.sky.tessellation import Field
from sciplat.tables.arrow import with_columns
from sciplat.vo.schema import Column, Datatype

RELEASE = [("QUERY", "SELECT 1"), ("RELEASE", "dr1"), ("DATASET_TYPE", "deep_coadd")]


def result(values: dict[str, list], ucds: dict[str, str] | None = None) -> Result:
    """A query's result."""
    rows = pa.table(values)
    columns = [
        Column(name, Datatype.DOUBLE, ucd=(ucds or {}).get(name))
        if pa.types.is_floating(rows.schema.field(name).type)
        else Column(name, Datatype.UNICODE_CHAR, "*", ucd=(ucds or {}).get(name))
        for name in values
    ]
    schema = with_columns(rows.schema, columns)
    spool = Spool.__new__(Spool)
    Spool.__init__(spool, None, schema, on_begin=lambda: None, on_batch=lambda *_: None)  # type: ignore[arg-type]
    for batch in rows.cast(schema).to_batches():
        spool.add(batch)
    return Result.from_buffer(spool.finish(overflow=False, durable=False)[1])


def square(ra: float, dec: float, half: float) -> list[float]:
    width = half / np.cos(np.radians(dec))
    return [ra - width, dec - half, ra + width, dec - half, ra + width, dec + half, ra - width, dec + half]


def observations(*outlines: list[float] | None, patches: list[tuple[int, int]] | None = None) -> pa.Table:
    """Images with outlines, on patches of a skymap or on none."""
    count = len(outlines)
    on = patches or [(None, None)] * count
    return pa.table(
        {
            "obs_publisher_did": [f"ivo://x/dr1?{number}" for number in range(count)],
            "_s_region": pa.array(outlines, pa.list_(pa.float64())),
            "obs_id": [f"sky-map-{tract}-{patch}" for tract, patch in on],
            "dataproduct_subtype": ["deep_coadd"] * count,
            "lsst_band": ["g"] * count,
            "lsst_tract": pa.array([tract for tract, _ in on], pa.int64()),
            "lsst_patch": pa.array([patch for _, patch in on], pa.int64()),
        }
    )


SKYMAP = Field("sky-map", 1 / 3600, 200, 40, centre=Position(10, 20), width=0.2, height=0.2)


@given(st.lists(st.tuples(st.floats(9.9, 10.1), st.floats(19.91, 20.09)), min_size=1, max_size=30))
@settings(max_examples=examples(30), deadline=None)
def test_a_position_is_cut_from_the_one_patch_whose_inner_region_has_it(
    places: list[tuple[float, float]],
) -> None:
    tract = SKYMAP.tract(0)
    patches = list(tract.patches())
    outlines = [[a for corner in patch.region.corners for a in (corner.ra, corner.dec)] for patch in patches]
    images = observations(*outlines, patches=[(0, patch.id) for patch in patches])
    ra, dec = (np.array(axis) for axis in zip(*places, strict=True))
    targets = Targets(ra, dec, [""] * len(ra), None)

    def planned(skymap: Field | None, *more: tuple[str, str]) -> list[dict[str, object]]:
        plan = plan_work(
            targets, BulkRequest.of([*RELEASE, *more]), images, most=1000, skymaps=lambda _: skymap
        )
        return [row for batch in plan for row in batch.to_pylist()]

    rows = planned(SKYMAP)
    assert sorted(row["row"] for row in rows) == list(range(1, len(ra) + 1))
    for row in rows:
        owner = tract.patch_at(Position(row["ra"], row["dec"]))
        assert owner is not None
        assert (row["dataset"], row["patch"]) == (f"ivo://x/dr1?{owner.id}", "inner")
    every = planned(SKYMAP, ("PATCHES", "all"))
    assert [row for row in every if row["patch"] == "inner"] == rows
    assert {(row["row"], row["dataset"]) for row in every} == {
        (number, f"ivo://x/dr1?{patch.id}")
        for number, (a, d) in enumerate(places, start=1)
        for patch in patches
        if patch.region.contains(Position(a, d))
    }
    # Where nobody knows how the skymap was made, one is taken still.
    assert sorted(row["row"] for row in planned(None)) == list(range(1, len(ra) + 1))


def test_positions_are_known_by_their_meaning_or_their_names() -> None:
    request = BulkRequest.of(RELEASE)
    values = {"ra": [1.0], "dec": [2.0], "s_ra": [3.0], "s_dec": [4.0], "id": ["x"], "label": ["y"]}
    plain = Targets.of(result(values), request)
    assert (plain.ra[0], plain.dec[0], plain.names) == (1.0, 2.0, ["x"])
    ucds = {"s_ra": "pos.eq.ra;meta.main", "s_dec": "pos.eq.dec;meta.main", "label": "meta.id"}
    meant = Targets.of(result(values, ucds), request)
    assert (meant.ra[0], meant.dec[0], meant.names) == (3.0, 4.0, ["y"])
    told = BulkRequest.of([*RELEASE, ("RA", "DEC"), ("DEC", "S_DEC"), ("NAME", "label")])
    named = Targets.of(result(values), told)
    assert (named.ra[0], named.dec[0], named.names) == (2.0, 4.0, ["y"])


def test_what_a_table_lacks_is_said_with_what_it_has() -> None:
    with pytest.raises(UsageError, match="The table has a, b"):
        Targets.of(result({"a": [1.0], "b": [2.0]}), BulkRequest.of(RELEASE))
    with pytest.raises(UsageError, match=r"NAME='star'.*ra, dec"):
        Targets.of(result({"ra": [1.0], "dec": [2.0]}), BulkRequest.of([*RELEASE, ("NAME", "star")]))
    with pytest.raises(UsageError, match="no numbers"):
        Targets.of(result({"ra": ["a"], "dec": [2.0]}), BulkRequest.of(RELEASE))
    with pytest.raises(UsageError, match="which images are cut"):
        Targets.of(result({"ra": [1.0], "dec": [2.0]}), BulkRequest.of(RELEASE[:1]))


def test_rows_of_one_image_stand_together_and_every_row_is_there() -> None:
    ra, dec = np.array([10.0, 20.0, 10.001, np.nan, -170.0]), np.array([0.0, 0.0, 0.0, 0.0, 95.0])
    targets = Targets(ra, dec, ["a", "", "b", "", ""], None)
    images = observations(square(10, 0, 0.1), None, square(10, 0, 0.2), square(300, 0, 1))

    (batch,) = plan_work(targets, BulkRequest.of(RELEASE), images, most=100)

    found = [(row["row"], row["dataset"], row["status"]) for row in batch.to_pylist()]
    assert found == [
        (2, None, "no_image"),
        (4, None, "bad_position"),
        (5, None, "bad_position"),
        (1, "ivo://x/dr1?0", None),
        (3, "ivo://x/dr1?0", None),
        (1, "ivo://x/dr1?2", None),
        (3, "ivo://x/dr1?2", None),
    ]


def test_too_many_cutouts_are_refused_before_any_is_made() -> None:
    ra = np.full(50, 10.0)
    targets = Targets(ra, ra * 0, [""] * 50, None)
    with pytest.raises(LimitError, match=r"batch\.pieces"):
        list(plan_work(targets, BulkRequest.of(RELEASE), observations(*[square(10, 0, 1)] * 3), most=100))
    ids = BulkRequest.of([("QUERY", "SELECT 1"), *(("ID", f"ivo://x/y?{each}") for each in range(3))])
    with pytest.raises(LimitError, match="150 cutouts"):
        list(plan_work(targets, ids, None, most=100))


@given(st.lists(st.tuples(st.floats(0, 360), st.floats(-89, 89)), max_size=20), st.floats(0.01, 5.0))
@settings(max_examples=examples(100), deadline=None)
def test_images_cover_what_their_outlines_hold(centres: list[tuple[float, float]], half: float) -> None:
    ra = np.array([centre[0] for centre in centres])
    dec = np.array([centre[1] for centre in centres])
    images = observations(*(square(a, b, half) for a, b in centres if abs(b) + half < 85))
    middles = [(a, b) for a, b in centres if abs(b) + half < 85]

    pairs = set(zip(*(each.tolist() for each in covering(ra, dec, images, most=10_000)), strict=True))

    for number, (a, b) in enumerate(middles):
        for row, (x, y) in enumerate(centres):
            east = abs((x - a + 180) % 360 - 180) * np.cos(np.radians(b))
            if east < 0.9 * half and abs(y - b) < 0.9 * half and abs(b) < 45 and half < 2:
                assert (row, number) in pairs
            if abs(y - b) > 1.5 * half or (abs(b) < 45 and abs(y) < 45 and east > 2 * half):
                assert (row, number) not in pairs


@given(st.text(max_size=300))
def test_no_name_leads_anywhere(text: str) -> None:
    made = slug(text)
    assert len(made) <= 60
    assert made.isascii()
    assert not made.startswith((".", "-"))
    assert not set(made) & set("/\\\0\n \"'<>:|?*")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ([("SIZE", "3")], "Say where the positions are"),
        ([("QUERY", "SELECT 1"), ("JOB", "x")], "one of them"),
        ([*RELEASE, ("RA", "a")], "both, or neither"),
        ([*RELEASE, ("ID", "ivo://x/y?z")], "both say which images"),
        ([("QUERY", "SELECT 1"), ("DATASET_TYPE", "raw")], "go together"),
        ([("QUERY", "SELECT 1"), ("BAND", "r")], "send that too"),
        ([*RELEASE, ("SIZE", "1"), ("PIXELS", "1")], "send one of them"),
        ([*RELEASE, ("SIZE", "nan")], "7200 arcseconds"),
        ([*RELEASE, ("SIZE", "-1")], "7200 arcseconds"),
        ([*RELEASE, ("PIXELS", "²")], "20000 pixels"),
        ([*RELEASE, ("PLANES", "some")], "image, planes, all"),
        ([*RELEASE, ("RESPONSEFORMAT", "zip")], "application/x-tar"),
        ([*RELEASE, ("RELEASE", "dr2")], "2 different values"),
    ],
)
def test_wrong_parameters_are_named(parameters: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        BulkRequest.of(parameters)
