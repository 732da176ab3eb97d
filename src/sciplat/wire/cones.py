# SPDX-License-Identifier: BSD-3-Clause
"""The list of cone searches."""

from __future__ import annotations

from pydantic import BaseModel

__all__ = ["ConeSearch", "ConeSearchList"]


class ConeSearch(BaseModel):
    """A cone search in one table."""

    table: str
    description: str | None
    url: str
    """Add ``?RA=…&DEC=…&SR=…``, in decimal degrees."""


class ConeSearchList(BaseModel):
    """The cone searches that the asker can use."""

    services: list[ConeSearch]
