"""Brings the tables of a room to the form that this code expects.

A room keeps its migrations as ``migrations/versions/0001_first.py``, ``0002_…``:
the number is Alembic's revision, so the newest one is known from the names
alone and Alembic (0.4 s of import) is needed only when there is something to do.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from sciplat.errors import UnavailableError

__all__ = ["bring_up_to_date"]

_ENVIRONMENT = Path(__file__).parent / "migrations"


def bring_up_to_date(
    engine: Engine, room: str, *, begin: Callable[[], AbstractContextManager[Connection]]
) -> None:
    """Run the migrations that ``room``'s database lacks; usually none.

    Raises
    ------
    UnavailableError
        The database is of a version that this code doesn't know.
    """
    name = room.rpartition(".")[2]
    versions = _versions(room)
    newest = _known(versions)[-1]
    with engine.connect() as connection:
        if _current(connection, name) == newest:
            return
    with _alone(engine):
        if engine.dialect.name == "sqlite":
            # Outside a transaction, and by one process alone: another would be told "locked" without a wait.
            bare = engine.raw_connection()
            bare.cursor().execute("PRAGMA journal_mode=WAL")
            bare.close()
        with begin() as connection:
            current = _current(connection, name)
            if current == newest:
                return
            if current is not None and current not in _known(versions):
                where = engine.url.render_as_string(hide_password=True)
                raise UnavailableError(
                    f"The database {where} was written by a newer sciplat (version {current} of its tables; "
                    f"this sciplat knows up to {newest}): install that sciplat, or start with another home"
                )
            _upgrade(connection, name, versions)


def _versions(room: str) -> Path:
    spec = importlib.util.find_spec(room)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "migrations" / "versions"


def _known(versions: Path) -> list[str]:
    return sorted(path.name.partition("_")[0] for path in versions.glob("[0-9][0-9][0-9][0-9]_*.py"))


def _current(connection: Connection, name: str) -> str | None:
    table = f"{name}_version"
    if not inspect(connection).has_table(table):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {table}")).scalar()
    return found


def _upgrade(connection: Connection, name: str, versions: Path) -> None:
    import alembic.command  # noqa: PLC0415  # slow, and seldom needed
    import alembic.config  # noqa: PLC0415

    config = alembic.config.Config(
        attributes={"connection": connection, "version_table": f"{name}_version"},
    )
    # ConfigParser reads a percent sign as the start of a variable.
    config.set_main_option("script_location", str(_ENVIRONMENT).replace("%", "%%"))
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    alembic.command.upgrade(config, "head")


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Keep other processes from migrating the same SQLite files meanwhile.

    The lock is on the folder: the kernel drops it with the process, and no lock
    file stays. (PostgreSQL's writers take turns by themselves.)
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    folder = os.open(Path(engine.url.database or "").parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
