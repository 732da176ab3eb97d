"""Server-side Operations for Data Access 1.0: its identifiers, and how it words errors."""

from __future__ import annotations

from typing import Final

from sciplat import errors

__all__ = ["ASYNC", "SYNC", "error_text"]

SYNC: Final = "ivo://ivoa.net/std/SODA#sync-1.0"
ASYNC: Final = "ivo://ivoa.net/std/SODA#async-1.0"

_CODES: dict[type[errors.SciplatError], str] = {
    errors.MultipleValuesError: "MultiValuedParamNotSupported",
    errors.AuthenticationError: "AuthenticationError",
    errors.PermissionDeniedError: "AuthorizationError",
    errors.TooManyAttemptsError: "ServiceUnavailable",
    errors.UnavailableError: "ServiceUnavailable",
    errors.ImageFileError: "Error",
    errors.UsageError: "UsageError",
    errors.NotFoundError: "UsageError",
    errors.ConflictError: "UsageError",
    errors.LimitError: "UsageError",
}


def error_text(error: errors.SciplatError) -> str:
    """Return an error as the standard has it: text that begins with one of its codes (section 5.2)."""
    code = next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), "Error")
    return f"{code}: {error}"
