"""Which tables and rows a visitor's query can reach."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from sciplat.catalogs.store import CatalogStore
from sciplat.engine.statement import Statement
from sciplat.errors import (
    ADQLError,
    AuthenticationError,
    NotFoundError,
    SciplatError,
    UnseenNameError,
)
from sciplat.identity.models import Scope, User
from sciplat.services.access import Visitor
from sciplat.services.ingest import IngestService
from sciplat.services.plan import Query, QueryLimits
from sciplat.services.query import QueryService
from sciplat.services.space import Space

VERA = Visitor(
    User("vera", frozenset({Scope.READ_TAP}), datetime.now(UTC), has_password=True),
    frozenset({Scope.READ_TAP}),
)
NOBODY = Visitor.anonymous()


class Pool:
    """Stands for the engine: keeps what it is asked."""

    def __init__(self) -> None:
        self.statement = Statement("")

    pace = 1.0

    def run(self, statement: Statement, **how: object) -> SimpleNamespace:
        self.statement, self.how = statement, how
        return SimpleNamespace()


@pytest.fixture
def pool() -> Pool:
    return Pool()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> CatalogStore:
    folder = tmp_path_factory.mktemp("query")
    file = folder / "rows.csv"
    file.write_text("id,_schema\n1,elsewhere\n2,dr1\n")
    store = CatalogStore(folder / "catalogs")
    service = IngestService(store, folder / "work")
    service.ingest("dr1", "size", [file], public=True)
    service.ingest("secret", "stars", [file])
    return store


@pytest.fixture
def query(store: CatalogStore, pool: Pool, tmp_path: Path) -> QueryService:
    limits = QueryLimits(60, rows=1000, bytes=1_000_000, at_once=6, at_once_anonymous=12)
    return QueryService(store, pool, spools=tmp_path, limits=limits)  # type: ignore[arg-type]


def test_rows_about_tables_are_those_that_the_visitor_may_see(
    query: QueryService, pool: Pool, tmp_path: Path
) -> None:
    query.run(
        query.plan(Query("SELECT table_name FROM TAP_SCHEMA.tables"), visitor=NOBODY),
        spool=tmp_path / "spool",
    )

    assert "'dr1'" in pool.statement.sql
    assert "'secret'" not in pool.statement.sql


def test_a_column_of_a_release_hides_no_rows_whatever_it_is_called(
    query: QueryService, pool: Pool, tmp_path: Path
) -> None:
    query.run(query.plan(Query('SELECT id FROM dr1."size"'), visitor=NOBODY), spool=tmp_path / "spool")

    assert "_schema" not in pool.statement.sql


@pytest.mark.parametrize("name", ["dr1.size", 'dr1."size"', "DR1.Size"])
def test_a_table_is_found_by_its_name_plain_or_as_it_is_written(query: QueryService, name: str) -> None:
    assert query.table(name, NOBODY).qualified_name == "dr1.size"


def test_a_private_table_does_not_exist_for_others(query: QueryService, tmp_path: Path) -> None:
    assert query.table("secret.stars", VERA).name == "stars"
    with pytest.raises(AuthenticationError):
        query.table("secret.stars", NOBODY)
    with pytest.raises(UnseenNameError):
        query.run(query.plan(Query("SELECT * FROM secret.stars"), visitor=NOBODY), spool=tmp_path / "spool")
    with pytest.raises(NotFoundError):
        query.table("secret.galaxies", VERA)


@pytest.mark.parametrize(
    ("table", "kind", "message"),
    [
        ("secret.stars", UnseenNameError, "secret.stars. If it is private, sign in or send a token."),
        ("dr1.sizes", UnseenNameError, "Did you mean dr1.size? If it is private, sign in or send a token."),
        ("TAP_UPLOAD.mine", ADQLError, "There is no table TAP_UPLOAD.mine"),
    ],
)
def test_nobody_is_asked_to_sign_in_for_what_no_user_can_see(
    query: QueryService, table: str, kind: type[SciplatError], message: str
) -> None:
    with pytest.raises(kind) as told:
        query.plan(Query(f"SELECT * FROM {table}"), visitor=NOBODY)

    assert type(told.value) is kind
    assert told.value.message.endswith(message)


def test_the_engine_is_told_whose_query_it_is_and_how_many_there_may_be(
    query: QueryService, pool: Pool, tmp_path: Path
) -> None:
    found = []
    for visitor in (VERA, NOBODY, Visitor.anonymous("203.0.113.7/32")):
        query.run(query.plan(Query('SELECT id FROM dr1."size"'), visitor=visitor), spool=tmp_path / "spool")
        found.append([pool.how[name] for name in ("owner", "owner_most", "address", "address_most")])

    assert found == [["vera", 6, "", 6], [None, 12, "", 6], [None, 12, "203.0.113.7/32", 6]]


def test_the_engine_is_told_what_is_heavy(query: QueryService, pool: Pool, tmp_path: Path) -> None:
    pairs = ", ".join(f'dr1."size" t{number}' for number in range(40))

    query.run(query.plan(Query(f"SELECT COUNT(*) FROM {pairs}"), visitor=NOBODY), spool=tmp_path / "spool")
    heavy = pool.how["heavy"]
    query.run(query.plan(Query('SELECT id FROM dr1."size"'), visitor=NOBODY), spool=tmp_path / "spool")

    assert (heavy, pool.how["heavy"]) == (True, False)


def test_a_result_may_take_what_those_that_are_fetched_leave_and_a_small_one_always_has_room(
    store: CatalogStore, query: QueryService, pool: Pool, tmp_path: Path
) -> None:
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    limits = QueryLimits(60, rows=1000, bytes=50_000_000)
    space = Space(fetched, 60_000_000)
    service = QueryService(store, pool, spools=fetched, limits=limits, space=space)  # type: ignore[arg-type]
    allowed = []
    for name, size in (("none", 0), ("slow", 20_000_000), ("slower.part", 39_000_000), ("slowest", 1 << 30)):
        (fetched / name).touch()
        os.truncate(fetched / name, size)
        service.answer(Query('SELECT id FROM dr1."size"'), visitor=VERA)
        allowed.append(pool.statement.byte_limit)

    assert allowed == [50_000_000, 40_000_000, 8 << 20, 8 << 20]
