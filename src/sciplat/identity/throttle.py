"""Slows down whoever guesses passwords, by account and by address.

The first few mistakes cost nothing. From then on each doubles the time until the
next attempt is looked at. An attempt counts before its password is checked, so
many at once are no way around; one that comes too early is not checked and does
not count, so nobody can lock an account for longer than the longest wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Connection, delete, select, update

from sciplat.errors import TooManyAttemptsError
from sciplat.identity.tables import failed_sign_ins

__all__ = ["count_attempt", "forgive"]

_FORGOTTEN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Rule:
    prefix: str
    free: int
    """So many mistakes cost nothing."""

    longest_seconds: int

    def wait(self, failures: int) -> timedelta:
        doublings = failures - self.free
        if doublings < 0:
            return timedelta(0)
        return timedelta(seconds=min(2.0 ** min(doublings, 30), self.longest_seconds))


_ACCOUNT = _Rule("user:", free=5, longest_seconds=60)
_ADDRESS = _Rule("address:", free=20, longest_seconds=600)


def count_attempt(connection: Connection, *, user: str | None, address: str, now: datetime) -> None:
    """Count an attempt to sign in as a failure, until it is forgiven.

    Raises
    ------
    TooManyAttemptsError
        It comes too early after others that failed.
    """
    table = failed_sign_ins
    connection.execute(delete(table).where(table.c.last < now - _FORGOTTEN_AFTER))
    rows = []
    for rule, subject in _subjects(user, address):
        row = connection.execute(select(table).where(table.c.subject == subject)).one_or_none()
        if row is not None:
            left = row.last + rule.wait(row.failures) - now
            if left > timedelta(0):
                seconds = ceil(left.total_seconds())
                raise TooManyAttemptsError(
                    f"Too many failed attempts to sign in: try again in {seconds} s",
                    retry_seconds=seconds,
                )
        rows.append((subject, row))
    for subject, row in rows:
        if row is None:
            connection.execute(table.insert().values(subject=subject, failures=1, last=now))
        else:
            connection.execute(
                update(table).where(table.c.subject == subject).values(failures=row.failures + 1, last=now)
            )


def forgive(connection: Connection, *, user: str, address: str) -> None:
    """Take back the attempt that turned out right: the account's mistakes with it, not the address's."""
    table = failed_sign_ins
    connection.execute(delete(table).where(table.c.subject == _ACCOUNT.prefix + user))
    connection.execute(
        update(table)
        .where(table.c.subject == _ADDRESS.prefix + address, table.c.failures > 0)
        .values(failures=table.c.failures - 1)
    )


def _subjects(user: str | None, address: str) -> list[tuple[_Rule, str]]:
    subjects = [(_ADDRESS, _ADDRESS.prefix + address)]
    if user is not None:
        subjects.append((_ACCOUNT, _ACCOUNT.prefix + user))
    return subjects
