"""What a failure in the engine means for the person who asked."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from sciplat import errors
from sciplat.engine.gate import RefusedError
from sciplat.engine.limits import Limits

__all__ = ["Failure", "explain"]

_TYPES = {
    "INT8": "SMALLINT",
    "INT16": "SMALLINT",
    "INT32": "INTEGER",
    "INT64": "BIGINT",
    "INT128": "BIGINT",
    "FLOAT": "REAL",
    "DOUBLE": "DOUBLE PRECISION",
    "BOOL": "BOOLEAN",
}
_TYPE = re.compile(r"\b(" + "|".join(_TYPES) + r")\b")
_QUOTED = re.compile(r"""('[^']*'|"[^"]*")""")
_TEXT = re.compile(r"Could not convert string '(?P<value>.*)' to (?P<type>\w+)", re.DOTALL)
_VALUE = re.compile(r"Type \w+ with value (?P<value>.*) can't be cast .* destination type (?P<type>\w+)")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure as it travels from a worker to the owner of the pool."""

    kind: str
    """A wire name of ``sciplat.errors``."""
    message: str
    detail: str
    """For the log."""
    fatal: bool = False
    """The worker should not go on."""


def explain(error: BaseException, limits: Limits) -> Failure:
    """Return what to tell the user about an error that was raised while a statement ran."""
    detail = f"{type(error).__name__}: {error}"
    match error:
        case errors.SciplatError():
            return Failure(error.code, error.message, detail)
        case RefusedError():
            return Failure(errors.EngineError.code, _NOT_OURS, detail)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Failure(errors.UnavailableError.code, _NO_ROOM, detail)
        case MemoryError() | pa.ArrowMemoryError():
            return Failure(errors.LimitError.code, limits.exceeded, detail, fatal=True)
        case RecursionError():
            return Failure(errors.LimitError.code, _TOO_DEEP, detail)
        case duckdb.Error() | OSError():
            # Once rows stream, DuckDB's errors come through Arrow as OSError: only the text tells.
            return _explain_engine(str(error), detail, limits)
        case _:
            return Failure(errors.EngineError.code, _BROKEN, detail, fatal=True)


def _explain_engine(text: str, detail: str, limits: Limits) -> Failure:
    kind, _, rest = text.partition(" Error: ")
    match kind.lower():
        case "interrupt":
            return Failure(errors.CancelledError.code, "The query was stopped.", detail)
        case "out of memory":
            # What a process has mapped it keeps, and the next query would have less: a new one it is.
            return Failure(errors.LimitError.code, limits.exceeded, detail, fatal=True)
        case "invalid input" if rest.startswith("Arrow Appender"):
            message = "A part of this result has more than 2 GB of text. Ask for shorter texts or fewer rows."
            return Failure(errors.LimitError.code, message, detail)
        case "conversion" | "out of range" | "invalid input":
            return Failure(errors.UsageError.code, _in_users_words(rest), detail)
        case "io" if "No space left" in rest:
            return Failure(errors.UnavailableError.code, _NO_ROOM, detail)
        case "io":
            return Failure(errors.EngineError.code, _UNREADABLE, detail)
        case "parser" | "syntax" | "binder" | "catalog" | "not implemented" | "permission":
            return Failure(errors.EngineError.code, _NOT_OURS, detail)
        case _:
            return Failure(errors.EngineError.code, _BROKEN, detail, fatal=True)


_NOT_OURS = (
    "The engine cannot run this query, though its ADQL is right: that is a defect of sciplat. "
    "Please report it with the query."
)
_TOO_DEEP = "The query joins or nests more tables than the engine can follow. Split it into several queries."
_UNREADABLE = (
    "A table of this query could not be read. Run the query again; if that doesn't help, tell the "
    "operator of this instance."
)
_NO_ROOM = "The disk for results is full. Ask the operator of this instance to make room."
_BROKEN = "The engine failed on this query. Other queries go on; please report it with the query."


def _in_users_words(text: str) -> str:
    """Return DuckDB's message about a value, without its SQL and with ADQL's names of types."""
    message = re.split(r"\n\n|\nLINE \d+:", text, maxsplit=1)[0].strip().rstrip(".!")
    if found := _TEXT.match(message):
        kind = found["type"]
        return f"The text {found['value']!r} cannot be converted to {_TYPES.get(kind, kind)}."
    if found := _VALUE.match(message):
        return f"The value {found['value']} is out of range for {_TYPES.get(found['type'], found['type'])}."
    if message.startswith("Division by zero"):
        return "Division by zero. Leave those rows out with WHERE, or divide by NULLIF(…, 0)."
    if message.startswith("More than one row returned by a subquery"):
        return "A subquery that stands for one value returned more than one row."
    parts = _QUOTED.split(message)
    parts[::2] = (_TYPE.sub(lambda found: _TYPES[found[0]], part) for part in parts[::2])
    message = "".join(parts)
    return f"{message[:1].upper()}{message[1:]}."
