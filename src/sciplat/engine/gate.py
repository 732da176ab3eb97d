"""The second wall: only one SELECT over the files that came with it reaches DuckDB.

The first wall is the ADQL translator, which makes every statement. This one holds if that one
fails, and it also keeps a statement from the files that other users' statements left attached.
DuckDB's own parser reads the text, so there is no difference between what is checked and what runs.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import duckdb

__all__ = ["Admitted", "Gate", "RefusedError", "check"]

_FOREIGN_SOURCES = frozenset({"TABLE_FUNCTION", "SHOW_REF", "PIVOT"})
"""Kinds of FROM items that our translator never writes: functions that read files or settings."""

_QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})
"""Kinds of queries; the others change something (``WITH x AS (DELETE …)``)."""

_FOREIGN_FUNCTIONS = frozenset(
    {
        "current_setting",
        "currval",
        "getenv",
        "getvariable",
        "nextval",
        "query",
        "query_table",
        "set_config",
        "which_secret",
        "write_log",
    }
)


_MOST_CHARACTERS = 1 << 20
"""Of all texts that a gate knows; DuckDB's tree of a statement takes a few dozen bytes for each."""


class RefusedError(Exception):
    """The text is no single SELECT over the files that came with it."""


@dataclass(eq=False, slots=True)
class Admitted:
    """A text that a gate has let through."""

    statement: duckdb.Statement
    """As DuckDB's parser reads it."""

    batch_rows: int = 0
    """Rows that fit into a batch; 0 before it has run."""


class Gate:
    """Lets statements through, and knows again the texts that it has let through."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, frozenset[str], frozenset[str]], Admitted] = OrderedDict()
        self._characters = 0

    def admit(
        self,
        connection: duckdb.DuckDBPyConnection,
        sql: str,
        aliases: Collection[str],
        spools: Collection[str] = (),
    ) -> Admitted:
        """Let ``sql`` through, which reads databases ``aliases`` and ``spools``; raise as `check` does."""
        key = (sql, frozenset(aliases), frozenset(spools))
        admitted = self._known.get(key)
        if admitted is None:
            check(connection, sql, aliases, spools)
            (statement,) = connection.extract_statements(sql)
            admitted = self._known[key] = Admitted(statement)
            self._characters += len(sql)
            while self._characters > _MOST_CHARACTERS:
                (forgotten, _, _), _ = self._known.popitem(last=False)
                self._characters -= len(forgotten)
        else:
            self._known.move_to_end(key)
        return admitted


def check(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    aliases: Collection[str],
    spools: Collection[str] = (),
) -> None:
    """Refuse ``sql`` unless it is one SELECT of tables of the databases ``aliases``, and of ``spools``.

    Raises
    ------
    RefusedError
        With the reason, for the log.
    """
    ((text,),) = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    answer = json.loads(text)
    if answer["error"]:
        raise RefusedError(answer.get("error_message", "not a SELECT"))
    if len(answer["statements"]) != 1:
        raise RefusedError("not exactly one statement")
    allowed = {alias.lower() for alias in aliases}
    bare: set[str] = set()
    defined: set[str] = set()
    stack: list[Any] = answer["statements"]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
            continue
        if not isinstance(node, dict):
            continue
        stack.extend(value for value in node.values() if isinstance(value, (dict, list)))
        kind = node.get("type")
        if kind in _FOREIGN_SOURCES:
            raise RefusedError(f"{kind} in FROM")
        if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _QUERIES:
            raise RefusedError(f"{kind} in the query")
        if kind == "BASE_TABLE":
            if node["catalog_name"]:
                if node["catalog_name"].lower() not in allowed:
                    raise RefusedError(f"table of the database {node['catalog_name']!r}")
            elif node["schema_name"]:
                raise RefusedError(f"table of the schema {node['schema_name']!r}")
            else:
                bare.add(node["table_name"].lower())
        elif node.get("class") == "FUNCTION" and node["function_name"].lower() in _FOREIGN_FUNCTIONS:
            raise RefusedError(f"function {node['function_name']}")
        common_tables = node.get("cte_map")
        if isinstance(common_tables, dict):
            defined.update(entry["key"].lower() for entry in common_tables["map"])
    foreign = bare - defined - {name.lower() for name in spools}
    if foreign:
        raise RefusedError(f"tables without a database: {sorted(foreign)}")
