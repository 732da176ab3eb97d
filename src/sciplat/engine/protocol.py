"""Messages between the owner of a pool and its workers, over a pair of connected sockets.

A frame is two lengths, a JSON object, and bytes that belong to it::

    uint32 length of JSON | uint64 length of bytes | JSON | bytes

Owner to worker::

    run        a statement, and with how many threads; answered by begin, batch… and done, or by error
    interrupt  stop the statement of this id

Worker to owner::

    ready      the worker can be used
    begin      the result outgrew memory: it is being spooled; bytes: the Arrow schema
    batch      one more record batch can be read from the spool: offset, size, rows
    done       finished; bytes: the whole result, where it wasn't spooled
    error      failed: kind (a wire name of ``sciplat.errors``), message, detail for the log
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sciplat.engine.statement import Statement
from sciplat.vo.schema import Column

__all__ = ["Channel", "Message", "statement_from_wire", "statement_to_wire"]

_LENGTHS = struct.Struct("<IQ")
_LONGEST_HEADER = 64 << 20
_LONGEST_BODY = 64 << 20
_PATIENCE_SECONDS = 30.0
_AHEAD_BYTES = 16 << 10
"""Frames of most brief statements and of their rows are smaller."""

Message = tuple[dict[str, Any], bytearray]


class Channel:
    """One end of the connection between a pool and a worker; any thread may send, one receives.

    Each call of the system lets other threads of this process go first, so a small frame takes as few as can
    be: one to send it; one to wait for it and one to read it.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._socket = end
        self._sending = threading.Lock()
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(end, select.POLLIN)
        self._writable.register(end, select.POLLOUT)
        self._ahead = bytearray()
        """What was read beyond the last frame."""

    def send(self, header: Mapping[str, Any], body: bytes | memoryview = b"") -> None:
        """Send one frame; ``OSError`` if the other side is gone."""
        text = json.dumps(header, separators=(",", ":")).encode()
        left = [memoryview(_LENGTHS.pack(len(text), len(body)) + text)]
        if len(body):
            left.append(memoryview(body).cast("B"))
        with self._sending:
            while left:
                try:
                    sent = self._socket.sendmsg(left)
                except BlockingIOError:
                    if not self._writable.poll(_PATIENCE_SECONDS * 1000):
                        raise
                    continue
                while left and sent >= len(left[0]):
                    sent -= len(left.pop(0))
                if sent:
                    left[0] = left[0][sent:]

    def wait(self, seconds: float | None) -> bool:
        """Wait until a frame (or the end) can be received; False if the time ran out."""
        if self._ahead:
            return True
        return bool(self._readable.poll(None if seconds is None else max(0.0, seconds) * 1000))

    def receive(self) -> Message | None:
        """Receive one frame; None if the other side is gone."""
        try:
            header_size, body_size = _LENGTHS.unpack(self._read(_LENGTHS.size))
            if header_size > _LONGEST_HEADER or body_size > _LONGEST_BODY:
                return None
            header = json.loads(self._read(header_size))
            return header, self._read(body_size)
        except (OSError, EOFError, ValueError):
            return None

    def close(self) -> None:
        """Close this end; the other side then sees the end of the connection."""
        self._socket.close()

    def _read(self, size: int) -> bytearray:
        if size <= _AHEAD_BYTES:
            while len(self._ahead) < size:
                more = bytearray(_AHEAD_BYTES)
                count = self._receive_into(memoryview(more))
                self._ahead += memoryview(more)[:count]
            data = self._ahead[:size]
            del self._ahead[:size]
            return data
        data = bytearray(size)
        rest = memoryview(data)
        rest[: len(self._ahead)] = self._ahead
        rest = rest[len(self._ahead) :]
        self._ahead.clear()
        while rest:
            rest = rest[self._receive_into(rest) :]
        return data

    def _receive_into(self, room: memoryview) -> int:
        while True:
            try:
                count = self._socket.recv_into(room)
            except BlockingIOError:
                if not self._readable.poll(_PATIENCE_SECONDS * 1000):
                    raise
                continue
            if not count:
                raise EOFError
            return count


def statement_to_wire(statement: Statement) -> dict[str, Any]:
    """Return the JSON form of a statement."""
    return {
        "sql": statement.sql,
        "attachments": [[alias, str(path.absolute())] for alias, path in statement.attachments],
        "spools": [[name, str(path.absolute())] for name, path in statement.spools],
        "numbered": statement.numbered,
        "columns": [column.to_json() for column in statement.columns],
        "maxrec": statement.maxrec,
        "byte_limit": statement.byte_limit,
        "time_limit_seconds": statement.time_limit_seconds,
    }


def statement_from_wire(wire: Mapping[str, Any]) -> Statement:
    """Return the statement that :func:`statement_to_wire` wrote."""
    return Statement(
        sql=wire["sql"],
        attachments=tuple((alias, Path(path)) for alias, path in wire["attachments"]),
        spools=tuple((name, Path(path)) for name, path in wire["spools"]),
        numbered=wire["numbered"],
        columns=tuple(Column.from_json(column) for column in wire["columns"]),
        maxrec=wire["maxrec"],
        byte_limit=wire["byte_limit"],
        time_limit_seconds=wire["time_limit_seconds"],
    )
