"""The same rooms in PostgreSQL; a server of its own is started, where the programs are at hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from support.postgresql import server

from sciplat.database import Database
from sciplat.errors import AuthenticationError, ConflictError, UnavailableError
from sciplat.history import Aspect, Filters, HistoryStore, Record, TableRead
from sciplat.identity import IdentityStore, Scope
from sciplat.identity.passwords import Cost
from sciplat.jobs import Job, JobError, JobResult, JobStore, Phase
from sciplat.jobs.models import JobProgress

FIRST_VERSION = Path(__file__).parents[1] / "jobs" / "first_version.sql"
pytestmark = pytest.mark.slow

LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The address of an empty database."""
    with server() as address:
        yield address


def test_users_and_tokens_live_in_postgresql(postgresql: str, tmp_path: Path) -> None:
    store = IdentityStore.open(tmp_path, database=postgresql, cost=Cost(n=2, r=1, p=1))
    again = IdentityStore.open(tmp_path, database=postgresql)
    store.create_user("vera")
    with pytest.raises(ConflictError):
        again.create_user("vera")

    parent = store.create_token("vera", scopes={Scope.READ_TAP})
    child = store.create_token("vera", scopes={Scope.READ_TAP}, parent=parent.token.key)
    assert again.authenticate(child.text).token == child.token
    store.revoke(parent.token.key)
    with pytest.raises(AuthenticationError):
        again.authenticate(child.text)

    code = store.sign_in_link("vera")
    assert again.redeem(code).name == "vera"
    with pytest.raises(AuthenticationError):
        store.redeem(code)
    store.set_password("vera", "correct horse battery")
    with pytest.raises(AuthenticationError):
        store.check_password("vera", "wrong", address="::1")
    assert store.check_password("vera", "correct horse battery", address="::1").name == "vera"
    store.create_session("vera", lifetime=timedelta(days=1), began="password")
    assert not list((tmp_path).glob("state/*"))
    store.close()
    again.close()


def test_jobs_live_in_postgresql(postgresql: str, tmp_path: Path) -> None:
    store = JobStore.open(tmp_path, database=postgresql)

    def make(owner: str | None) -> Job:
        return store.create(
            owner=owner, parameters=[("QUERY", "ü")], destruction=LATER, execution_duration=60, run=True
        )

    made = [make("vera"), make("vera"), make(None)]
    before = store.version()
    assert store.version() == before

    claimed = [store.queue.claim(running_per_user=2) for _ in range(4)]

    assert store.version() != before
    assert [job and job.id for job in claimed] == [made[0].id, made[2].id, made[1].id, None]
    store.queue.complete(made[0].id, [JobResult("result", 1, 8_000_000_000)], overflow=True)
    failed = store.queue.fail(made[1].id, JobError("adql", "No", 1, 2, 3))
    assert [job.id for job in store.references("vera")] == [failed.id, made[0].id]
    assert [job.id for job in store.references("vera", phases=[Phase.ERROR])] == [failed.id]
    page = store.page("vera", limit=1)
    assert page[0].error == failed.error
    assert [job.id for job in store.page("vera", limit=5, before=(page[0].created, page[0].id))] == [
        made[0].id
    ]
    store.queue.note_progress({made[2].id: JobProgress(rows=5)})
    noted = store.get(made[2].id)
    assert noted is not None
    assert noted.rows == 5
    assert store.phases([made[2].id, "nosuch"]) == {made[2].id: Phase.EXECUTING}
    assert [job.phase for job in store.queue.recover()] == [Phase.QUEUED]
    assert len(store.queue.expired(LATER)) == 3
    store.delete(made[0].id)
    assert store.get(made[0].id) is None
    store.close()


def test_jobs_of_the_first_version_are_taken_over(postgresql: str, tmp_path: Path) -> None:
    server = create_engine(postgresql.replace("postgresql:", "postgresql+psycopg:"))
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE before"))
    server.dispose()
    address = postgresql.replace("/postgres?", "/before?")
    before = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    with before.begin() as connection:
        connection.connection.driver_connection.execute(FIRST_VERSION.read_text())
    before.dispose()

    store = JobStore.open(tmp_path, database=address)

    assert {job.title for job in store.page("vera", limit=9)} == {"SELECT 'ü '", "SELECT 2", "SELECT 3"}
    assert store.queue.claim(running_per_user=1) is not None
    store.close()


def test_the_history_lives_in_postgresql(postgresql: str, tmp_path: Path) -> None:
    store = HistoryStore.open(tmp_path, database=postgresql)
    queued = Record(
        id="a1",
        owner="vera",
        is_job=True,
        adql="SELECT 'Ü_'",
        language="ADQL",
        maxrec=10**17,
        format=None,
        created=LATER,
        phase=Phase.QUEUED,
        version="1",
        aspect=Aspect.PORTAL,
    )
    read = replace(queued, phase=Phase.EXECUTING, aspect=None, tables=(TableRead("dr1", "T", "g1"),))
    done = replace(queued, phase=Phase.COMPLETED, aspect=None, rows=3, bytes=8_000_000_000)
    others = [replace(done, id=f"b{number}", created=LATER - timedelta(days=number)) for number in range(5)]
    store.keep([done, *others])
    store.keep([queued, read])

    whole = replace(done, aspect=Aspect.PORTAL, tables=read.tables)
    assert store.get("a1", owner="vera") == whole
    assert store.list("vera", filters=Filters(words=("select", "Ü_"), table="DR1.t"), limit=9) == [whole]
    newest = store.list("vera", limit=2)
    assert [r.id for r in newest] == ["b0", "a1"]
    assert store.list("vera", before=newest[-1].mark, limit=9) == others[1:]
    link, secret = store.links.create("a1", owner="vera", expires=None)
    assert store.links.opened(secret) == (link, whole)
    assert store.forget(before=LATER - timedelta(days=3), most=3) == 3
    assert store.delete("vera") == 3
    assert store.links.opened(secret) is None
    store.close()


def test_a_database_that_is_not_there_is_said_without_the_password(postgresql: str) -> None:
    address = postgresql.replace("/postgres?", "/nosuch?").replace("unused", "a-secret")

    with pytest.raises(UnavailableError, match='database "nosuch" does not exist') as caught:
        Database.open(address, room="sciplat.jobs")

    assert "a-secret" not in str(caught.value)
