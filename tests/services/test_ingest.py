from __future__ import annotations

import itertools
import threading
from collections import namedtuple
from pathlib import Path

import duckdb
import felis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sciplat.catalogs.store import CatalogStore
from sciplat.errors import ConflictError, IngestError
from sciplat.services import ingest as module
from sciplat.services.ingest import IngestLimits, IngestService
from sciplat.tables.arrow import columns_of
from sciplat.tables.positions import healpix_29
from sciplat.tables.source import RowSource
from sciplat.vo.schema import Column, Datatype, Table


def ask(path: Path, sql: str) -> list[tuple]:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS g (READ_ONLY)")
        connection.execute("USE g")
        return connection.sql(sql).fetchall()


def rows_in(store, name: str, sql: str = "SELECT * EXCLUDE (_healpix_29) FROM data") -> list[tuple]:
    return ask(store.snapshot().file(*name.split(".")), sql)


def source(table: pa.Table, label: str = "made") -> RowSource:
    batches = lambda: iter(table.to_batches(max_chunksize=1000))  # noqa: E731 - a name adds nothing
    return RowSource(label, columns_of(table.schema), table.schema, batches, table.num_rows)


@pytest.fixture
def stars(tmp_path):
    def write(name: str = "stars.parquet", **columns: list) -> Path:
        given = {"id": [1, 2, 3], "ra": [200.0, 10.0, 100.0], "dec": [0.0, 45.0, -45.0], **columns}
        path = tmp_path / name
        pq.write_table(pa.table(given), path)
        return path

    return write


def test_a_file_becomes_a_table(service, store, stars):
    report = service.ingest("dr1", "stars", [stars()], description="Some stars")

    schema = store.snapshot().schema("dr1")
    (table,) = schema.tables
    assert (schema.public, table.rows, table.description) == (False, 3, "Some stars")
    assert table.position == ("ra", "dec")
    assert table.primary_key == ("id",)
    assert table.column("id").ucd == "meta.id;meta.main"
    assert table.column("_healpix_29").hidden
    assert (report.rows, report.null_positions, report.warnings) == (3, 0, ())
    assert sorted(rows_in(store, "dr1.stars")) == [(1, 200.0, 0.0), (2, 10.0, 45.0), (3, 100.0, -45.0)]


def test_rows_are_sorted_by_their_cells(service, store):
    rng = np.random.default_rng(5)
    ra, dec = rng.uniform(0, 360, 5000), rng.uniform(-90, 90, 5000)
    service.ingest("dr1", "stars", source(pa.table({"ra": ra, "dec": dec})))

    found = rows_in(store, "dr1.stars", "SELECT _healpix_29 FROM data")

    assert [cell for (cell,) in found] == sorted(healpix_29(pa.array(ra), pa.array(dec)).to_pylist())


def test_several_files_become_one_table(service, store, stars):
    service.ingest("dr1", "stars", [stars("a.parquet"), stars("b.parquet", id=[4, 5, 6])])

    assert rows_in(store, "dr1.stars", "SELECT id FROM data ORDER BY id") == [(n,) for n in range(1, 7)]


def test_rows_without_position_are_kept_and_counted(service, store, stars):
    path = stars(ra=[1.0, None, float("nan")])

    report = service.ingest("dr1", "stars", [path])

    home = store.folder / "dr1" / "stars"
    assert (report.rows, report.null_positions) == (3, 2)
    assert rows_in(store, "dr1.stars", "SELECT id, _healpix_29 IS NULL FROM data")[0] == (1, False)
    assert pq.read_table(home / f"unplaced-g{report.generation:04d}.parquet").num_rows == 2
    hats = home / f"hats-g{report.generation:04d}"
    assert sum(pq.read_metadata(p).num_rows for p in hats.rglob("Npix=*.parquet")) == 1
    assert "hats_nrows=1\n" in (hats / "hats.properties").read_text()


def test_a_table_whose_rows_all_lack_a_position_is_kept(service, store):
    nothing = pa.table({"ra": pa.array([None], pa.float64()), "dec": pa.array([1.0])})

    assert service.ingest("dr1", "lost", source(nothing)).null_positions == 1
    assert rows_in(store, "dr1.lost") == [(None, 1.0)]


def test_a_table_without_positions_is_sorted_by_its_key(service, store):
    report = service.ingest("dr1", "Visit", source(pa.table({"visitId": [3, 1, 2], "mjd": [3.0, 1.0, 2.0]})))

    assert rows_in(store, "dr1.Visit", "SELECT visitId FROM data") == [(1,), (2,), (3,)]
    assert (report.table.position, report.table.primary_key) == (None, ("visitId",))
    parts = list((store.folder / "dr1" / "Visit" / f"parquet-g{report.generation:04d}").iterdir())
    assert [path.name for path in parts] == ["part-0000.parquet"]


