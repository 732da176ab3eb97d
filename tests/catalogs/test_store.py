from __future__ import annotations

import gc
import json
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from sciplat.catalogs.store import CatalogStore
from sciplat.errors import ConflictError, NotFoundError
from sciplat.vo.schema import Column, Datatype, Key, Table


@pytest.fixture
def store(tmp_path):
    return CatalogStore(tmp_path / "catalogs")


def table(name: str = "stars", release: str = "dr1", rows: int = 1) -> Table:
    columns = (
        Column("_healpix_29", Datatype.LONG, hidden=True, indexed=True),
        Column("id", Datatype.LONG, ucd="meta.id;meta.main", principal=True),
        Column("band", Datatype.CHAR, "*", description="filter"),
    )
    key = Key("dr1.visits", (("id", "visit"),), description="seen in")
    return Table(release, name, columns, "Stars", None, (key,), ("id",), ("ra", "dec"), rows)


def publish(store: CatalogStore, made: Table, content: str = "rows") -> int:
    with store.workspace() as workspace, store.edit() as edit:
        (workspace.folder / "data.duckdb").write_text(content)
        (workspace.folder / "felis.yaml").write_text(content)
        (workspace.folder / "hats").mkdir()
        (workspace.folder / "notes.txt").write_text("not part of it")
        edit.put_table(made, workspace)
    return workspace.generation


def test_nothing_is_published_at_first(store):
    snapshot = store.snapshot()

    assert (snapshot.revision, snapshot.schemas) == ("0", ())
    assert not store.folder.exists()


def test_a_published_table_is_described_as_it_was(store):
    publish(store, table())

    (schema,) = store.snapshot().schemas

    assert (schema.name, schema.public) == ("dr1", False)
    assert schema.tables == (table(),)


def test_the_files_lie_where_the_layout_says(store):
    publish(store, table())
    home = store.folder / "dr1" / "stars"

    assert store.snapshot().file("dr1", "stars") == home / "g0001.duckdb"
    assert sorted(path.name for path in home.iterdir()) == ["felis.yaml", "g0001.duckdb", "hats-g0001"]
    assert not any((store.folder / "unfinished").iterdir())


def test_a_table_that_is_not_there_is_not_found(store):
    with pytest.raises(NotFoundError, match=r"dr1\.stars"):
        store.snapshot().file("dr1", "stars")


def test_a_snapshot_stays_the_same_while_nothing_changes(store):
    publish(store, table())

    assert store.snapshot() is store.snapshot()


def test_another_store_sees_every_change_at_once(store):
    other = CatalogStore(store.folder)
    publish(store, table())
    seen = [other.snapshot().schemas[0].public]

    for public in (True, False, True, False):
        store.set_public("dr1", public)
        seen.append(other.snapshot().schemas[0].public)

    assert seen == [False, True, False, True, False]


def test_a_replaced_generation_stays_for_those_who_read_it(store):
    publish(store, table(), "old")
    before = store.snapshot()

    publish(store, table(rows=2), "new")

    assert before.file("dr1", "stars").read_text() == "old"
    assert store.snapshot().file("dr1", "stars").read_text() == "new"
    assert store.snapshot().schemas[0].tables[0].rows == 2
    assert (store.folder / "dr1" / "stars" / "felis.yaml").read_text() == "new"


def test_a_replaced_generation_goes_when_nobody_reads_it_any_more(store):
    publish(store, table(), "old")
    running = store.snapshot()
    old = running.file("dr1", "stars")

    publish(store, table(), "new")
    store.snapshot()
    store.tidy()
    assert old.read_text() == "old"

    del running
    store.tidy()
    assert not old.exists()
    assert not old.with_name("hats-g0001").exists()
    assert store.snapshot().file("dr1", "stars").exists()


