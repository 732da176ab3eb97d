"""Queries through real worker processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from sciplat.engine.pool import QueryPool
from sciplat.engine.shape import BATCH_BYTES
from sciplat.engine.spool import part_of
from sciplat.engine.statement import State, Statement
from sciplat.errors import (
    CancelledError,
    EngineError,
    LimitError,
    QueryTimeoutError,
    UnavailableError,
    UsageError,
)
from sciplat.vo.schema import Column, Datatype

FEW = "(SELECT id AS other FROM g_1.main.data WHERE id < 200)"
ENDLESS = "SELECT count(*) AS n FROM g_1.main.data a, g_1.main.data b WHERE hash(a.id, b.id) % 7 = a.mag"
"""A cross join of 90 000 000 000 pairs."""


def test_rows_come_with_the_types_and_descriptions_of_their_columns(ask) -> None:
    columns = (
        Column("id", Datatype.LONG, ucd="meta.id"),
        Column("Magnitude", Datatype.FLOAT, unit="mag", description="Brightness"),
        Column("total"),
        Column("n", Datatype.LONG),
        Column("seen", Datatype.CHAR, "*", xtype="timestamp"),
        Column("name"),
    )

    stream = ask(
        "SELECT id, mag, sum(id) OVER () AS total, sum(id) OVER () AS n, seen, name "
        "FROM g_1.main.data WHERE id < 3 ORDER BY id",
        columns=columns,
    ).stream()

    table = pa.Table.from_batches(stream.batches)
    assert table.schema.types == [
        pa.int64(),
        pa.float32(),
        pa.float64(),
        pa.int64(),
        pa.timestamp("us"),
        pa.string(),
    ]
    assert table["id"].to_pylist() == [0, 1, 2]
    assert table["name"].to_pylist() == ["star 0", "star 1", "star 2"]
    assert stream.columns[:2] == columns[:2]
    assert stream.columns[2] == Column("total", Datatype.DOUBLE)
    assert stream.columns[5] == Column("name", Datatype.UNICODE_CHAR, "*")


def test_every_type_that_duckdb_answers_with_travels(ask) -> None:
    sql = (
        "SELECT 1::TINYINT, 2::USMALLINT, 3::UBIGINT, 4::HUGEINT, 1.5, true, DATE '2026-01-02', now(), "
        "'a'::ENUM ('a', 'b'), NULL, [1, 2], [1.5, 2.5]::DOUBLE[2], 'x'::BLOB, uuid(), "
        "TIMESTAMP_NS '2026-01-01 00:00:00'"
    )

    table = ask(sql).result().slice(0, 1)

    assert [str(kind) for kind in table.schema.types] == [
        *("int16", "int32", "int64", "double", "double", "bool", "timestamp[us]", "timestamp[us]"),
        *("string", "string", "list<item: int32>", "fixed_size_list<item: double>[2]"),
        *("list<item: uint8>", "string", "timestamp[us]"),
    ]


@pytest.fixture(scope="module")
def alone(tmp_path_factory, make_pool) -> Iterator[QueryPool]:
    """One worker, which sees every statement."""
    with make_pool(tmp_path_factory.mktemp("alone"), size=1) as pool:
        yield pool


KINDS = (
    ("1::TINYINT, 4::HUGEINT, 1.5, DATE '2026-01-02', 'a'::ENUM ('a', 'b'), NULL, [1, 2], 'x'::BLOB"),
    ("true, [1.5, 2.5]::DOUBLE[2], TIMESTAMP_NS '2026-01-01 00:00:00', 2::USMALLINT, '', 1.5e0"),
    "id, name, mag, seen FROM g_1.main.data WHERE id < 5000 ORDER BY id DESC",
    "id, name FROM g_1.main.data WHERE id < 0",
    "count(*), list(mag ORDER BY id) FROM g_1.main.data WHERE id < 99 GROUP BY id % 7 ORDER BY 1, 2",
    "* FROM g_1.main.data",
)


@pytest.mark.parametrize("sql", KINDS)
@pytest.mark.parametrize("maxrec", [3, 8192, 300_000])
def test_a_statement_that_is_brief_gives_what_it_gave_as_a_stream(
    ask, alone: QueryPool, sql: str, maxrec: int
) -> None:
    results = []
    for seconds in (9, 0, 0, 9):
        running = ask(f"SELECT {sql} LIMIT {maxrec + 1}", on=alone, expected_seconds=seconds, maxrec=maxrec)
        outcome, result = running.wait(), running.result()
        results.append((outcome.rows, outcome.overflow, result.slice(0, result.rows)))

    assert results[1:] == results[:1] * 3
    assert all(table.schema.equals(results[0][2].schema, check_metadata=True) for _, _, table in results)


def test_a_brief_statement_that_proves_to_be_long_streams(ask, alone: QueryPool) -> None:
    pairs = "SELECT a.id AS id FROM g_1.main.data a, g_1.main.data b WHERE a.id < {0} AND b.id < {0}"
    sql = f"{pairs} LIMIT 2000001"
    few, many = (sql.format(f"{most}e0") for most in (3, 30_000))

    assert [ask(few, on=alone, expected_seconds=0).wait().rows for _ in range(2)] == [9, 9]
    stream = ask(many, on=alone, expected_seconds=0, maxrec=2_000_000).stream()
    assert sum(batch.num_rows for batch in stream.batches) == 2_000_000
    assert stream.overflow
    assert ask(few, on=alone, expected_seconds=0).wait().rows == 9


def test_a_brief_statement_can_be_stopped_and_can_fail(ask, alone: QueryPool) -> None:
    for _ in range(2):
        with pytest.raises(QueryTimeoutError, match="limit"):
            ask(f"{ENDLESS} LIMIT 2", on=alone, expected_seconds=0, time_limit_seconds=0.2).wait()
    sql = (
        "SELECT CAST(CASE WHEN id < {}e0 THEN '1' ELSE name END AS INTEGER) AS x FROM g_1.main.data "
        "WHERE id < 10 LIMIT 20"
    )
    for _ in range(2):
        assert ask(sql.format(11), on=alone, expected_seconds=0).wait().rows == 10
        with pytest.raises(UsageError, match="'star 5'"):
            ask(sql.format(5), on=alone, expected_seconds=0).wait()


def test_a_column_that_no_format_can_hold_is_refused_by_name(ask) -> None:
    with pytest.raises(UsageError, match=r"'span'.*CAST"):
        ask("SELECT INTERVAL 1 DAY AS span").stream()


def test_a_value_too_large_for_its_column_is_named(ask) -> None:
    with pytest.raises(UsageError, match="column n does not fit"):
        ask("SELECT 1e30::HUGEINT AS n", columns=(Column("n", Datatype.LONG),)).wait()


def test_an_empty_result_has_its_columns(ask) -> None:
    stream = ask("SELECT id, name FROM g_1.main.data WHERE id < 0").stream()

    assert [column.name for column in stream.columns] == ["id", "name"]
    assert list(stream.batches) == []


@pytest.mark.parametrize(
    ("limits", "rows", "overflow"),
    [
        ({"maxrec": 10}, 10, True),
        ({"maxrec": 11}, 11, False),
        ({"maxrec": 0}, 0, True),
    ],
)
def test_rows_beyond_a_limit_are_cut_and_marked(
    ask, limits: dict[str, int], rows: int, overflow: bool
) -> None:
    running = ask("SELECT id FROM g_1.main.data LIMIT 11", **limits)

    stream = running.stream()

    assert sum(batch.num_rows for batch in stream.batches) == rows
    assert stream.overflow is overflow
    assert running.wait().overflow is overflow
    assert running.wait().rows == rows


def test_a_long_result_says_at_its_end_that_rows_were_cut(ask) -> None:
    stream = ask("SELECT * FROM g_1.main.data", maxrec=299_999).stream()

    assert sum(batch.num_rows for batch in stream.batches) == 299_999
    assert stream.overflow


def test_bytes_beyond_the_limit_are_cut_and_marked(ask) -> None:
    running = ask("SELECT id, ra FROM g_1.main.data", byte_limit=1_000_000)

    outcome = running.wait()

    assert outcome.overflow
    assert 0 < outcome.rows <= 1_000_000 // 16
    assert running.result().overflow


def test_a_small_result_stays_in_memory(ask) -> None:
    running = ask("SELECT id FROM g_1.main.data WHERE id < 100")

    assert not running.wait().spooled
    assert not running.spool.exists()
    assert running.result().rows == 100


def test_a_durable_result_is_a_file_however_small(ask) -> None:
    running = ask("SELECT id FROM g_1.main.data WHERE id < 100", durable=True)

    outcome = running.wait()

    assert outcome.spooled
    assert running.spool.stat().st_size == outcome.bytes
    assert not part_of(running.spool).exists()
    assert sum(batch.num_rows for batch in running.stream().batches) == 100


def test_a_spool_that_cannot_be_written_is_the_error_of_one_query(pool, tmp_path) -> None:
    (tmp_path / "file").touch()

    running = pool.run(Statement("SELECT 1 AS x"), spool=tmp_path / "file" / "x.arrow", durable=True)

    with pytest.raises(EngineError, match="failed on this query"):
        running.wait()
    assert pool.run(Statement("SELECT 1 AS x"), spool=tmp_path / "y" / "z.arrow", durable=True).wait().spooled


def test_relative_paths_are_the_owners(pool, stars, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(stars.parent)
    statement = Statement("SELECT id FROM g_rel.main.data", (("g_rel", Path(stars.name)),))

    running = pool.run(statement, spool=Path("here.arrow"), durable=True)

    assert running.result().rows == 300_000
    assert (stars.parent / "here.arrow").exists()


def test_a_slow_reader_holds_no_worker_and_reads_everything(ask) -> None:
    slow = ask("SELECT * FROM g_1.main.data")
    batches = slow.stream().batches
    ids = next(batches)["id"].to_pylist()

    outcome = slow.wait()
    others = [ask("SELECT 1 AS x").wait().rows for _ in range(4)]

    for batch in batches:
        ids.extend(batch["id"].to_pylist())
    assert outcome.spooled
    assert others == [1, 1, 1, 1]
    assert ids == list(range(300_000))


def test_readers_follow_a_spool_while_it_is_written(pool: QueryPool, ask) -> None:
    endless = ask("SELECT a.* FROM g_1.main.data a, g_1.main.data b")
    stream = endless.stream()

    first, second = next(stream.batches), next(stream.batches)

    assert first["id"][0].as_py() is not None
    assert second.num_rows
    assert endless.progress.state is State.RUNNING
    assert endless.progress.rows >= first.num_rows + second.num_rows
    endless.cancel()
    with pytest.raises(CancelledError):
        list(stream.batches)
    assert not part_of(endless.spool).exists()
    assert not endless.spool.exists()


def test_an_error_before_the_first_row_is_raised_by_stream(ask) -> None:
    with pytest.raises(UsageError) as caught:
        ask("SELECT CAST(name AS INTEGER) FROM g_1.main.data").stream()

    # Two threads read at once: whichever meets a value first speaks of it.
    assert re.fullmatch(r"The text 'star \d+' cannot be converted to INTEGER\.", str(caught.value))


def test_a_late_error_breaks_the_stream(ask) -> None:
    last = "CAST(CASE WHEN id < 299999 OR other < 4 THEN '1' ELSE name END AS INTEGER) AS x"
    few = FEW.replace("200", "5")
    stream = ask(f"SELECT *, {last} FROM g_1.main.data, {few} few").stream()

    with pytest.raises(UsageError, match="'star 299999'"):
        list(stream.batches)


def test_a_query_that_takes_too_long_is_interrupted_and_told_what_to_do(pool: QueryPool, ask) -> None:
    pool.warm()  # a test before this one may have cost a worker
    pids = pool.worker_pids

    with pytest.raises(QueryTimeoutError, match=r"limit of 0.2 s.*asynchronous job"):
        ask(ENDLESS, time_limit_seconds=0.2).wait()

    assert pool.worker_pids == pids


@pytest.mark.slow
def test_a_query_that_cannot_be_interrupted_is_killed(tmp_path, ask, make_pool) -> None:
    with make_pool(tmp_path / "pool", size=1) as pool:
        pool.warm()
        worker = psutil.Process(pool.worker_pids[0])
        running = ask(ENDLESS, on=pool, time_limit_seconds=0.2)
        running.wait_until_started()
        worker.suspend()  # as deaf as in a step of DuckDB that never looks up

        with pytest.raises(QueryTimeoutError):
            running.wait(timeout_seconds=10)

        assert not worker.is_running()
        assert ask("SELECT 1 AS x", on=pool).wait().rows == 1


def test_a_cancelled_query_ends_at_once(ask) -> None:
    running = ask(ENDLESS)
    running.wait_until_started()

    running.cancel()

    with pytest.raises(CancelledError, match="cancelled"):
        running.wait(timeout_seconds=5)
    assert running.progress.state is State.FAILED


def test_cancelling_a_finished_query_changes_nothing(ask) -> None:
    running = ask("SELECT 1 AS x")
    running.wait()

    running.cancel()

    assert running.wait().rows == 1


HOGS = {
    "one huge text": f"SELECT string_agg(name, ',') AS x FROM g_1.main.data, {FEW} few",
    "texts made while planning": "SELECT length(repeat('x', 900000000) || repeat('y', 900000000)) AS x",
    "a sort that fills the disk": f"SELECT * FROM g_1.main.data, {FEW} few ORDER BY name, other",
    "many different values": f"SELECT count(DISTINCT name || other) AS n FROM g_1.main.data, {FEW} few",
    "very many groups": f"SELECT name || other AS x, max(id) AS y FROM g_1.main.data, {FEW} few GROUP BY 1",
    "a join on texts": (
        f"SELECT count(*) AS n FROM (SELECT name || other AS x FROM g_1.main.data, {FEW} few) a "
        f"JOIN (SELECT name || other AS x FROM g_1.main.data, {FEW} few) b USING (x)"
    ),
    "lists": f"SELECT id % 3 AS x, list(name || other) AS y FROM g_1.main.data, {FEW} few GROUP BY 1",
    "a window": f"SELECT row_number() OVER (ORDER BY name, other) AS x FROM g_1.main.data, {FEW} few",
    "a median": f"SELECT median(name || other) AS x FROM g_1.main.data, {FEW} few",
    "long texts by the row": "SELECT repeat(name, 1000000) AS x FROM g_1.main.data ORDER BY x DESC",
}


@pytest.mark.slow
@pytest.mark.parametrize("sql", HOGS.values(), ids=HOGS.keys())
def test_a_memory_hog_meets_the_limit_alone(ask, sql: str) -> None:
    with pytest.raises(LimitError, match="256 MB of memory"):
        ask(sql).wait()

    assert ask("SELECT 1 AS x").wait().rows == 1


def test_long_texts_come_in_pieces_that_a_reader_can_hold(ask) -> None:
    running = ask("SELECT id, repeat(name, 1000) AS long FROM g_1.main.data LIMIT 6000")

    sizes = [batch.nbytes for batch in running.stream().batches]

    assert sum(sizes) > 50_000_000
    assert max(sizes) <= 2 * BATCH_BYTES
    assert running.result().slice(5_999, 1)["long"][0].as_py() == "star 5999" * 1000


@pytest.mark.slow
def test_memory_that_duckdb_does_not_count_is_limited_too(ask) -> None:
    with pytest.raises(LimitError, match="256 MB of memory"):
        ask("SELECT length(repeat('x', 900000000)) AS made_while_planning").wait()

    assert ask("SELECT 1 AS x").wait().rows == 1


@pytest.mark.slow
def test_a_killed_worker_takes_only_its_own_query_along(pool: QueryPool, ask, open_paths) -> None:
    pool.warm()
    running = ask("SELECT a.* FROM g_1.main.data a, g_1.main.data b")
    next(running.stream().batches)
    other = ask("SELECT 1 AS x")

    writing = [pid for pid in pool.worker_pids if str(part_of(running.spool)) in open_paths(pid)]
    os.kill(writing[0], signal.SIGKILL)

    with pytest.raises(EngineError, match="ended unexpectedly"):
        running.wait()
    assert other.wait().rows == 1
    pool.warm()
    assert writing[0] not in pool.worker_pids
    assert not part_of(running.spool).exists()


@pytest.mark.slow
def test_an_idle_worker_that_dies_is_replaced(tmp_path, ask, make_pool) -> None:
    with make_pool(tmp_path / "pool", size=1) as pool:
        pool.warm()
        pid = pool.worker_pids[0]
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(pid)], timeout=5)

        assert ask("SELECT 1 AS x", on=pool).wait().rows == 1


@pytest.mark.slow
def test_generations_are_read_side_by_side_until_they_are_deleted(
    ask, tmp_path, make_pool, make_generation, open_paths
) -> None:
    old = make_generation(tmp_path / "object.g0001.duckdb", "SELECT 'old' AS x")
    new = make_generation(tmp_path / "object.g0002.duckdb", "SELECT 'new' AS x")
    with make_pool(tmp_path / "pool", size=1) as pool:
        pool.warm()
        (pid,) = pool.worker_pids
        assert value(ask, "g_old", old, pool) == "old"
        assert value(ask, "g_new", new, pool) == "new"
        assert value(ask, "g_old", old, pool) == "old"
        assert {str(old), str(new)} <= open_paths(pid)

        old.unlink()
        third = make_generation(tmp_path / "object.g0003.duckdb", "SELECT 'third' AS x")
        assert value(ask, "g_third", third, pool) == "third"
        assert value(ask, "g_new", new, pool) == "new"

        assert not any("g0001" in path for path in open_paths(pid))
        with pytest.raises(EngineError, match="could not be read"):
            value(ask, "g_old", old, pool)
        assert value(ask, "g_new", new, pool) == "new"


def test_a_name_can_stand_for_another_file(ask, tmp_path, make_generation, pool) -> None:
    paths = [make_generation(tmp_path / f"t.g{n}.duckdb", f"SELECT {n} AS x") for n in range(4)]

    assert [value(ask, "g", path, pool) for path in paths] == [0, 1, 2, 3]
    assert [value(ask, f"g{n}", paths[0], pool) for n in range(4)] == [0, 0, 0, 0]


def value(ask, alias: str, path: Path, pool: QueryPool) -> object:
    running = ask(f'SELECT x FROM "{alias}".main.data', on=pool, attachments=((alias, path),))
    return running.result().slice(0, 1)["x"][0].as_py()


def test_one_statement_does_not_reach_the_files_of_another(ask, tmp_path, make_generation, pool) -> None:
    secret = make_generation(tmp_path / "secret.duckdb", "SELECT 'private' AS x")
    for _ in range(4):
        value(ask, "g_secret", secret, pool)

    for _ in range(4):
        with pytest.raises(EngineError, match="defect of sciplat"):
            ask("SELECT x FROM g_secret.main.data").wait()


@pytest.mark.slow
def test_a_full_pool_makes_queries_wait_and_says_when_it_was_too_long(tmp_path, ask, make_pool) -> None:
    with make_pool(tmp_path / "pool", size=1) as pool:
        pool.warm()
        busy = ask(ENDLESS, on=pool)
        busy.wait_until_started()

        late = ask("SELECT 1 AS x", on=pool, queue_seconds=0.05)
        with pytest.raises(UnavailableError, match="workers are busy"):
            late.stream()
        waiting = ask("SELECT 1 AS x", on=pool)
        dropped = ask("SELECT 1 AS x", on=pool)
        assert pool.queued == 2
        dropped.cancel()
        busy.cancel()

        assert waiting.wait().rows == 1
        with pytest.raises(CancelledError):
            dropped.wait()


def test_many_threads_share_two_workers(ask) -> None:
    def one(number: int) -> int:
        stream = ask(f"SELECT id FROM g_1.main.data WHERE id = {number}").stream()
        return next(stream.batches)["id"][0].as_py()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(one, range(50))) == list(range(50))


@pytest.mark.slow
def test_close_ends_queries_workers_and_descriptors(tmp_path, ask, make_pool) -> None:
    before = psutil.Process().num_fds()
    threads = threading.active_count()
    pool = make_pool(tmp_path / "pool", size=2)
    pool.warm()
    workers = [psutil.Process(pid) for pid in pool.worker_pids]
    running = [ask(ENDLESS, on=pool) for _ in range(3)]
    running[0].wait_until_started()

    pool.close()

    for one in running:
        with pytest.raises(UnavailableError, match="shutting down"):
            one.wait()
    assert not any(worker.is_running() for worker in workers)
    assert psutil.Process().num_fds() == before
    assert threading.active_count() == threads
    with pytest.raises(UnavailableError):
        ask("SELECT 1 AS x", on=pool)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_workers_die_with_their_owner(tmp_path: Path, how: signal.Signals) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from sciplat.engine.pool import QueryPool\n"
        "pool = QueryPool(2, directory=Path(sys.argv[1]), memory_limit_bytes=10**8, threads=1,\n"
        "                 temp_limit_bytes=10**8)\n"
        "pool.warm()\n"
        "print(*pool.worker_pids, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "pool"], stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in owner.stdout.readline().split()]
        assert len(workers) == 2

        owner.send_signal(how)
        owner.wait(5)

        _, alive = psutil.wait_procs(workers, timeout=5)
        assert alive == []


def test_a_worker_has_no_secrets_and_dumps_no_core(pool: QueryPool) -> None:
    pool.warm()
    worker = psutil.Process(pool.worker_pids[0])

    assert set(worker.environ()) <= {"PATH", "HOME", "LC_ALL", "TZ", "PYTHONPATH"}
    assert worker.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert 0 < worker.rlimit(psutil.RLIMIT_DATA)[0] < 5 * 10**9
