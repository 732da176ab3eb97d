"""Records are written soon, and none is lost while the store cannot be written."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from threading import Event, Thread

import pytest
from history.conftest import record

from sciplat.errors import UnavailableError
from sciplat.history import HistoryStore, Recorder
from sciplat.history import recorder as room


class Blocked:
    """A store that cannot be written until it is let go."""

    def __init__(self, store: HistoryStore) -> None:
        self.store, self.free, self.tried = store, False, Event()

    def keep(self, records: list) -> None:
        self.tried.set()
        if not self.free:
            raise UnavailableError("The disk is full.")
        self.store.keep(records)


def test_what_is_recorded_is_written_without_being_asked_for(store: HistoryStore) -> None:
    written = Event()

    class Told(HistoryStore):
        def keep(self, records: list) -> None:
            super().keep(records)
            written.set()

    recorder = Recorder(Told(store.database))
    recorder.record(record(1))

    assert written.wait(10)
    assert store.list("vera", limit=10) == [record(1)]
    recorder.close()


def test_closing_and_flushing_write_what_waits(store: HistoryStore) -> None:
    recorder = Recorder(store)
    recorder.record(record(1))
    recorder.flush()
    assert store.list("vera", limit=10) == [record(1)]

    recorder.record(record(2))
    recorder.close()
    assert store.list("vera", limit=10) == [record(2), record(1)]


def test_records_of_many_threads_all_arrive(store: HistoryStore) -> None:
    recorder = Recorder(store)
    threads = [
        Thread(target=lambda t=t: [recorder.record(record(1000 * t + n)) for n in range(500)])
        for t in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close()

    assert len(store.list("vera", limit=10_000)) == 2000


def test_a_full_disk_loses_nothing_that_fits_the_queue(
    store: HistoryStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "_WAITING_MAX", 3)
    monkeypatch.setattr(room, "_AGAIN_SECONDS", 0.01)
    blocked = Blocked(store)
    recorder = Recorder(blocked)  # type: ignore[arg-type]
    recorder.record(record(1))
    assert blocked.tried.wait(10)
    with pytest.raises(UnavailableError):
        recorder.flush()
    for number in range(2, 7):
        recorder.record(record(number))

    blocked.free = True
    recorder.close()

    assert [r.adql for r in store.list("vera", limit=10)] == ["SELECT 3", "SELECT 2", "SELECT 1"]
    assert "3 queries are missing" in caplog.text


def test_a_record_that_cannot_be_written_holds_up_no_other(
    store: HistoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder(store)
    for each in (record(1), record(2, adql="\ud800"), record(3)):
        recorder.record(each)
    recorder.close()

    assert store.list("vera", limit=10) == [record(3), record(1)]
    assert "A query is missing" in caplog.text


@pytest.mark.slow
def test_a_process_that_is_killed_leaves_a_whole_history(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[2])
        from history.conftest import record
        from sciplat.history import HistoryStore, Recorder

        recorder = Recorder(HistoryStore.open(Path(sys.argv[1])))
        recorder.record(record(1))
        recorder.flush()
        for number in range(2, 5000):
            recorder.record(record(number))
        os.kill(os.getpid(), 9)
    """)
    tests = Path(__file__).parents[1]
    subprocess.run([sys.executable, "-c", program, str(tmp_path), str(tests)], check=False, timeout=60)

    store = HistoryStore.open(tmp_path)
    assert store.get(record(1).id, owner="vera") == record(1)
    with store.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    store.keep([record(9000)])
    store.close()
