"""The supervisor's patience."""

from __future__ import annotations

from sciplat.processes.supervisor import BackOff


def test_each_failure_doubles_the_wait_up_to_the_most() -> None:
    back_off = BackOff(first_seconds=0.5, most_seconds=30.0)

    assert [back_off.seconds(n) for n in (1, 2, 3, 6, 7, 8, 1000)] == [0.5, 1.0, 2.0, 16.0, 30.0, 30.0, 30.0]
