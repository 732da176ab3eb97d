"""The database of a repository: how long one waits for it, and what is said when it does not answer."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from lsst.daf.butler import Butler
from lsst.daf.butler.direct_butler import DirectButler
from sqlalchemy.exc import DBAPIError

from sciplat.errors import UnavailableError

__all__ = ["PATIENCE_SECONDS", "check", "impatient", "in_words"]

PATIENCE_SECONDS = 5.0
"""How long a reader waits for a writer. The Butler's own five minutes suit pipelines."""

_FILE = "gen3.sqlite3"

_log = logging.getLogger(__name__)


def check(folder: Path) -> None:
    """See that the database of a repository can be read now, before the Butler waits for it.

    Raises
    ------
    UnavailableError
        It is locked, damaged or gone.
    """
    file = folder / _FILE
    with in_words(folder.name):
        if not file.is_file():
            raise sqlite3.OperationalError("its file is gone")
        # Not with mode=ro: what a writer that was killed has left must be taken back first.
        with closing(sqlite3.connect(file, timeout=PATIENCE_SECONDS)) as opened:
            opened.execute("SELECT 1 FROM sqlite_master").fetchone()


def impatient(butler: Butler) -> Butler:
    """Let a Butler that reads wait no longer than `PATIENCE_SECONDS` for a writer."""

    def set_timeout(connection: Any, record: Any, proxy: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute(f"PRAGMA busy_timeout = {PATIENCE_SECONDS * 1000:.0f}")

    assert isinstance(butler, DirectButler)
    # The Butler has no setting for it; its database is asked only through the engine that it made.
    sqlalchemy.event.listen(butler._registry._db._engine, "checkout", set_timeout)  # noqa: SLF001
    return butler


@contextmanager
def in_words(release: str) -> Iterator[None]:
    """Turn what a database says that cannot be used into an error for who asked.

    Raises
    ------
    UnavailableError
        It is locked, damaged or gone.
    """
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not (isinstance(cause, sqlite3.OperationalError) or type(cause) is sqlite3.DatabaseError):
            raise  # what was asked was wrong, not the database
        said = str(cause)
        _log.error("The repository of release %s cannot be used: %s", release, said)
        if "locked" in said:
            raise UnavailableError(
                f"The images of release {release!r} are being changed at this moment; ask again soon."
            ) from error
        raise UnavailableError(
            f"The repository of release {release!r} cannot be used ({said[:100]}); "
            "the operator has to mend it."
        ) from error
