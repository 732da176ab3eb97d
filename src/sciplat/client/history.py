# SPDX-License-Identifier: BSD-3-Clause
"""Queries that were asked before, from whichever Aspect."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sciplat.client.door import Door
from sciplat.client.job import ClientJob

__all__ = ["ClientQuery", "read_history", "submit_specification"]

_PAGE = 1000


class ClientQuery:
    """One query of the user's history: how it was asked and how it ended."""

    def __init__(self, door: Door, facts: dict[str, Any]) -> None:
        self._door = door
        self._facts = facts

    def __repr__(self) -> str:
        words = " ".join(self.query.split())
        short = words if len(words) <= 60 else f"{words[:59]}…"
        return f"ClientQuery({self.id!r}, {self.phase}, {short!r})"

    @property
    def id(self) -> str:
        """By which the instance knows it; a job's own."""
        return str(self._facts["id"])

    @property
    def query(self) -> str:
        """ADQL, as it was written."""
        return str(self._facts["query"])

    @property
    def phase(self) -> str:
        """How it ended, or where it stood when the instance was asked."""
        return str(self._facts["phase"])

    @property
    def aspect(self) -> str:
        """``portal``, ``notebook`` or ``api``: by which way it came."""
        return str(self._facts["aspect"])

    @property
    def created(self) -> datetime:
        """When it was asked, UTC."""
        return datetime.fromisoformat(self._facts["created"])

    @property
    def rows(self) -> int | None:
        """How many rows came; None where none could."""
        rows: int | None = self._facts["rows"]
        return rows

    @property
    def error(self) -> str | None:
        """Why it failed, if it did."""
        error = self._facts["error"]
        return None if error is None else str(error["message"])

    @property
    def tables(self) -> list[str]:
        """The tables that it read."""
        return [f"{table['release']}.{table['table']}" for table in self._facts["tables"]]

    @property
    def facts(self) -> dict[str, Any]:
        """All that the instance told of it."""
        return dict(self._facts)

    def changes(self) -> list[dict[str, Any]]:
        """Ask which of its tables have other rows now: their names, and the generations then and now."""
        return list(self._door.get(f"/api/queries/{self.id}")["changes"])

    def rerun(self) -> ClientJob:
        """Ask it again, as a job on the rows of today."""
        return _job(self._door, self._door.post(f"/api/queries/{self.id}/run"))

    def specification(self, form: Literal["yaml", "json"] = "yaml") -> str:
        """Return all that is needed to ask it again, as a file that `Client.submit_specification` takes."""
        return self._door.fetch(f"/api/queries/{self.id}/specification?format={form}").decode()

    def share(self, *, expires_days: float | None = None) -> str:
        """Make a link that shows others how it was asked, not what came, and return its address.

        It works until it expires or `unshare` is called. Its text cannot be had a second time.
        """
        return str(
            self._door.post(f"/api/queries/{self.id}/links", json={"expires_days": expires_days})["url"]
        )

    def unshare(self) -> None:
        """Revoke all links to it."""
        for link in self._door.get(f"/api/queries/{self.id}/links")["links"]:
            self._door.delete(f"/api/queries/links/{link['key']}")

    def delete(self) -> None:
        """Forget it; the result of a job stays with the job."""
        self._door.delete(f"/api/queries/{self.id}")


def read_history(door: Door, *, limit: int, **filters: str | None) -> list[ClientQuery]:
    """Return the newest ``limit`` queries that pass, page by page."""
    found: list[ClientQuery] = []
    wanted = {name: value for name, value in filters.items() if value is not None}
    while len(found) < limit:
        page = door.get("/api/queries", limit=min(limit - len(found), _PAGE), **wanted)
        found += [ClientQuery(door, facts) for facts in page["queries"]]
        if page["next"] is None:
            break
        wanted["before"] = page["next"]
    return found


def submit_specification(door: Door, text: str) -> ClientJob:
    """Run what a specification says, in YAML or JSON."""
    kind = "application/json" if text.lstrip().startswith("{") else "application/yaml"
    return _job(door, door.post("/api/queries", data=text.encode(), kind=kind))


def _job(door: Door, facts: dict[str, Any]) -> ClientJob:
    job = ClientJob(door, str(facts["id"]))
    job.refresh()
    return job