@pytest.mark.slow
def test_ids_that_do_not_follow_the_sky_get_a_lookup(service, store):
    rows = 500_000
    rng = np.random.default_rng(4)
    ra, dec = rng.uniform(0, 360, rows), np.degrees(np.arcsin(rng.uniform(-1, 1, rows)))
    by_sky = np.argsort(np.argsort(healpix_29(pa.array(ra), pa.array(dec)).to_numpy()))
    for name, ids in (("drawn", rng.permutation(rows)), ("along", by_sky)):
        service.ingest("dr1", name, source(pa.table({"id": ids, "ra": ra, "dec": dec})))

    along, drawn = sorted(store.snapshot().schema("dr1").tables, key=lambda table: table.name)
    assert (along.lookup, drawn.lookup) == (None, "id")
    assert rows_in(store, "dr1.along", "SELECT count(*) FROM duckdb_tables()") == [(1,)]
    assert rows_in(
        store,
        "dr1.drawn",
        "SELECT count(*), count(*) FILTER (id = value) FROM lookup JOIN data ON data.rowid = place",
    ) == [(rows, rows)]
    ordered = "SELECT count(*) FROM (SELECT value, rowid FROM lookup) WHERE value = rowid"
    assert rows_in(store, "dr1.drawn", ordered) == [(rows,)]


@pytest.mark.slow
def test_light_curves_are_clustered_by_object_and_time(service, store):
    n = 1000
    made = pa.table(
        {
            "objectId": [i % 10 for i in range(n)],
            "mjd": [float(n - i) for i in range(n)],
            "ra": [float(i % 10) for i in range(n)],
            "dec": [0.0] * n,
        }
    )
    service.ingest("dr1", "ForcedSource", source(made), cluster_by=("objectId", "mjd"))
    service.ingest("dr1", "Source", source(made))

    for name in ("dr1.ForcedSource", "dr1.Source"):
        found = rows_in(store, name, "SELECT objectId, mjd FROM data")
        assert len({a for (a, _), (b, _) in itertools.pairwise(found) if a != b}) == 9
        assert all(t < u for (a, t), (b, u) in itertools.pairwise(found) if a == b)


@pytest.mark.slow
def test_partitions_are_small_where_the_sky_is_crowded(store, tmp_path):
    service = IngestService(store, tmp_path / "work", IngestLimits(partition_rows=500))
    rng = np.random.default_rng(5)
    ra, dec = np.append(rng.uniform(10, 11, 3000), 200.0), np.append(rng.uniform(0, 1, 3000), -60.0)

    report = service.ingest("dr1", "stars", source(pa.table({"ra": ra, "dec": dec})))

    hats = store.folder / "dr1" / "stars" / f"hats-g{report.generation:04d}"
    sizes = [pq.read_metadata(path).num_rows for path in hats.rglob("Npix=*.parquet")]
    assert sum(sizes) == 3001
    assert max(sizes) <= 500
    assert len(sizes) == report.partitions == len((hats / "partition_info.csv").read_text().splitlines()) - 1
    assert pq.read_metadata(hats / "dataset" / "_metadata").num_rows == 3001


def test_partitions_carry_descriptions_and_the_index_first(service, store, stars):
    report = service.ingest("dr1", "stars", [stars()])

    hats = store.folder / "dr1" / "stars" / f"hats-g{report.generation:04d}"
    for path in (next(hats.rglob("Npix=*.parquet")), hats / "dataset" / "_common_metadata"):
        columns = columns_of(pq.read_schema(path))
        assert [c.name for c in columns] == ["_healpix_29", "id", "ra", "dec"]
        assert columns[2].unit == "deg"


@pytest.mark.slow
def test_clustered_tables_have_partitions_sorted_by_position(service, store):
    rng = np.random.default_rng(5)
    made = pa.table(
        {"objectId": rng.permutation(2000), "ra": rng.uniform(0, 9, 2000), "dec": rng.uniform(0, 9, 2000)}
    )

    report = service.ingest("dr1", "stars", source(made), cluster_by=("objectId",))

    hats = store.folder / "dr1" / "stars" / f"hats-g{report.generation:04d}"
    cells = pq.read_table(next(hats.rglob("Npix=*.parquet")))["_healpix_29"].to_pylist()
    assert cells == sorted(cells)


@pytest.mark.slow
def test_what_was_written_can_be_ingested_again(service, store, stars):
    first = service.ingest("dr1", "stars", [stars(ra=[1.0, 2.0, 3.0])])
    hats = store.folder / "dr1" / "stars" / f"hats-g{first.generation:04d}"

    again = service.ingest("dr2", "stars", [hats])

    assert again.table.columns == first.table.columns
    assert rows_in(store, "dr2.stars") == rows_in(store, "dr1.stars")


