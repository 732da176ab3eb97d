"""Tables are made and brought up to date when a room is opened."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from sciplat.database import Database, in_folder
from sciplat.errors import UnavailableError

ROOM = "observatory.stars"

SECOND = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("stars", sa.Column("colour", sa.String))
"""

HALF = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("stars", sa.Column("colour", sa.String))
    op.execute("INSERT INTO galaxies VALUES (1)")
"""

OPEN = """
import sys
import threading
from pathlib import Path
from sciplat.database import Database, in_folder
Database.open(in_folder(Path(sys.argv[1]), "observatory.stars"), room="observatory.stars").close()
print("alembic" in sys.modules)
"""


def start(room: Path, folder: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(room.parents[3]), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", OPEN, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def columns(folder: Path) -> list[str]:
    database = Database.open(in_folder(folder, ROOM), room=ROOM)
    with database.read() as connection:
        found = [column["name"] for column in inspect(connection).get_columns("stars")]
    database.close()
    return found


def test_an_empty_folder_gets_the_newest_tables(room: Path, tmp_path: Path) -> None:
    (room / "0002_colour.py").write_text(SECOND)

    assert columns(tmp_path / "a%20b") == ["name", "seen", "colour"]


def test_an_older_database_is_brought_up_to_date_and_keeps_its_rows(room: Path, tmp_path: Path) -> None:
    database = Database.open(in_folder(tmp_path, ROOM), room=ROOM)
    with database.write() as connection:
        connection.execute(text("INSERT INTO stars (name) VALUES ('Vega')"))
    database.close()
    (room / "0002_colour.py").write_text(SECOND)

    assert columns(tmp_path) == ["name", "seen", "colour"]
    database = Database.open(in_folder(tmp_path, ROOM), room=ROOM)
    with database.read() as connection:
        assert connection.execute(text("SELECT name FROM stars")).scalars().all() == ["Vega"]
    database.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(room: Path, tmp_path: Path) -> None:
    assert columns(tmp_path) == ["name", "seen"]
    (room / "0002_half.py").write_text(HALF)
    with pytest.raises(UnavailableError, match="galaxies"):
        columns(tmp_path)
    (room / "0002_half.py").unlink()

    assert columns(tmp_path) == ["name", "seen"]


def test_a_database_of_a_newer_sciplat_is_refused_with_words(room: Path, tmp_path: Path) -> None:
    (room / "0002_colour.py").write_text(SECOND)
    columns(tmp_path)
    (room / "0002_colour.py").unlink()

    with pytest.raises(UnavailableError) as caught:
        columns(tmp_path)

    assert "written by a newer sciplat" in str(caught.value)
    assert "version 0002" in str(caught.value)
    assert "up to 0001" in str(caught.value)


@pytest.mark.slow
def test_alembic_is_imported_only_when_there_is_something_to_migrate(room: Path, tmp_path: Path) -> None:
    first = start(room, tmp_path).communicate()
    second = start(room, tmp_path).communicate()

    assert first == ("True\n", "")
    assert second == ("False\n", "")


@pytest.mark.slow
def test_several_processes_may_open_a_new_room_at_once(room: Path, tmp_path: Path) -> None:
    processes = [start(room, tmp_path / "state") for _ in range(4)]

    answers = [process.communicate() for process in processes]

    assert [error for _, error in answers] == [""] * 4
    assert [process.returncode for process in processes] == [0] * 4


def test_a_process_waits_while_another_one_makes_the_tables(room: Path, tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    opened: list[list[str]] = []
    thread = threading.Thread(target=lambda: opened.append(columns(tmp_path)))
    thread.start()
    thread.join(timeout=0.5)

    assert thread.is_alive(), "it did not wait"
    os.close(folder)
    thread.join()
    assert opened == [["name", "seen"]]
