"""Tables that come with a query are taken in as far as there is room for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sciplat.errors import LimitError, UsageError
from sciplat.identity import Scope, User
from sciplat.services.access import Visitor
from sciplat.services.loader import Loader
from sciplat.services.upload import MOST, Sent, UploadLimits, UploadService
from sciplat.uploads.store import UploadStore

NOBODY = Visitor.anonymous()
ROOM = 1_500_000
VERA = Visitor(User("vera", frozenset(Scope), datetime(2026, 11, 21, tzinfo=UTC), True), frozenset(Scope))


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    """One for all: it imports for a second."""
    loader = Loader(at_once=1, seconds=30, memory_bytes=2 << 30)
    yield loader
    loader.close()


@pytest.fixture
def service(tmp_path: Path, loader: Loader) -> UploadService:
    """One with room for few tables: a DuckDB file has a few hundred kilobytes."""
    limits = UploadLimits(bytes=10_000, kept_bytes=ROOM, seconds=10, keep_seconds=100)
    made = UploadService(UploadStore(tmp_path / "kept"), loader, work=tmp_path / "work", limits=limits)
    made.prepare()
    return made


def table(number: int, name: str = "t") -> Sent:
    return Sent(name, iter((f"ra,dec\n{number},2\n".encode(),)))


def test_the_same_name_with_other_content_is_another_table(service: UploadService) -> None:
    (one,) = service.receive([table(1)], visitor=VERA)
    (again,) = service.receive([table(1, "u")], visitor=VERA)
    (other,) = service.receive([table(2)], visitor=VERA)

    assert (one.file, one.sha256) == (again.file, again.sha256)
    assert (again.table.name, other.table.name) == ("u", "t")
    assert other.file != one.file


def test_people_who_have_not_signed_in_leave_room_to_users(service: UploadService) -> None:
    for number in range(10):
        if service.bytes > ROOM / 2:
            break
        service.receive([table(number)], visitor=NOBODY)

    with pytest.raises(LimitError, match="UPLOAD there is no room for more uploads now"):
        service.receive([table(10)], visitor=NOBODY)
    service.receive([table(10)], visitor=VERA)


def test_a_query_comes_with_so_many_tables_at_most(service: UploadService) -> None:
    many = [Sent(f"t{number}", iter(())) for number in range(MOST + 1)]

    with pytest.raises(LimitError, match=f"UPLOAD names {MOST + 1} tables; a query may come with {MOST}"):
        service.receive(many, visitor=VERA)


def test_two_tables_of_one_name_are_refused(service: UploadService) -> None:
    with pytest.raises(UsageError, match="names the table 'T' twice"):
        service.receive([table(1), table(2, "T")], visitor=VERA)
