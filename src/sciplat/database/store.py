"""Opens the database of one room, and hands out connections that read or write.

SQLite keeps one file a room: WAL, so that readers never wait for the writer, and
``synchronous=FULL``, so that what was acknowledged is still there after the power
went. There is one writer at a time in either kind of database: a room's rules
("may this phase follow that one?") are then as simple as they read.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Self
from zlib import crc32

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from sciplat.database.migrate import bring_up_to_date
from sciplat.errors import ConfigError, MissingExtraError, UnavailableError

__all__ = ["Database", "in_folder"]

BUSY_SECONDS = 15
"""How long a writer waits for another one before it gives up."""

_PRAGMAS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    # Bind values are the only text that reaches SQL here, and this closes what else a file could do.
    "PRAGMA trusted_schema=OFF",
)


def in_folder(folder: Path, room: str) -> URL:
    """Return the address of a room's SQLite file in ``folder`` (``identity.sqlite``)."""
    return URL.create("sqlite+pysqlite", database=str(folder / f"{room.rpartition('.')[2]}.sqlite"))


class Database:
    """The tables of one room.

    Parameters
    ----------
    engine
        Where they are.
    room
        The dotted name of the room's package, ``sciplat.identity``.

    Connections may be used from any thread, each by one thread at a time.
    """

    def __init__(self, engine: Engine, room: str) -> None:
        self._engine = engine
        self._name = room.rpartition(".")[2]
        self._watch_lock = threading.Lock()
        self._watcher: Connection | None = None

    @classmethod
    def open(cls, where: URL | str, *, room: str) -> Self:
        """Open a room's database, made or migrated first where that is needed.

        Several processes may do so at the same moment.

        Raises
        ------
        UnavailableError
            It can't be read, or was written by a newer sciplat.
        """
        url = _parsed(where)
        engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
        database = cls(engine, room)
        try:
            with database._explained():
                bring_up_to_date(engine, room, begin=database.write)
        except BaseException:
            engine.dispose()
            raise
        return database

    @property
    def where(self) -> str:
        """Where the tables are, for messages: a path, or an address without its password."""
        url = self._engine.url
        return url.database or "" if self.is_sqlite else url.render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether the tables are in an SQLite file."""
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one unchanging state of the room.

        Raises
        ------
        UnavailableError
            The database can't be read now.
        """
        with self._explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """Give the connection of the room's only writer; what it did is on the disk when the block ends.

        Parameters
        ----------
        durable
            If not, it may be forgotten when the power goes (not when a process is killed), and costs no
            wait for the disk.

        Raises
        ------
        UnavailableError
            The database can't be written now: it is locked for too long, or the disk is full.
        """
        with self._explained(), self._engine.connect() as connection:
            connection.execution_options(sciplat_begin="BEGIN IMMEDIATE")
            with connection.begin() if durable else self._forgetful(connection):
                if not self.is_sqlite:
                    connection.execute(
                        text("SELECT pg_advisory_xact_lock(:room)"), {"room": crc32(self._name.encode())}
                    )
                yield connection

    @contextmanager
    def _forgetful(self, connection: Connection) -> Iterator[None]:
        if not self.is_sqlite:
            with connection.begin():
                connection.execute(text("SET LOCAL synchronous_commit TO OFF"))
                yield
            return
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA synchronous=NORMAL")  # in WAL: only a checkpoint waits for the disk
        try:
            with connection.begin():
                yield
        finally:
            driver.execute("PRAGMA synchronous=FULL")

    def version(self) -> int:
        """Return a number that differs after any process has changed the room.

        It costs microseconds. Compare it only with numbers that this object gave;
        take it before reading what it shall guard.
        """
        with self._explained(), self._watch_lock:
            if self._watcher is None:
                self._watcher = self._engine.connect()
            # SQLite counts the commits of *other* connections, so this one never writes. PostgreSQL's
            # snapshot names the transactions that can be seen: it is equal only where none has ended.
            if self.is_sqlite:
                watcher: Any = self._watcher.connection.driver_connection
                return int(watcher.execute("PRAGMA data_version").fetchone()[0])
            with self._watcher.begin():
                return hash(self._watcher.execute(text("SELECT pg_current_snapshot()::text")).scalar_one())

    def close(self) -> None:
        """Let go of every connection."""
        with self._watch_lock:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None
        self._engine.dispose()

    def _explained(self) -> AbstractContextManager[None]:
        return _explained(self.where)


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turn a driver's complaint into words for an operator."""
    try:
        yield
    except IntegrityError:
        raise  # a rule of the room was broken: the room says which
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        match said:
            case "database is locked":
                why = f"another process has been writing to it for {BUSY_SECONDS} seconds; try again"
            case "database or disk is full":
                why = "the disk is full: make room and try again"
            case "attempt to write a readonly database" | "unable to open database file":
                why = f"{said}: see who owns it, and its folder"
            case _:
                why = said
        raise UnavailableError(f"The database {where} can't be used: {why}") from error


def _parsed(where: URL | str) -> URL:
    url = make_url(where)
    match url.get_backend_name():
        case "sqlite":
            return url
        case "postgresql":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise ConfigError(f"A database of kind {other!r} can't be used: give a postgresql:// address")


def _sqlite(url: URL) -> Engine:
    path = Path(url.database or "")
    _private(path)
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=-1,  # a connection to a file costs next to nothing; waiting for one would cost a request
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # The driver's own idea of transactions is off (isolation_level None): a writer takes its turn
        # at once, where a late upgrade from reader to writer would fail instead of waiting.
        connection.exec_driver_sql(connection.get_execution_options().get("sciplat_begin", "BEGIN"))

    return engine


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(url, pool_size=8, max_overflow=32, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "PostgreSQL needs a part that is not installed: pip install 'sciplat[postgresql]'"
        ) from error


def _private(path: Path) -> None:
    """Make the file's folder 0700 and the file 0600 (SQLite gives its WAL the same mode)."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(path.parent.stat().st_mode) & 0o077:
            path.parent.chmod(0o700)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            # Never opened here: closing it would drop the locks that SQLite holds in this process.
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                path.chmod(0o600)
    except OSError as error:
        raise UnavailableError(f"The database {path} can't be used: {error.strerror}") from error
