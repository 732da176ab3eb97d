"""A room's database: private, durable, one writer, and cheap to watch."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

from sciplat.database import Database, Instant, in_folder, store
from sciplat.errors import ConfigError, UnavailableError

ROOM = "observatory.stars"


def opened(folder: Path) -> Database:
    return Database.open(in_folder(folder, ROOM), room=ROOM)


def add(database: Database, name: str) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO stars (name) VALUES (:name)"), {"name": name})


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(text("SELECT name FROM stars ORDER BY name")).scalars())


def test_nobody_else_can_read_the_file_or_its_folder(room: Path, tmp_path: Path) -> None:
    database = opened(tmp_path / "state")
    add(database, "Vega")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}

    assert modes == {"stars.sqlite": 0o600, "stars.sqlite-wal": 0o600, "stars.sqlite-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    database.close()


def test_a_folder_and_file_that_were_open_to_others_are_closed_to_them(room: Path, tmp_path: Path) -> None:
    opened(tmp_path / "state").close()
    (tmp_path / "state").chmod(0o755)
    (tmp_path / "state" / "stars.sqlite").chmod(0o644)

    opened(tmp_path / "state").close()

    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state" / "stars.sqlite").stat().st_mode) == 0o600


def test_every_connection_is_durable_and_checks_references(room: Path, tmp_path: Path) -> None:
    database = opened(tmp_path)
    with database.read() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "trusted_schema")
        ]

    assert found == ["wal", 2, 1, 15_000, 0]
    database.close()


def test_a_block_that_fails_changes_nothing(room: Path, tmp_path: Path) -> None:
    database = opened(tmp_path)
    add(database, "Vega")

    def add_both() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO stars (name) VALUES ('Deneb')"))
            connection.execute(text("INSERT INTO stars (name) VALUES ('Vega')"))

    with pytest.raises(IntegrityError):
        add_both()

    assert names(database) == ["Vega"]
    database.close()


def test_a_reader_sees_one_state_while_a_writer_goes_on(room: Path, tmp_path: Path) -> None:
    database = opened(tmp_path)
    with database.read() as reader:
        assert reader.execute(text("SELECT count(*) FROM stars")).scalar() == 0
        add(database, "Vega")
        assert reader.execute(text("SELECT count(*) FROM stars")).scalar() == 0

    assert names(database) == ["Vega"]
    database.close()


def test_writers_of_many_threads_take_turns(room: Path, tmp_path: Path) -> None:
    database = opened(tmp_path)
    add(database, "Vega")

    def count() -> None:
        for _ in range(10):
            with database.write() as connection:
                seen = connection.execute(text("SELECT coalesce(seen, 0) FROM stars")).scalar_one()
                connection.execute(text("UPDATE stars SET seen = :seen"), {"seen": seen + 1})

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as connection:
        assert connection.execute(text("SELECT seen FROM stars")).scalar() == 60
    database.close()


def test_the_version_changes_with_every_write_of_whoever_it_was(room: Path, tmp_path: Path) -> None:
    database = opened(tmp_path)
    versions = [database.version()]
    names(database)
    assert database.version() == versions[0]

    add(database, "Vega")
    versions.append(database.version())
    with sqlite3.connect(tmp_path / "stars.sqlite") as other:
        other.execute("INSERT INTO stars (name) VALUES ('Deneb')")
    other.close()
    versions.append(database.version())

    assert len(set(versions)) == 3
    assert database.version() == versions[-1]
    database.close()


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9(room: Path, tmp_path: Path) -> None:
    opened(tmp_path).close()
    program = """
import sys
from pathlib import Path
from sqlalchemy import text
from sciplat.database import Database, in_folder
database = Database.open(in_folder(Path(sys.argv[1]), "observatory.stars"), room="observatory.stars")
number = 0
while True:
    with database.write() as connection:
        connection.execute(text("INSERT INTO stars (name) VALUES (:name)"), {"name": f"{number:05}"})
    print(number, flush=True)
    number += 1
"""
    path = os.pathsep.join([str(room.parents[3]), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        for _ in range(20):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
    acknowledged = max([acknowledged, *map(int, rest)])

    database = opened(tmp_path)
    assert names(database)[: acknowledged + 1] == [f"{number:05}" for number in range(acknowledged + 1)]
    database.close()


def test_a_lock_that_never_ends_is_said(room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_PRAGMAS", ("PRAGMA busy_timeout=10",))
    database = opened(tmp_path)
    other = sqlite3.connect(tmp_path / "stars.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(UnavailableError, match=r"stars\.sqlite can't be used: another process"):
        add(database, "Vega")

    other.close()
    database.close()


def test_a_file_that_is_no_database_is_said(room: Path, tmp_path: Path) -> None:
    (tmp_path / "stars.sqlite").write_text("These are the voyages. " * 100)

    with pytest.raises(UnavailableError, match="file is not a database"):
        opened(tmp_path)


def test_other_kinds_of_database_are_refused() -> None:
    with pytest.raises(ConfigError, match="mysql"):
        Database.open("mysql://host/db", room=ROOM)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    column, dialect = Instant(), sqlite.dialect()

    assert column.process_result_value(column.process_bind_param(moment, dialect), dialect) == moment


def test_a_moment_is_utc_wherever_it_was_said() -> None:
    there = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))

    assert Instant().process_bind_param(there, sqlite.dialect()) == 1_767_225_600_000_000


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Instant().process_bind_param(datetime(2026, 1, 1), sqlite.dialect())  # noqa: DTZ001