HOLD = """
    import sys
    from pathlib import Path
    from sciplat.catalogs.store import CatalogStore
    snapshot = CatalogStore(Path(sys.argv[1])).snapshot()
    print(snapshot.file("dr1", "stars"), flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
def test_what_another_process_reads_stays_until_it_is_killed(store):
    publish(store, table(), "old")
    reading = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(HOLD), store.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    (old,) = {Path(process.stdout.readline().strip()) for process in reading}
    publish(store, table(), "new")

    for process in reading:
        store.tidy()
        assert old.exists()
        process.kill()
        process.communicate()
    store.tidy()

    assert not old.exists()
    assert store.snapshot().file("dr1", "stars").read_text() == "new"


@pytest.mark.slow
def test_who_reads_while_tables_are_replaced_finds_the_files_of_what_it_read(store):
    publish(store, table(), "0")
    done = threading.Event()
    seen, missing = set(), []

    def read():
        while not done.is_set():
            snapshot = CatalogStore(store.folder).snapshot()
            try:
                seen.add(snapshot.file("dr1", "stars").read_text())
            except FileNotFoundError as error:
                missing.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 60):
        publish(store, table(), str(number))
        store.tidy()
    done.set()
    for reader in readers:
        reader.join()

    assert missing == []
    assert len(seen) > 1
    store.snapshot()
    gc.collect()
    store.tidy()
    assert len(list((store.folder / "dr1" / "stars").glob("g*.duckdb"))) == 1
    assert [path.name for path in (store.folder / ".pins").iterdir()] == [f"r{store.snapshot().revision}"]


def test_what_the_first_version_replaced_goes_too(store):
    publish(store, table(), "old")
    publish(store, table(), "new")
    facts = json.loads((store.folder / "manifest.json").read_text())
    lost = store.folder / "dr1" / "stars" / "g0099.duckdb"
    lost.write_text("older")
    facts["retired"] = [{"files": ["dr1/stars/g0099.duckdb"], "since": 1.0}]
    (store.folder / "manifest.json").write_text(json.dumps(facts))

    store.tidy()

    assert not lost.exists()


def test_a_path_never_comes_twice(store):
    numbers = [publish(store, table())]
    with store.edit() as edit:
        edit.drop_table("dr1", "stars")
    with store.workspace() as unused:
        numbers.append(unused.generation)
    numbers.append(publish(store, table()))

    assert numbers == [1, 2, 3]


def test_a_failed_change_leaves_nothing(store):
    publish(store, table())
    before = store.snapshot()

    def fail() -> None:
        with store.workspace() as workspace, store.edit() as edit:
            (workspace.folder / "data.duckdb").write_text("half")
            (workspace.folder / "felis.yaml").write_text("half")
            edit.put_table(table(), workspace)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert store.snapshot() is before
    assert sorted(path.name for path in (store.folder / "dr1" / "stars").iterdir()) == [
        "felis.yaml",
        "g0001.duckdb",
        "hats-g0001",
    ]
    assert (store.folder / "dr1" / "stars" / "felis.yaml").read_text() == "rows"


def test_names_that_differ_in_case_only_are_the_same(store):
    publish(store, table())

    with pytest.raises(ConflictError, match=r"dr1\.stars"):
        publish(store, table("Stars"))
    with pytest.raises(ConflictError, match="dr1"):
        publish(store, table(release="DR1"))


def test_a_dropped_table_is_gone_and_so_is_an_empty_release(tmp_path):
    store = CatalogStore(tmp_path / "catalogs")
    publish(store, table())
    publish(store, table("visits"))

    with store.edit() as edit:
        edit.drop_table("DR1", "Stars")
    assert [t.name for t in store.snapshot().schemas[0].tables] == ["visits"]
    assert not (store.folder / "dr1" / "stars").exists()

    with store.edit() as edit:
        edit.drop_table("dr1", "visits")
    assert store.snapshot().schemas == ()
    store.tidy()
    assert not (store.folder / "dr1").exists()
    with pytest.raises(NotFoundError), store.edit() as edit:
        edit.drop_table("dr1", "visits")


def test_only_a_release_that_exists_can_be_made_public(store):
    with pytest.raises(NotFoundError, match="'dr9'"):
        store.set_public("dr9", True)


def test_a_killed_process_leaves_nothing_for_long(store):
    publish(store, table())
    script = """
        import os, signal, sys
        from pathlib import Path
        from sciplat.catalogs.store import CatalogStore
        with CatalogStore(Path(sys.argv[1])).workspace() as workspace:
            (workspace.folder / "data.duckdb").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), store.folder], check=False)
    assert (store.folder / "unfinished" / "g0002" / "data.duckdb").exists()

    store.tidy()

    assert not any((store.folder / "unfinished").iterdir())
    assert store.snapshot().file("dr1", "stars").exists()


def test_a_process_killed_while_it_publishes_leaves_nothing_for_long(store):
    publish(store, table())
    home = store.folder / "dr1" / "stars"
    (home / "g0007.duckdb").write_text("moved, but never named")
    (home / "hats-g0007").mkdir()

    store.tidy()

    assert sorted(path.name for path in home.iterdir()) == ["felis.yaml", "g0001.duckdb", "hats-g0001"]


def test_tidying_spares_what_others_are_making(store):
    with store.workspace() as workspace:
        (workspace.folder / "data.duckdb").write_text("half")
        CatalogStore(store.folder).tidy()

        assert (workspace.folder / "data.duckdb").exists()


def test_many_writers_lose_nothing(store):
    def work(number: int) -> None:
        publish(CatalogStore(store.folder), table(f"t{number}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    snapshot = store.snapshot()
    assert {t.name for t in snapshot.schemas[0].tables} == {f"t{n}" for n in range(8)}
    assert snapshot.revision == "8"
    assert len({snapshot.file("dr1", f"t{n}").name for n in range(8)}) == 8
