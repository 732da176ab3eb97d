"""Jobs: who may follow them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sciplat.config import Settings
from sciplat.errors import NotFoundError, PermissionDeniedError
from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.jobs.models import BULK_CUTOUT, CUTOUT, QUERY
from sciplat.services.access import Visitor
from sciplat.services.submit import Outlook


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    opened = Instance(tmp_path, Settings())
    yield opened
    opened.jobs.close()
    opened.identity.close()
    opened.recorder.close()
    opened.history.close()


def test_who_may_not_query_may_not_follow_jobs_either(instance: Instance) -> None:
    user = instance.identity.create_user("ada")
    reader = Visitor(user, frozenset({Scope.READ_TAP}))
    narrow = Visitor(user, frozenset({Scope.WRITE_FILES}))
    job = instance.submit.submit([("QUERY", "SELECT 1")], visitor=reader)

    for forbidden in (
        lambda: instance.submit.job(job.id, visitor=narrow),
        lambda: instance.submit.references(visitor=narrow),
        lambda: instance.submit.page(visitor=narrow, limit=1),
        lambda: instance.submit.result(job.id, visitor=narrow),
        lambda: instance.submit.delete(job.id, visitor=narrow),
        lambda: instance.submit.abort(job.id, visitor=narrow),
    ):
        with pytest.raises(PermissionDeniedError, match="read:tap"):
            forbidden()
    assert instance.submit.job(job.id, visitor=reader) == job


def test_a_job_is_listed_with_what_it_asks_in_one_line(instance: Instance) -> None:
    reader = Visitor(instance.identity.create_user("ada"), frozenset({Scope.READ_TAP}))
    query = "-- my stars\nSELECT ra,\n\tdec -- both\n\nFROM lab.stars " + "x" * 10_000
    job = instance.submit.submit([("LANG", "ADQL"), ("QUERY", query)], visitor=reader)
    instance.submit.submit([], visitor=reader)

    empty, brief = instance.submit.page(visitor=reader, limit=5)

    assert brief.title.startswith("SELECT ra, dec -- both FROM lab.stars xxx")
    assert (len(brief.title), empty.title) == (200, "")
    instance.submit.set_parameters(job.id, [("QUERY", "SELECT 2")], visitor=reader)
    changed = instance.submit.job(job.id, visitor=reader)
    assert (changed.title, changed.parameters) == ("SELECT 2", (("LANG", "ADQL"), ("QUERY", "SELECT 2")))


def test_a_job_is_quoted_by_what_is_known_of_it_and_of_those_before(instance: Instance) -> None:
    reader = Visitor(instance.identity.create_user("ada"), frozenset({Scope.READ_TAP}))
    made = [instance.submit.submit([("QUERY", "SELECT 1")], visitor=reader, run=True) for _ in range(3)]
    slots = instance.settings.query.job_workers

    def outlook(number: int) -> Outlook:
        return instance.submit.outlook(instance.submit.job(made[number].id, visitor=reader))

    assert outlook(2) == Outlook(turns_before=2, end=None)
    instance.jobs.queue.note_estimates({job.id: (1, 1000.0) for job in made})
    expected = datetime.now(UTC) + timedelta(seconds=2 * 1000 / slots + 1000)
    told = outlook(2)
    assert told.turns_before == 2
    assert told.end is not None
    assert abs(told.end - expected) < timedelta(seconds=60)
    first = instance.jobs.queue.claim(running_per_user=9)
    assert first is not None
    assert first.started is not None
    assert outlook(0) == Outlook(None, first.started + timedelta(seconds=1000))
    instance.jobs.queue.complete(first.id, [])
    assert outlook(0) == Outlook(None, None)


def test_a_job_is_never_expected_to_take_longer_than_it_may(instance: Instance) -> None:
    reader = Visitor(instance.identity.create_user("ada"), frozenset({Scope.READ_TAP}))
    made = [instance.submit.submit([("QUERY", "SELECT 1")], visitor=reader, run=True) for _ in range(2)]
    instance.jobs.queue.note_estimates({job.id: (1, 1e300) for job in made})
    limit, slots = timedelta(seconds=made[0].execution_duration), instance.settings.query.job_workers
    now = datetime.now(UTC)

    ends = [instance.submit.outlook(instance.submit.job(job.id, visitor=reader)).end for job in made]

    assert None not in ends
    assert [end - now for end in ends if end] == pytest.approx(
        [limit, limit + limit / slots], abs=timedelta(seconds=60)
    )


def test_jobs_of_another_kind_do_not_exist(instance: Instance) -> None:
    user = instance.identity.create_user("ada")
    both = Visitor(user, frozenset({Scope.READ_TAP, Scope.READ_IMAGE}))
    tables = Visitor(user, frozenset({Scope.READ_TAP}))
    images = Visitor(user, frozenset({Scope.READ_IMAGE}))
    query = instance.submit.submit([("QUERY", "SELECT 1")], visitor=both)
    cutouts, bulk = instance.submit.of(CUTOUT), instance.submit.of(BULK_CUTOUT)
    cutout = cutouts.submit([("ID", "ivo://a/b?c")], visitor=images)
    many = bulk.submit([("QUERY", "SELECT 2")], visitor=both)

    with pytest.raises(NotFoundError):
        cutouts.job(query.id, visitor=both)
    with pytest.raises(NotFoundError):
        instance.submit.of(QUERY).job(cutout.id, visitor=both)
    assert [job.id for job in cutouts.references(visitor=images)] == [cutout.id]
    assert [job.id for job in instance.submit.page(visitor=both, limit=9)] == [many.id, cutout.id, query.id]
    assert [job.id for job in instance.submit.page(visitor=tables, limit=9)] == [query.id]
    assert [job.id for job in instance.submit.page(visitor=images, limit=9)] == [cutout.id]
    for forbidden in (
        lambda: cutouts.submit([], visitor=tables),
        lambda: bulk.submit([], visitor=tables),
        lambda: bulk.submit([], visitor=images),
        lambda: instance.submit.job(cutout.id, visitor=tables),
        lambda: instance.submit.job(query.id, visitor=images),
    ):
        with pytest.raises(PermissionDeniedError, match="read:"):
            forbidden()
