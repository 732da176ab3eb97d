"""Messages between a pool and its workers."""

from __future__ import annotations

import json
import socket
import struct
from pathlib import Path

from sciplat.engine.protocol import Channel, statement_from_wire, statement_to_wire
from sciplat.engine.statement import Statement
from sciplat.vo.schema import Column, Datatype


def test_a_statement_survives_the_wire() -> None:
    statement = Statement(
        "SELECT 'ü' AS \"x\"",
        (("g_1", Path("/data/object.g0001.duckdb")),),
        (Column("x"), Column("y", Datatype.CHAR, "*", xtype="timestamp", unit="s", principal=True)),
        maxrec=0,
        byte_limit=6 * 10**9,
        time_limit_seconds=60.0,
    )

    assert statement_from_wire(json.loads(json.dumps(statement_to_wire(statement)))) == statement


def test_frames_arrive_whole_and_the_end_is_seen() -> None:
    ours, theirs = (Channel(end) for end in socket.socketpair())
    ours.send({"op": "run", "text": "ü"})
    ours.send({"op": "done"}, b"\0" * 1000)
    ours.close()

    assert theirs.receive() == ({"op": "run", "text": "ü"}, b"")
    assert theirs.receive() == ({"op": "done"}, b"\0" * 1000)
    assert theirs.wait(0)
    assert theirs.receive() is None
    theirs.close()


def test_a_frame_of_absurd_length_is_the_end() -> None:
    raw, end = socket.socketpair()
    channel = Channel(end)
    with raw:
        raw.sendall(struct.pack("<IQ", 10, 1 << 60) + b"{}")

        assert channel.receive() is None
    channel.close()
