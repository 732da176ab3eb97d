from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from sciplat.engine import build
from sciplat.engine.build import BuildLimits, build_generation, open_generation
from sciplat.errors import IngestError


@pytest.fixture
def limits(tmp_path):
    return BuildLimits(tmp_path / "temp", 512 << 20, 2)


@pytest.fixture
def made(tmp_path, limits):
    def make(table: pa.Table, *order_by: str):
        path = tmp_path / "data.duckdb"
        build_generation(
            path, table.schema, lambda: iter(table.to_batches()), order_by=order_by, limits=limits
        )
        return path

    return make


def test_rows_are_sorted_and_nulls_come_last(made, limits):
    path = made(pa.table({"k": [3, None, 1], 'odd "name"': ["c", "n", "a"]}), "k")

    with open_generation(path, limits) as generation:
        assert generation.rows(["k", 'odd "name"']).read_all().to_pydict() == {
            "k": [1, 3, None],
            'odd "name"': ["a", "c", "n"],
        }


def test_the_table_is_data_in_schema_main(made):
    path = made(pa.table({"k": [1]}))

    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.sql("SELECT schema_name, table_name FROM duckdb_tables()").fetchall() == [
            ("main", "data")
        ]


def test_every_type_comes_back(made, limits):
    table = pa.table(
        {
            "flag": [True, None],
            "byte": pa.array([255, 0], pa.uint8()),
            "short": pa.array([-1, None], pa.int16()),
            "float": pa.array([1.5, None], pa.float32()),
            "text": ["é", None],
            "when": pa.array([0, None], pa.timestamp("us")),
            "five": pa.array([[1, 2, 3, 4, 5], None], pa.list_(pa.float32(), 5)),
            "some": pa.array([[1], []], pa.list_(pa.int32())),
        }
    )

    with open_generation(made(table), limits) as generation:
        found = generation.rows(table.column_names).read_all()

    assert found.to_pydict() == table.to_pydict()
    assert found.schema.types == table.schema.types


def test_an_error_of_the_source_is_passed_on_and_nothing_appears(tmp_path, limits):
    def batches():
        yield pa.RecordBatch.from_pydict({"k": [1]})
        raise IngestError("stars.csv: line 7 is odd")

    with pytest.raises(IngestError, match=r"^stars\.csv: line 7 is odd$"):
        build_generation(
            tmp_path / "data.duckdb", pa.schema([("k", pa.int64())]), batches, order_by=["k"], limits=limits
        )
    assert not (tmp_path / "data.duckdb").exists()


def test_ctrl_c_ends_the_build(tmp_path, limits):
    # A shell that starts the tests in the background has Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    given = []
    rows = pa.RecordBatch.from_pydict({"k": list(range(10_000))})

    def batches():
        os.kill(os.getpid(), signal.SIGINT)
        for number in range(2000):
            given.append(number)
            yield rows

    with pytest.raises(KeyboardInterrupt):
        build_generation(tmp_path / "data.duckdb", rows.schema, batches, order_by=["k"], limits=limits)
    assert not (tmp_path / "data.duckdb").exists()
    assert len(given) < 2000


def test_a_source_that_is_not_read_to_its_end_hides_no_error(tmp_path, limits):
    """DuckDB fails first; that it then closes the source is no error of the source."""
    schema = pa.schema([("k", pa.int64())])
    endless = lambda: iter(lambda: pa.RecordBatch.from_pydict({"k": [1]}), None)  # noqa: E731 - a name adds nothing

    with pytest.raises(IngestError, match="The table cannot be written"):
        build_generation(
            tmp_path / "data.duckdb", schema, endless, order_by=["no such column"], limits=limits
        )


def test_uniqueness_is_exact(made, limits):
    n = 50_000
    path = made(pa.table({"id": range(n), "nearly": [0, *range(n - 1)], "hole": [None, *range(n - 1)]}))

    with open_generation(path, limits) as generation:
        assert generation.is_unique(["id"])
        assert not generation.is_unique(["nearly"])
        assert not generation.is_unique(["hole"])
        assert generation.is_unique(["nearly", "id"])


def test_cells_are_counted(made, limits):
    path = made(pa.table({"h": pa.array([0, 1, 4, 17, None], pa.int64())}), "h")

    with open_generation(path, limits) as generation:
        assert generation.cells("h", 2) == {0: 2, 1: 1, 4: 1}
        assert generation.cells("h", 2, (0, 4)) == {0: 2}


