"""Parameters of a request as DALI 1.1 has them: names in any case, from the query and the form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from sciplat.errors import UsageError

__all__ = ["Dali", "Parameters"]

_FORM_FIELDS = 100
_FORM_PART_BYTES = 2_000_000


class Parameters:
    """The parameters of one request (DALI 1.1, section 3.1: names are case-insensitive)."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = tuple((name.upper(), value) for name, value in pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def text(self, name: str) -> str | None:
        """Return the only value of ``name``, or None where it was not sent.

        Raises
        ------
        UsageError
            It was sent more than once with different values.
        """
        values = list(dict.fromkeys(value for key, value in self._pairs if key == name))
        if len(values) > 1:
            raise UsageError(f"{name} was sent {len(values)} times with different values; send it once.")
        return values[0] if values else None

    def whole_number(self, name: str) -> int | None:
        """Return the value of ``name`` as a number of 0 or more, or None where it was not sent."""
        text = self.text(name)
        if text is None or not text.strip():
            return None
        if not text.strip().isdecimal() or not text.isascii() or len(text) > 18:
            raise UsageError(f"{name}={text[:40]!r} is not a whole number of 0 or more.")
        return int(text)


async def _parameters(request: Request) -> Parameters:
    pairs = list(request.query_params.multi_items())
    if request.method in ("POST", "PUT"):
        try:
            form = await request.form(max_fields=_FORM_FIELDS, max_part_size=_FORM_PART_BYTES)
        except ValueError as error:  # what reads forms lets its own errors through
            raise UsageError(f"The form is not understood: {error}.") from None
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                raise UsageError(f"{name} was sent as a file; this resource takes no files.")
            pairs.append((name, value))
    if any("\x00" in value for _, value in pairs):
        raise UsageError("A parameter holds a NUL character.")
    return Parameters(pairs)


Dali = Annotated[Parameters, Depends(_parameters)]
"""A handler's parameter that receives the parameters of the request."""