@pytest.mark.slow
def test_positions_in_radians_get_degrees(service, store):
    schema = pa.schema([("coord_ra", pa.float64()), ("coord_dec", pa.float64())])
    columns = (
        Column("coord_ra", Datatype.DOUBLE, unit="rad"),
        Column("coord_dec", Datatype.DOUBLE, unit="rad"),
    )
    rows = pa.table({"coord_ra": [np.pi / 2], "coord_dec": [0.5]}, schema=schema)

    report = service.ingest("ref", "cat", RowSource("made", columns, schema, lambda: iter(rows.to_batches())))

    ((ra_radians, _, ra, dec),) = rows_in(store, "ref.cat")
    assert (ra_radians, ra) == (np.pi / 2, 90.0)
    assert dec == pytest.approx(np.degrees(0.5))
    assert report.table.position == ("ra", "dec")

    again = service.ingest(
        "ref", "cat", RowSource("made", columns, schema, lambda: iter(rows.to_batches())), schema=report.felis
    )
    assert again.table.columns == report.table.columns
    assert again.warnings == ()


@pytest.mark.slow
def test_the_guess_is_written_as_felis_and_can_be_edited(service, store, stars):
    report = service.ingest("dr1", "stars", [stars(x=[1, 2, 3])])
    felis.Schema.from_uri(str(report.felis), context={"id_generation": True})
    mine = report.felis.with_name("mine.yaml")
    mine.write_text(
        report.felis.read_text().replace(
            "- name: x\n", "- name: X\n    description: Mine\n    ivoa:unit: nJy\n"
        )
    )

    again = service.ingest("dr1", "stars", [stars(x=[1, 2, 3])], schema=mine)

    assert again.table.column("X").description == "Mine"
    assert again.table.column("X").unit == "nJy"
    assert again.table.primary_key == ("id",)


def test_a_ready_description_counts_like_a_schema_file(service, store):
    told = Table(
        "any",
        "any",
        (Column("n", Datatype.SHORT, description="told"),),
        description="Numbers",
        primary_key=("n",),
    )

    report = service.ingest("dr1", "numbers", source(pa.table({"n": [2, 1]})), schema=told)

    assert report.table.description == "Numbers"
    assert report.table.column("n").datatype is Datatype.SHORT
    assert rows_in(store, "dr1.numbers", "SELECT n, typeof(n) FROM data") == [
        (1, "SMALLINT"),
        (2, "SMALLINT"),
    ]


def test_a_value_beyond_the_type_of_the_schema_is_named(service):
    told = Table("any", "any", (Column("n", Datatype.SHORT),))

    with pytest.raises(IngestError, match=r"^made: column 'n', row 1002: 70000 does not fit short$"):
        service.ingest("dr1", "t", source(pa.table({"n": [*range(1001), 70_000]})), schema=told)


def test_a_key_of_the_schema_that_is_none_is_told(service):
    told = Table("any", "any", (Column("n", Datatype.LONG),), primary_key=("n",))

    report = service.ingest("dr1", "t", source(pa.table({"n": [1, 1]})), schema=told)

    assert report.table.primary_key == ()
    assert report.warnings == ("n: no primary key, since rows agree in it or have none",)


@pytest.mark.slow
def test_a_release_is_public_only_when_that_is_said(service, store, stars):
    states = []
    for public in (None, True, None, False):
        service.ingest("dr1", "stars", [stars()], public=public)
        states.append(store.snapshot().schema("dr1").public)

    assert states == [False, True, True, False]


@pytest.mark.parametrize(
    ("release", "table", "message"),
    [
        ("1dr", "t", "'1dr' cannot be the name of a release"),
        ("dr1", "a-b", "'a-b' cannot be the name of a table"),
        ("../up", "t", "cannot be the name of a release"),
        ("tap_schema", "t", "a schema of the standards"),
        ("TAP_UPLOAD", "t", "a schema of the standards"),
        ("ivoa", "t", "a schema of the standards"),
    ],
)
def test_impossible_names_are_refused(service, stars, release, table, message):
    with pytest.raises(IngestError, match=message):
        service.ingest(release, table, [stars()])


@pytest.mark.slow
def test_names_in_other_case_are_refused(service, stars):
    service.ingest("dr1", "stars", [stars()])

    with pytest.raises(ConflictError, match=r"dr1\.stars"):
        service.ingest("dr1", "STARS", [stars()])


def test_reserved_words_stay_names_of_columns(service, store):
    service.ingest("dr1", "t", source(pa.table({"size": [1], "order": [2], "2mass id": [3]})))

    assert store.snapshot().schema("dr1").tables[0].columns[2].name == "2mass id"
    assert rows_in(store, "dr1.t", 'SELECT "size", "order", "2mass id" FROM data') == [(1, 2, 3)]


