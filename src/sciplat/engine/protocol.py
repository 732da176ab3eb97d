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

Message = tuple[dict[str, Any], bytearray]


class Channel:
    """One end of the connection between a pool and a worker; any thread may send, one receives."""

    def __init__(self, end: socket.socket) -> None:
        end.settimeout(_PATIENCE_SECONDS)
        self._socket = end
        self._sending = threading.Lock()
        self._poll = select.poll()
        self._poll.register(end, select.POLLIN)

    def send(self, header: Mapping[str, Any], body: bytes | memoryview = b"") -> None:
        """Send one frame; ``OSError`` if the other side is gone."""
        text = json.dumps(header, separators=(",", ":")).encode()
        with self._sending:
            self._socket.sendall(_LENGTHS.pack(len(text), len(body)) + text)
            if len(body):
                self._socket.sendall(body)

    def wait(self, seconds: float | None) -> bool:
        """Wait until a frame (or the end) can be received; False if the time ran out."""
        return bool(self._poll.poll(None if seconds is None else max(0.0, seconds) * 1000))

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
        data = bytearray(size)
        rest = memoryview(data)
        while rest:
            count = self._socket.recv_into(rest)
            if not count:
                raise EOFError
            rest = rest[count:]
        return data


def statement_to_wire(statement: Statement) -> dict[str, Any]:
    """Return the JSON form of a statement."""
    return {
        "sql": statement.sql,
        "attachments": [[alias, str(path.absolute())] for alias, path in statement.attachments],
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
        columns=tuple(Column.from_json(column) for column in wire["columns"]),
        maxrec=wire["maxrec"],
        byte_limit=wire["byte_limit"],
        time_limit_seconds=wire["time_limit_seconds"],
    )
