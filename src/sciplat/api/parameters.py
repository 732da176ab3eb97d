"""Parameters of a request as DALI 1.1 has them: names in any case, from the query and the form; and files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from sciplat.api.admission import allow_body
from sciplat.api.dependencies import Reach
from sciplat.errors import UsageError

__all__ = ["Dali", "DaliWithFiles", "Parameters"]

_FORM_FIELDS = 100
_FORM_PART_BYTES = 2_000_000
_FILES = 20


class Parameters:
    """The parameters of one request (DALI 1.1, section 3.1: names are case-insensitive)."""

    def __init__(
        self, pairs: Sequence[tuple[str, str]], files: Mapping[str, UploadFile] | None = None
    ) -> None:
        self._written = tuple(pairs)
        self._pairs = tuple((name.upper(), value) for name, value in pairs)
        self.files = files or {}
        """Parts of the form that are files, by their names as they were sent."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def all(self, name: str) -> list[str]:
        """Return every value of ``name``, in the order in which they were sent."""
        return [value for key, value in self._pairs if key == name]

    def exactly(self, name: str) -> str | None:
        """Return the first value of what was sent as ``name`` to the letter, or None."""
        return next((value for key, value in self._written if key == name), None)

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
    form = await _form(request, files=0)
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            raise UsageError(f"{name} was sent as a file; this resource takes no files.")
    return _read(request, form)


async def _with_files(request: Request, instance: Reach) -> AsyncIterator[Parameters]:
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        # Parts of other forms are not put on the disk: they must fit in memory.
        allow_body(request, instance.settings.query.upload_bytes)
    form = await _form(request, files=_FILES)
    try:
        yield _read(request, form)
    finally:
        await form.close()


async def _form(request: Request, *, files: int) -> FormData:
    if request.method not in ("POST", "PUT"):
        return FormData()
    try:
        return await request.form(
            max_files=files or 1, max_fields=_FORM_FIELDS, max_part_size=_FORM_PART_BYTES
        )
    except ValueError as error:  # what reads forms lets its own errors through
        raise UsageError(f"The form is not understood: {error}.") from None


def _read(request: Request, form: FormData) -> Parameters:
    pairs = list(request.query_params.multi_items())
    files: dict[str, UploadFile] = {}
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            pairs.append((name, value))
        elif files.setdefault(name, value) is not value:
            raise UsageError(
                f"Two files are called {name[:80]!r} in this request; give each part its own name."
            )
    if any("\x00" in value for _, value in pairs):
        raise UsageError("A parameter holds a NUL character.")
    return Parameters(pairs, files)


Dali = Annotated[Parameters, Depends(_parameters)]
"""A handler's parameter that receives the parameters of the request."""

DaliWithFiles = Annotated[Parameters, Depends(_with_files)]
"""The same where files may be among them; they are on the disk, and gone when the request is answered."""