def bad_inputs(write) -> dict[str, tuple[list[Path], str]]:
    whole = write("whole.parquet")
    cut = whole.with_name("cut.parquet")
    cut.write_bytes(whole.read_bytes()[:-50])
    short = whole.with_name("short.csv")
    short.write_text("ra,dec\n1,2\n3\n")
    return {
        "cut": ([cut], r"cut\.parquet: not a complete Parquet file"),
        "column missing": (
            [whole, write("b.parquet", x=[1, 2, 3])],
            r"whole\.parquet: column 'x' is missing",
        ),
        "RA 400": (
            [write("far.parquet", ra=[1.0, 2.0, 400.0])],
            r"far\.parquet: column 'ra', row 3: 400 is outside",
        ),
        "same name": (
            [write("two.parquet", RA=[1, 2, 3])],
            r"two\.parquet: column 'RA' differs from 'ra' in case",
        ),
        "no rows": ([write("none.parquet", id=[], ra=[], dec=[])], r"none\.parquet: there are no rows"),
        "odd line": ([short], r"short\.csv: line 3 has 1 fields, not 2"),
    }


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> tuple[CatalogStore, IngestService]:
    """A store with a table, which bad input for it does not change, and its service."""
    home = tmp_path_factory.mktemp("good") / "home"
    store = CatalogStore(home / "catalogs")
    service = IngestService(store, home / "work")
    service.ingest(
        "dr1", "stars", source(pa.table({"id": [1, 2, 3], "ra": [1.0, 2.0, 3.0], "dec": [1.0] * 3}))
    )
    return store, service


@pytest.mark.parametrize("case", ["cut", "column missing", "RA 400", "same name", "no rows", "odd line"])
def test_bad_input_ends_with_one_line_and_changes_nothing(good, stars, case):
    store, service = good
    before = store.snapshot()
    files = sorted(path for path in store.folder.rglob("*") if not path.match("generation*"))
    paths, message = bad_inputs(stars)[case]

    with pytest.raises(IngestError, match=message) as caught:
        service.ingest("dr1", "stars", paths)

    assert "\n" not in str(caught.value)
    assert store.snapshot() is before
    assert sorted(path for path in store.folder.rglob("*") if not path.match("generation*")) == files


def test_a_disk_that_is_too_small_is_said_to_be(service, stars, monkeypatch, store):
    Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - the shape of what is replaced
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: Usage(10, 10, 0))

    with pytest.raises(IngestError, match=r"The disk of .* has 1 MB free; this table needs about 1 MB"):
        service.ingest("dr1", "stars", [stars()])
    assert store.snapshot().schemas == ()


@pytest.mark.slow
def test_progress_is_told_from_beginning_to_end(service):
    told = []
    rng = np.random.default_rng(5)
    made = pa.table({"ra": rng.uniform(0, 360, 5000), "dec": rng.uniform(-90, 90, 5000)})

    service.ingest("dr1", "stars", source(made), progress=lambda stage, part: told.append((stage, part)))

    assert list(dict.fromkeys(stage for stage, _ in told)) == [
        "reading",
        "sorting",
        "checking keys",
        "writing Parquet",
        "publishing",
    ]
    parts = [part for stage, part in told if stage == "sorting"]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


@pytest.mark.slow
def test_readers_never_see_half_of_a_replaced_table(service, store):
    """Each version holds one number only, so that a mixture would show."""

    def version(number: int) -> RowSource:
        return source(
            pa.table({"id": range(3000), "v": [number] * 3000, "ra": [1.0] * 3000, "dec": [1.0] * 3000})
        )

    service.ingest("dr1", "stars", version(0))
    done, seen, errors = threading.Event(), [], []

    def read() -> None:
        try:
            while not done.is_set():
                snapshot = store.snapshot()
                path = snapshot.file("dr1", "stars")
                seen.append(ask(path, "SELECT count(*), count(DISTINCT v), any_value(v) FROM data")[0])
                described = ask(snapshot.file("TAP_SCHEMA", "tables"), "SELECT count(*) FROM data")[0]
                assert described == (9,)
        except Exception as error:  # noqa: BLE001 - it is looked at below
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 6):
        service.ingest("dr1", "stars", version(number))
    done.set()
    for reader in readers:
        reader.join()

    assert errors == []
    assert {(rows, versions) for rows, versions, _ in seen} == {(3000, 1)}
    assert [v for _, _, v in sorted(seen, key=lambda s: s[2])][-1] <= 5


@pytest.mark.slow
def test_a_dropped_table_is_gone_from_tap_schema_too(service, store, stars):
    service.ingest("dr1", "stars", [stars()])
    service.drop("dr1", "stars")

    assert store.snapshot().schema("dr1") is None
    assert (
        ask(store.snapshot().file("TAP_SCHEMA", "tables"), "SELECT * FROM data WHERE _schema = 'dr1'") == []
    )
