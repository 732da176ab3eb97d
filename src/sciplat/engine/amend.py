"""Amending a generation: a copy of it without some rows and with others, for what those few rows cost."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pyarrow as pa

from sciplat.engine.build import BuildLimits
from sciplat.engine.quoting import identifier, literal
from sciplat.system import sync

__all__ = ["amend_generation"]

_MARK = "amended: "

_SHARE, _LEAST = 0.1, 1_000
"""How much of a table may lie behind those rows that are sorted, and how much always may."""


def amend_generation(
    path: Path, old: Path, *, key: str, gone: pa.Array, rows: pa.Table, limits: BuildLimits
) -> int | None:
    """Write to ``path`` what ``old`` has, without some rows and with others behind; return how many it has.

    None, and no file, where so many have come so since the table was made that it should be sorted anew, or
    where it cannot be done: whoever asks makes the table as `sciplat.engine.build.Builder.build` does.

    Parameters
    ----------
    key
        The column whose values say which rows are ``gone``.
    rows
        Those that come, with the columns of the table.
    """
    unfinished = path.with_name(f"{path.name}.part")
    memory = f"{limits.memory_bytes // (1 << 20)}MiB"
    try:
        shutil.copyfile(old, unfinished)
        with duckdb.connect(
            ":memory:", config={"memory_limit": memory, "threads": limits.threads}
        ) as connection:
            count = _amended(connection, unfinished, key, gone, rows)
    except duckdb.Error:
        count = None
    if count is None:
        unfinished.unlink(missing_ok=True)
        return None
    sync(unfinished)
    unfinished.rename(path)
    return count


def _amended(
    connection: duckdb.DuckDBPyConnection, file: Path, key: str, gone: pa.Array, rows: pa.Table
) -> int | None:
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"ATTACH {literal(file)} AS made (STORAGE_VERSION 'latest')")
    said, total = connection.sql(
        "SELECT (SELECT comment FROM duckdb_tables() WHERE database_name = 'made' AND table_name = 'data'), "
        "(SELECT count(*) FROM made.main.data)"
    ).fetchall()[0]
    added = int((said or "").removeprefix(_MARK) or 0) + rows.num_rows
    if added > max(_LEAST, _SHARE * total):
        return None
    name = identifier(key)
    connection.register("gone", pa.table({"key": gone}))
    connection.register("rows_in", rows)
    connection.execute(f"DELETE FROM made.main.data WHERE {name} IN (SELECT key FROM gone)")
    connection.execute("INSERT INTO made.main.data BY NAME SELECT * FROM rows_in")
    connection.execute(f"COMMENT ON TABLE made.main.data IS {literal(f'{_MARK}{added}')}")
    counted = connection.sql("SELECT count(*) FROM made.main.data").fetchall()
    connection.execute("CHECKPOINT made")
    connection.execute("DETACH made")
    return int(counted[0][0])
