"""Tables in a request: the UPLOAD parameter and the files that it names (TAP 1.1, section 2.7.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from sciplat.api.parameters import Parameters
from sciplat.api.policy import origin
from sciplat.engine.result import Result
from sciplat.errors import UsageError
from sciplat.instance import Instance
from sciplat.services.access import Visitor
from sciplat.services.upload import Sent
from sciplat.tables import arrow_ipc
from sciplat.uploads.models import Upload
from sciplat.vo.names import RESERVED_WORDS

__all__ = ["Receiving", "received_with", "sent_with"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")
# A semicolon may stand in an address too; one that separates has the next table's name behind it.
_NEXT = re.compile(r";(?=\s*[A-Za-z][A-Za-z0-9_]*\s*,)")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_OF_JOB = re.compile(
    r"/api/tap/async/(?P<job>[a-z0-9]+)/(?:(?P<result>results/result)(?:\?.*)?|uploads/(?P<name>\w+))"
)
_CHUNK = 1 << 20
_AT_ONCE = 20


class Receiving:
    """Turns of those whose tables are taken in: a slow host keeps nobody waiting who sends none.

    Those who have not signed in have turns of their own.
    """

    def __init__(self) -> None:
        self._of_users = CapacityLimiter(_AT_ONCE)
        self._of_nobody = CapacityLimiter(_AT_ONCE)

    def of(self, visitor: Visitor) -> CapacityLimiter:
        """Return the turns for a visitor."""
        return self._of_nobody if visitor.user is None else self._of_users


async def received_with(
    request: Request, parameters: Parameters, visitor: Visitor, instance: Instance
) -> tuple[Upload, ...]:
    """Take in the tables that came with a request; raises as `sent_with` and `UploadService.receive` do."""
    sent = sent_with(request, parameters, visitor, instance)
    if not sent:
        return ()
    receive = partial(instance.uploads.receive, sent, visitor=visitor)
    return await to_thread.run_sync(receive, limiter=request.app.state.receiving.of(visitor))


def sent_with(
    request: Request, parameters: Parameters, visitor: Visitor, instance: Instance
) -> tuple[Sent, ...]:
    """Return the tables that came with a request; those at an address come when they are read.

    An address of this instance's own results is no address: the rows are taken as the visitor may
    see them.

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
            if source.startswith("param:"):
                part = source.removeprefix("param:")
                named.add(part)
                sent.append(Sent(name, _part(parameters, name, part)))
            elif _ADDRESS.match(source):
                own = _own(source, request, visitor, instance)
                sent.append(Sent(name, own or instance.uploads.fetch(name, source)))
            else:
                raise UsageError(
                    f"UPLOAD {name}: {source[:80]!r} is not understood: send UPLOAD={name},param:part, or an "
                    "address that begins with http: or https:"
                )
    for part in parameters.files:
        if part not in named:
            raise UsageError(
                f"The file {part[:80]!r} belongs to no table: add UPLOAD=name,param:{part[:80]}."
            )
    return tuple(sent)


def _own(address: str, request: Request, visitor: Visitor, instance: Instance) -> Iterator[bytes] | None:
    """Return the content of a job's result or upload on this instance; None for any other address."""
    found = _OF_JOB.fullmatch(address.removeprefix(origin(request)))
    if found is None or not address.startswith(origin(request)):
        return None
    if found["result"]:
        return _rows(partial(instance.submit.result, found["job"], visitor=visitor))
    return _bytes(partial(instance.submit.upload, found["job"], found["name"], visitor=visitor))


def _rows(result: Callable[[], Result]) -> Iterator[bytes]:
    yield from arrow_ipc.write(result().stream())


def _bytes(path: Callable[[], Path]) -> Iterator[bytes]:
    with path().open("rb") as file:
        yield from _read(file)


def _read(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)  # two tables may be one part
    while chunk := file.read(_CHUNK):
        yield chunk


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"UPLOAD: {name[:80]!r} is no name of a table: letters, digits and _ only, a letter first."
        )
    if name.upper() in RESERVED_WORDS:
        raise UsageError(f"UPLOAD: {name!r} is a reserved word of ADQL; call the table otherwise.")


def _part(parameters: Parameters, name: str, part: str) -> Iterator[bytes]:
    file = parameters.files.get(part)
    if file is not None:
        return _read(file.file)
    # Some clients send a short table as a field like any other.
    text = parameters.exactly(part)
    if text is not None:
        return iter((text.encode(),))
    there = ", ".join(repr(each[:80]) for each in parameters.files) or "none"
    raise UsageError(f"UPLOAD {name}: there is no part {part[:80]!r} in this request; its files: {there}.")
