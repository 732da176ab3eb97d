"""Users find what they asked, and nothing of others; history and jobs tell the same."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from sciplat.config import Settings
from sciplat.engine.statement import Outcome
from sciplat.errors import (
    AuthenticationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    UsageError,
)
from sciplat.history import Aspect, Filters
from sciplat.history.models import Upload
from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.jobs import JobError, JobResult, Phase
from sciplat.services.access import Visitor
from sciplat.services.plan import Query
from sciplat.uploads.models import Upload as Received
from sciplat.vo.schema import Column, Datatype, Table

if TYPE_CHECKING:
    from sciplat.services.query import QueryService

READ = frozenset({Scope.READ_TAP})


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    opened = Instance(tmp_path, Settings())
    yield opened
    opened.recorder.close()
    opened.history.close()
    opened.jobs.close()
    opened.identity.close()


@pytest.fixture
def ada(instance: Instance) -> Visitor:
    return Visitor(instance.identity.create_user("ada"), READ)


@pytest.fixture
def vera(instance: Instance) -> Visitor:
    return Visitor(instance.identity.create_user("vera"), READ)


def submitted(instance: Instance, visitor: Visitor, adql: str = "SELECT 1", *, run: bool = True) -> str:
    pairs = [("QUERY", adql), ("LANG", "ADQL"), ("MAXREC", "5"), ("RESPONSEFORMAT", "csv")]
    return instance.submit.submit(pairs, visitor=visitor, aspect=Aspect.PORTAL, run=run).id


def phase_of(instance: Instance, visitor: Visitor, query_id: str) -> Phase:
    return instance.recall.query(query_id, visitor=visitor).record.phase


def test_a_job_is_in_the_history_as_soon_as_it_waits(instance: Instance, ada: Visitor) -> None:
    pending = submitted(instance, ada, run=False)
    assert instance.recall.queries(visitor=ada, limit=10).records == ()

    instance.submit.run(pending, visitor=ada, aspect=Aspect.NOTEBOOK)
    (found,) = instance.recall.queries(visitor=ada, limit=10).records

    assert found.job is Phase.QUEUED
    assert (found.record.id, found.record.phase) == (pending, Phase.QUEUED)
    assert (found.record.maxrec, found.record.format) == (5, "csv")
    assert found.record.aspect is Aspect.NOTEBOOK


def test_the_history_knows_how_jobs_ended_whoever_ended_them(instance: Instance, ada: Visitor) -> None:
    aborted, deleted, failed, done = (submitted(instance, ada) for _ in range(4))
    instance.recorder.flush()

    instance.submit.abort(aborted, visitor=ada)
    instance.submit.delete(deleted, visitor=ada)
    taken = [instance.jobs.queue.claim(running_per_user=9) for _ in range(2)]
    assert [job and job.id for job in taken] == [failed, done]
    instance.jobs.queue.fail(failed, JobError("adql", "No", 1, 2, 3))
    instance.jobs.queue.complete(done, [JobResult("result", 7, 70)], overflow=True)

    assert phase_of(instance, ada, aborted) is Phase.ABORTED
    assert phase_of(instance, ada, deleted) is Phase.ABORTED
    error = instance.recall.query(failed, visitor=ada).record.error
    assert error == {"code": "adql", "message": "No", "line": 1, "column": 2, "length": 3}
    recalled = instance.recall.query(done, visitor=ada)
    assert (recalled.record.rows, recalled.record.overflow, recalled.record.aspect) == (
        7,
        True,
        Aspect.PORTAL,
    )
    assert recalled.job is Phase.COMPLETED

    instance.submit.delete(done, visitor=ada)
    assert instance.recall.query(done, visitor=ada).job is None
    assert phase_of(instance, ada, done) is Phase.COMPLETED


def test_the_history_of_others_does_not_exist(instance: Instance, ada: Visitor, vera: Visitor) -> None:
    secret = submitted(instance, ada, "SELECT 'a secret place'")
    instance.submit.abort(secret, visitor=ada)
    nobody, narrow = Visitor.anonymous(), Visitor(ada.user, frozenset({Scope.WRITE_FILES}))

    for filters in (None, Filters(words=("secret",)), Filters(phase=Phase.ABORTED)):
        assert instance.recall.queries(visitor=vera, filters=filters, limit=10).records == ()
    assert instance.recall.delete_all(visitor=vera) == 0
    messages = set()
    for query_id in (secret, "a" * 26):
        for act in (
            lambda i=query_id, **who: instance.recall.query(i, **who),
            lambda i=query_id, **who: instance.recall.delete(i, **who),
            lambda i=query_id, **who: instance.recall.run(i, aspect=Aspect.API, **who),
        ):
            with pytest.raises(NotFoundError) as caught:
                act(visitor=vera)
            messages.add(str(caught.value).replace(query_id, "ID"))
            with pytest.raises(AuthenticationError):
                act(visitor=nobody)
            with pytest.raises(PermissionDeniedError):
                act(visitor=narrow)
    assert len(messages) == 1
    with pytest.raises(PermissionDeniedError):
        instance.recall.queries(visitor=narrow, limit=10)
    assert phase_of(instance, ada, secret) is Phase.ABORTED


def test_a_query_is_asked_again_with_all_that_it_was(instance: Instance, ada: Visitor) -> None:
    first = submitted(instance, ada, "SELECT\n 'ü'")

    again = instance.recall.run(first, visitor=ada, aspect=Aspect.API)

    assert again.record.id != first
    assert again.job is Phase.QUEUED
    assert dict(instance.submit.job(again.record.id, visitor=ada).parameters) == {
        "QUERY": "SELECT\n 'ü'",
        "LANG": "ADQL",
        "MAXREC": "5",
        "RESPONSEFORMAT": "csv",
    }


def test_what_is_not_over_is_not_forgotten(instance: Instance, ada: Visitor) -> None:
    running = submitted(instance, ada)
    with pytest.raises(ConflictError, match="abort its job first"):
        instance.recall.delete(running, visitor=ada)
    assert instance.recall.delete_all(visitor=ada) == 0

    instance.submit.abort(running, visitor=ada)
    instance.recall.delete(running, visitor=ada)

    with pytest.raises(NotFoundError):
        instance.recall.query(running, visitor=ada)
    assert instance.submit.job(running, visitor=ada).phase is Phase.ABORTED


def test_pages_say_where_the_next_begins(instance: Instance, ada: Visitor) -> None:
    made = [submitted(instance, ada, f"SELECT {number}") for number in range(5)]

    first = instance.recall.queries(visitor=ada, limit=3)
    last = instance.recall.queries(visitor=ada, limit=2, before=first.next)

    assert [r.record.id for r in (*first.records, *last.records)] == made[::-1]
    assert last.next is None


CONTENT = "ab" * 32


def uploaded(instance: Instance, tmp_path: Path, name: str = "mine") -> Received:
    """Return a table as if it had just come with a query."""
    if (found := instance.uploads._store.find(name, CONTENT)) is not None:
        return found
    made = tmp_path / "made"
    made.mkdir()
    (made / "source").write_bytes(b"ra\n1\n")
    (made / "data.duckdb").write_bytes(b"rows")
    table = Table("TAP_UPLOAD", name, (Column("ra", Datatype.DOUBLE),), rows=1)
    return instance.uploads._store.put(made, CONTENT, table)


def asked(instance: Instance, tmp_path: Path, visitor: Visitor) -> str:
    """Note a synchronous query that read an upload, and return its id."""
    query = Query("SELECT * FROM TAP_UPLOAD.mine", uploads=(uploaded(instance, tmp_path),))
    note = instance.notes.query(query, visitor=visitor)
    note.completed(Outcome(rows=1, bytes=8, overflow=False, seconds=0.1, spooled=False))
    assert note.id is not None
    return note.id


def later(instance: Instance, tmp_path: Path, *, days: float) -> None:
    """Let so long pass, and clean up."""
    instance.recorder.flush()
    place = tmp_path / "uploads" / CONTENT
    then = time.time() - 86_400 * days
    for path in (place, *(place / "held").glob("*")):
        os.utime(path, (then, then))
    instance.execute(cast("QueryService", None)).clean()


def upload_of(instance: Instance, visitor: Visitor, job_id: str) -> Path:
    return instance.submit.upload(job_id, "mine", visitor=visitor)


@pytest.mark.parametrize("run", ["again", "by its specification"])
def test_a_query_that_read_an_upload_is_asked_again_with_it(
    instance: Instance, tmp_path: Path, ada: Visitor, run: str
) -> None:
    first = asked(instance, tmp_path, ada)
    later(instance, tmp_path, days=29)

    if run == "again":
        again = instance.recall.run(first, visitor=ada, aspect=Aspect.API)
    else:
        record = instance.recall.query(first, visitor=ada).record
        again = instance.recall.submit(
            Query(record.adql), form=None, uploads=record.uploads, first=first, visitor=ada, aspect=Aspect.API
        )

    assert upload_of(instance, ada, again.record.id).read_bytes() == b"ra\n1\n"
    assert instance.recall.query(again.record.id, visitor=ada).record.uploads == (Upload("mine", CONTENT, 1),)


@pytest.mark.parametrize("by", ["run at once", "run later"])
def test_the_history_of_a_job_has_its_upload_also_when_the_job_is_gone(
    instance: Instance, tmp_path: Path, ada: Visitor, by: str
) -> None:
    pairs = [("QUERY", "SELECT * FROM TAP_UPLOAD.mine")]
    uploads = [uploaded(instance, tmp_path)]
    made = instance.submit.submit(
        pairs, visitor=ada, aspect=Aspect.PORTAL, uploads=uploads, run=by == "run at once"
    )
    if by == "run later":
        instance.submit.run(made.id, visitor=ada, aspect=Aspect.PORTAL)
    instance.submit.abort(made.id, visitor=ada)
    assert instance.recall.query(made.id, visitor=ada).record.aspect is Aspect.PORTAL
    instance.submit.delete(made.id, visitor=ada)
    later(instance, tmp_path, days=1)

    again = instance.recall.run(made.id, visitor=ada, aspect=Aspect.API)

    assert upload_of(instance, ada, again.record.id).exists()


@pytest.mark.parametrize("why", ["time has passed", "it was forgotten", "all were forgotten"])
def test_an_upload_is_not_kept_for_ever(instance: Instance, tmp_path: Path, ada: Visitor, why: str) -> None:
    first = asked(instance, tmp_path, ada)
    if why == "it was forgotten":
        instance.recall.delete(first, visitor=ada)
    elif why == "all were forgotten":
        instance.recall.delete_all(visitor=ada)
    later(instance, tmp_path, days=31 if why == "time has passed" else 1)

    assert not (tmp_path / "uploads" / CONTENT).exists()
    if why == "time has passed":
        with pytest.raises(ConflictError, match=r"TAP_UPLOAD\.mine is no longer kept: send it again"):
            instance.recall.run(first, visitor=ada, aspect=Aspect.API)


def test_who_knows_the_hash_of_a_table_of_somebody_else_gets_no_row_of_it(
    instance: Instance, tmp_path: Path, ada: Visitor, vera: Visitor
) -> None:
    first = asked(instance, tmp_path, ada)
    own = submitted(instance, vera)

    for named in (first, own, None, "a" * 26, "ü"):
        with pytest.raises(UsageError, match="uploaded as mine, and your history has no such table"):
            instance.recall.submit(
                Query("SELECT 1"),
                form=None,
                uploads=[Upload("mine", CONTENT, 1)],
                first=named,
                visitor=vera,
                aspect=Aspect.API,
            )
