# SPDX-License-Identifier: BSD-3-Clause
"""Every error a user can meet.

::

    SciplatError
      x UsageError                 the request is wrong: say what and where
        · MultipleValuesError      a parameter was sent more often than a service takes it
        · ADQLError                a query is wrong at a line and column
        · ConfigError              a setting is wrong or unknown
        · IngestError              a file cannot become a table
        · ImageFileError           a file is no image that can be read
        · NoOverlapError           a region has no pixel of an image
        · OAuthError               a client of OAuth asks wrongly
      x AuthenticationError        nobody, or not yet, has signed in
        · UnseenNameError          a query names what only somebody who signs in may see
      x PermissionDeniedError      signed in, but this needs another scope
      x NotFoundError              it does not exist (for this user)
      x ConflictError              it exists already, or is in use
      x LimitError                 an announced limit was reached
        · QueryTimeoutError        a query ran into its time limit
        · TooManyAttemptsError     too often in too short a time: wait
      x UnavailableError           a part of the instance is not there now
        · MissingExtraError        a part was not installed
      x CancelledError             somebody stopped it
      x EngineError                the engine failed on a query that was right

Messages speak to the user about their request: which input, where in it, and
what to do about it. ``str(error)`` is the whole message for people.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "ADQLError",
    "AuthenticationError",
    "CancelledError",
    "ConfigError",
    "ConflictError",
    "EngineError",
    "ImageFileError",
    "IngestError",
    "LimitError",
    "MissingExtraError",
    "MultipleValuesError",
    "NoOverlapError",
    "NotFoundError",
    "OAuthError",
    "PermissionDeniedError",
    "QueryTimeoutError",
    "SciplatError",
    "TooManyAttemptsError",
    "UnavailableError",
    "UnseenNameError",
    "UsageError",
]


class SciplatError(Exception):
    """The base of every error that is meant for a user."""

    code: ClassVar[str] = "error"
    """The name of this kind of error on the wire; never changes."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def facts(self) -> dict[str, Any]:
        """Return the error as it is sent and kept: its code and its message."""
        return {"code": self.code, "message": self.message}


class _PlacedError(SciplatError):
    """An error at one place of a query.

    Parameters
    ----------
    message
        What was expected there and what would mend it, without the place.
    line, column
        Where, counted from 1 in the text of the query.
    length
        How many characters are wrong; 0 where only the place is known.
    """

    def __init__(self, message: str, *, line: int, column: int, length: int = 0) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.length = length

    def __str__(self) -> str:
        return f"{self.message} (line {self.line}, column {self.column})"

    def facts(self) -> dict[str, Any]:
        """Return the error as it is sent and kept, with its place."""
        return {**super().facts(), "line": self.line, "column": self.column, "length": self.length}


class UsageError(SciplatError):
    """The request is wrong; the message says what and where."""

    code = "usage"


class MultipleValuesError(UsageError):
    """A parameter has several values where a service takes one (SODA 1.0, section 5.2)."""

    code = "multiple_values"


class ADQLError(_PlacedError, UsageError):
    """A query is wrong at one place.

    Parameters
    ----------
    message, line, column, length
        What is wrong, and where.
    unknown_table
        The query names a table that the asker cannot see.
    """

    code = "adql"

    def __init__(
        self, message: str, *, line: int, column: int, length: int = 0, unknown_table: bool = False
    ) -> None:
        super().__init__(message, line=line, column=column, length=length)
        self.unknown_table = unknown_table


class ConfigError(UsageError):
    """A setting is wrong, or there is no setting of that name."""

    code = "config"


class IngestError(UsageError):
    """A file cannot become a table; the message names file, column and row."""

    code = "ingest"


class ImageFileError(UsageError):
    """A file is no image that can be read; the message names the file and what is wrong with it."""

    code = "image_file"


class NoOverlapError(UsageError):
    """A region has no pixel of an image; the message says where the image lies."""

    code = "no_overlap"


class OAuthError(UsageError):
    """A client of OAuth 2.0 asks wrongly.

    Parameters
    ----------
    reason
        What the standard calls it (RFC 6749, sections 4.1.2.1 and 5.2).
    """

    code = "oauth"

    def __init__(self, message: str, *, reason: str = "invalid_request") -> None:
        super().__init__(message)
        self.reason = reason

    def facts(self) -> dict[str, Any]:
        """Return the error as it is sent and kept, with its reason."""
        return {**super().facts(), "reason": self.reason}


class AuthenticationError(SciplatError):
    """Only a session or a token opens it."""

    code = "authentication"


class UnseenNameError(_PlacedError, AuthenticationError):
    """A query of somebody who has not signed in names what is not public, if it exists at all."""


class PermissionDeniedError(SciplatError):
    """The session or token lacks a scope; the message names it."""

    code = "permission_denied"


class NotFoundError(SciplatError):
    """There is no such thing for this user."""

    code = "not_found"


class ConflictError(SciplatError):
    """It exists already, or something else holds it."""

    code = "conflict"


class LimitError(SciplatError):
    """An announced limit was reached; the message says which and what to do."""

    code = "limit"


class QueryTimeoutError(LimitError):
    """A query ran into its time limit."""

    code = "query_timeout"


class TooManyAttemptsError(LimitError):
    """Sign-in failed too often, or too much was done at once; the message says to wait.

    Parameters
    ----------
    retry_seconds
        After how long another attempt is allowed.
    """

    code = "too_many_attempts"

    def __init__(self, message: str, *, retry_seconds: int = 60) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class UnavailableError(SciplatError):
    """A part of the instance is not there at the moment."""

    code = "unavailable"


class MissingExtraError(UnavailableError):
    """A part of sciplat was not installed; the message has the command that installs it."""

    code = "missing_extra"


class CancelledError(SciplatError):
    """Somebody stopped it."""

    code = "cancelled"


class EngineError(SciplatError):
    """The engine failed on a query that was right."""

    code = "engine"
