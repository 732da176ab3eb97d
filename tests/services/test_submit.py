"""Jobs: who may follow them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sciplat.config import Settings
from sciplat.errors import PermissionDeniedError
from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.services.access import Visitor


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
        lambda: instance.submit.jobs(visitor=narrow),
        lambda: instance.submit.result(job.id, visitor=narrow),
        lambda: instance.submit.delete(job.id, visitor=narrow),
        lambda: instance.submit.abort(job.id, visitor=narrow),
    ):
        with pytest.raises(PermissionDeniedError, match="read:tap"):
            forbidden()
    assert instance.submit.job(job.id, visitor=reader) == job
