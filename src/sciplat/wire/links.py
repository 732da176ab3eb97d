# SPDX-License-Identifier: BSD-3-Clause
"""Links by which queries are shared."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from sciplat.wire.queries import QuerySpecification

__all__ = ["LinkCreatedResponse", "LinkListResponse", "LinkRequest", "LinkResponse", "SharedResponse"]


class LinkRequest(BaseModel):
    """Make a link."""

    model_config = ConfigDict(extra="forbid")

    expires_days: float | None = Field(default=None, gt=0, le=3650)
    """Without it, the link works until it is revoked."""


class LinkResponse(BaseModel):
    """A link as it is listed: never with its secret."""

    key: str
    query: str
    """The id of the query that it opens."""
    created: datetime
    expires: datetime | None


class LinkListResponse(BaseModel):
    """The asker's links, newest first."""

    links: list[LinkResponse]


class LinkCreatedResponse(LinkResponse):
    """A new link: the only time that its secret is shown."""

    secret: str
    url: str
    """Opens the query in the Portal; the secret stands behind the ``#``, which browsers send nowhere."""


class SharedResponse(BaseModel):
    """A query that somebody shares: how it was asked, not what came."""

    by: str
    """Whose query it is."""
    shared: datetime
    expires: datetime | None
    specification: QuerySpecification