def test_rows_of_a_span_or_without_value(made, limits):
    path = made(pa.table({"h": pa.array([9, 5, None, 7], pa.int64())}), "h")

    with open_generation(path, limits) as generation:
        assert generation.rows(["h"], between=("h", 5, 9)).read_all()["h"].to_pylist() == [5, 7]
        assert generation.rows(["h"], missing="h").read_all()["h"].to_pylist() == [None]


@pytest.mark.parametrize(
    "text",
    ["IO Error: Could not write file: No space left on device", "failed to offload: max_temp_directory_size"],
)
def test_a_full_disk_is_said_to_be_full(text):
    failure = build._failure(duckdb.IOException(text))

    assert isinstance(failure, OSError)
    assert failure.errno == errno.ENOSPC


@pytest.mark.slow
def test_a_full_file_system_ends_the_build(tmp_path):
    """A limit on the size of files stands for the disk: the kernel refuses to write on."""
    script = """
        import resource, signal, sys
        from pathlib import Path
        import numpy as np, pyarrow as pa
        from sciplat.engine.build import BuildLimits, build_generation
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        rows = pa.table({"x": np.random.default_rng(1).random(1_000_000)})
        path = Path(sys.argv[1])
        try:
            batches = lambda: iter(rows.to_batches())
            limits = BuildLimits(path / "temp")
            build_generation(path / "data.duckdb", rows.schema, batches, order_by=["x"], limits=limits)
        except Exception as error:
            print(type(error).__name__, error)
        print((path / "data.duckdb").exists())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), tmp_path], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[0].startswith("IngestError The table cannot be written: ")
    assert done.stdout.splitlines()[1] == "False"


@pytest.mark.slow
def test_a_very_wide_table_fits_in_little_memory(tmp_path):
    names = [f"x{i}" for i in range(400)]
    schema = pa.schema([("h", pa.int64()), *((name, pa.float32()) for name in names)])
    n, size = 160_000, 10_000

    def batches():
        rng = np.random.default_rng(3)
        for _ in range(n // size):
            h = pa.array(rng.integers(0, 1 << 61, size))
            arrays = [h, *(pa.array(rng.random(size, dtype="f4")) for _ in names)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    limits = BuildLimits(tmp_path / "temp", 256 << 20, 2)
    assert build_generation(tmp_path / "data.duckdb", schema, batches, order_by=["h"], limits=limits) == n


@pytest.mark.slow
def test_more_rows_than_fit_in_memory_are_sorted(tmp_path):
    n, small = 6_000_000, BuildLimits(tmp_path / "not yet there" / "temp", 160 << 20, 2)
    schema = pa.schema([("h", pa.int64()), *((f"x{i}", pa.float64()) for i in range(9))])
    spilled = []

    def batches():
        rng = np.random.default_rng(3)
        for _ in range(n // 60_000):
            arrays = [rng.integers(0, 1 << 61, 60_000), *(rng.random(60_000) for _ in range(9))]
            spilled.append(sum(path.stat().st_size for path in small.temp_directory.glob("*")))
            yield pa.RecordBatch.from_arrays([pa.array(a) for a in arrays], schema=schema)

    path = tmp_path / "data.duckdb"
    assert build_generation(path, schema, batches, order_by=["h"], limits=small) == n

    assert max(spilled) > small.memory_bytes
    with open_generation(path, small) as generation:
        last = -1
        for batch in generation.rows(["h"]):
            values = batch.column(0).to_numpy()
            assert values[0] >= last
            assert (np.diff(values) >= 0).all()
            last = values[-1]


def stored(path) -> dict[str, set[str]]:
    """How each column's values are packed."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.sql(
            "SELECT column_name, compression FROM pragma_storage_info('data') "
            "WHERE segment_type <> 'VALIDITY'"
        ).fetchall()
    return {name: {packed for column, packed in found if column == name} for name, _ in found}


def test_numbers_that_use_all_their_bits_are_stored_as_they_are(made):
    noise = np.random.default_rng(1).normal(size=200_000)
    columns = {
        "flux": noise,
        "small": noise.astype(np.float32),
        "mag": np.round(noise, 3),
        "few": np.repeat(noise[:100], 2000),
        "id": np.arange(len(noise)),
    }

    packed = stored(made(pa.table(columns)))

    assert packed["flux"] == packed["small"] == {"Uncompressed"}
    assert all("Uncompressed" not in packed[name] for name in ("mag", "few", "id"))
