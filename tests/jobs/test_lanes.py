"""Jobs of several kinds, each lane of which another process executes."""

from __future__ import annotations

from datetime import UTC, datetime

from sciplat.jobs import JobStore, Phase
from sciplat.jobs.models import BULK_CUTOUT, CUTOUT, LANES, QUERY


def test_each_lane_is_taken_up_recovered_and_removed_by_itself(store: JobStore) -> None:
    queries, pixels = store.queue.only(LANES[0]), store.queue.only(LANES[1])
    made = {
        kind: store.create(
            owner="vera",
            parameters=[],
            kind=kind,
            destruction=datetime(2000, 1, 1, tzinfo=UTC),
            execution_duration=60,
            run=True,
        )
        for kind in (BULK_CUTOUT, QUERY, CUTOUT)
    }
    query, bulk, cutout = made[QUERY], made[BULK_CUTOUT], made[CUTOUT]
    assert store.turns_before(query) == 0
    assert store.turns_before(cutout) == 1

    assert [job.id for job in pixels.to_estimate(9)] == [bulk.id, cutout.id]
    first = pixels.claim(running_per_user=1)
    assert first is not None
    assert first.id == bulk.id
    assert pixels.claim(running_per_user=1) is None
    asked = queries.claim(running_per_user=1)
    assert asked is not None
    assert asked.id == query.id
    assert queries.claim(running_per_user=9) is None

    assert queries.executing() == [query.id]
    assert [job.id for job in queries.recover()] == [query.id]
    assert (found := store.get(bulk.id)) is not None
    assert found.phase is Phase.EXECUTING
    now = datetime.now(UTC)
    assert (queries.expired(now), set(pixels.expired(now))) == ([query.id], {bulk.id, cutout.id})


def test_a_list_may_be_of_one_kind_of_jobs(store: JobStore) -> None:
    made = [
        store.create(
            owner="vera", parameters=[], kind=kind, destruction=datetime(2100, 1, 1, tzinfo=UTC),
            execution_duration=60,
        )
        for kind in (QUERY, CUTOUT, QUERY)
    ]  # fmt: skip
    assert [job.id for job in store.references("vera", kinds=[QUERY])] == [made[2].id, made[0].id]
    assert [job.id for job in store.page("vera", limit=9, kinds=[CUTOUT])] == [made[1].id]
    assert len(store.page("vera", limit=9)) == 3
