"""What a script hears when an instance is away, slow or says no."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pyarrow as pa
import pytest

from sciplat.client import door
from sciplat.client.door import Door
from sciplat.client.job import ClientJob
from sciplat.errors import UnavailableError, UsageError
from sciplat.tables import votable
from sciplat.tables.document import Document
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype


@contextmanager
def answering(
    status: int, body: bytes, *, after: threading.Event | None = None
) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if after is not None:
                after.wait(10)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            if after is not None:
                after.set()
            server.shutdown()
            thread.join()


def test_an_instance_that_is_away_is_named() -> None:
    with pytest.raises(UnavailableError, match=r"Nobody answers at http://127\.0\.0\.1:1"):
        Door("http://127.0.0.1:1", None).get("/api/health")


def test_an_instance_that_stays_silent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "TIMEOUT_SECONDS", 0.05)
    with (
        answering(200, b"{}", after=threading.Event()) as (url, _),
        pytest.raises(UnavailableError, match="Nobody answers"),
    ):
        Door(url, None).get("/api/health")


def test_a_refusal_comes_in_the_instances_own_words() -> None:
    with (
        answering(404, b'{"error": {"code": "not_found", "message": "There is no job."}}') as (url, _),
        pytest.raises(UsageError, match="There is no job"),
    ):
        Door(url, None).get("/api/jobs/x")


def test_rows_of_a_job_are_asked_for_as_votable_whatever_its_format() -> None:
    batch = pa.record_batch({"x": [1, 2]})
    stream = TableStream((Column("x", Datatype.LONG),), batch.schema, iter([batch]))
    rows = b"".join(votable.write(stream, Document()))
    with answering(200, rows) as (url, asked):
        job = ClientJob(Door(url, None), "id")
        job._facts = {"phase": "COMPLETED", "links": {"result": "/result"}}

        assert list(job.table()["x"]) == [1, 2]
    assert asked == ["/result?RESPONSEFORMAT=votable"]
