"""Tables in a request: the UPLOAD parameter and the files that it names (TAP 1.1, section 2.7.6)."""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from sciplat.api.parameters import Parameters
from sciplat.errors import UsageError
from sciplat.services.upload import Sent
from sciplat.vo.names import RESERVED_WORDS

__all__ = ["sent_with"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")
# A semicolon may stand in an address too; one that separates has the next table's name behind it.
_NEXT = re.compile(r";(?=\s*[A-Za-z][A-Za-z0-9_]*\s*,)")


def sent_with(parameters: Parameters) -> tuple[Sent, ...]:
    """Return the tables that came with a request.

    Raises
    ------
    UsageError
        UPLOAD is not understood, or names a part that isn't there; or a part is named by nothing.
    """
    sent: list[Sent] = []
    named: set[str] = set()
    for value in parameters.all("UPLOAD"):
        for pair in _NEXT.split(value.strip().rstrip(";")):
            name, comma, source = (word.strip() for word in pair.partition(","))
            if not comma or not source:
                raise UsageError(f"UPLOAD={pair[:80]!r} is not understood: send UPLOAD=name,param:part")
            _check(name)
            part = source.removeprefix("param:")
            if part == source:
                raise UsageError(
                    f"UPLOAD {name}: {source[:80]!r} is not understood: send UPLOAD={name},param:part"
                )
            named.add(part)
            sent.append(Sent(name, _part(parameters, name, part)))
    for part in parameters.files:
        if part not in named:
            raise UsageError(
                f"The file {part[:80]!r} belongs to no table: send UPLOAD=name,param:{part[:80]} too."
            )
    return tuple(sent)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"UPLOAD: {name[:80]!r} is no name of a table: letters, digits and _ only, a letter first."
        )
    if name.upper() in RESERVED_WORDS:
        raise UsageError(f"UPLOAD: {name!r} is a reserved word of ADQL; call the table otherwise.")


def _part(parameters: Parameters, name: str, part: str) -> BinaryIO:
    file = parameters.files.get(part)
    if file is not None:
        return file.file
    # Some clients send a short table as a field like any other.
    text = parameters.exactly(part)
    if text is not None:
        return io.BytesIO(text.encode())
    there = ", ".join(repr(each[:80]) for each in parameters.files) or "none"
    raise UsageError(f"UPLOAD {name}: there is no part {part[:80]!r} in this request; its files: {there}.")
