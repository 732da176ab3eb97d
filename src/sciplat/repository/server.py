"""The Butler server of the Rubin Science Platform, in parts: its routes, and what they ask of where they run.

A door puts the routes behind a policy of its own; who may see what is decided there, not by Gafaelfawr.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

# The server reads them when it is asked first: it has no repositories but those that `Factory` opens, and
# addresses of files that work without credentials.
os.environ.setdefault("DAF_BUTLER_SERVER_REPOSITORIES", "{}")
os.environ.setdefault("DAF_BUTLER_SERVER_GAFAELFAWR_URL", "DISABLED")
os.environ["DAF_BUTLER_SERVER_AUTHENTICATION"] = "rubin_science_platform"


def _levels() -> dict[str, tuple[list[logging.Handler], int, bool]]:
    return {
        name: (list(logger.handlers), logger.level, logger.propagate)
        for name in _LOGGERS
        for logger in (logging.getLogger(name),)
    }


_LOGGERS = ("lsst.daf.butler.remote_butler.server", "uvicorn", "uvicorn.access", "uvicorn.error")
_before = _levels()

# Where it finds Sentry's client it patches the web framework for it.
_sentry = sys.modules.get("sentry_sdk")
sys.modules["sentry_sdk"] = None  # type: ignore[assignment]

from lsst.daf.butler import ButlerUserError  # noqa: E402
from lsst.daf.butler.remote_butler._errors import serialize_butler_user_error  # noqa: E402
from lsst.daf.butler.remote_butler.server import _dependencies  # noqa: E402
from lsst.daf.butler.remote_butler.server.handlers._external import (  # noqa: E402
    external_router,
    unauthenticated_external_router,
)
from lsst.daf.butler.remote_butler.server.handlers._external_query import query_router  # noqa: E402
from lsst.daf.butler.remote_butler.server_models import ERROR_STATUS_CODE  # noqa: E402

from sciplat.repository.readers import REFUSALS, ReaderButler, refused  # noqa: E402

__all__ = [
    "ERROR_STATUS_CODE",
    "FACTORY",
    "LOGGER",
    "OPEN",
    "REFUSALS",
    "ROUTES",
    "USER",
    "ButlerUserError",
    "Factory",
    "refused",
    "told",
]

del sys.modules["sentry_sdk"]
if _sentry is not None:
    sys.modules["sentry_sdk"] = _sentry

# With its import the server takes the logs of the whole process for its own.
for _name, (_handlers, _level, _propagate) in _before.items():
    _logger = logging.getLogger(_name)
    _logger.handlers, _logger.propagate = _handlers, _propagate
    _logger.setLevel(_level)

ROUTES: Iterable[Any] = (*external_router.routes, *query_router.routes)
"""What only those may ask who may see the images of the release; ``{repository}`` stands before each path."""

OPEN: Iterable[Any] = tuple(unauthenticated_external_router.routes)
"""What tells a client how to ask, the same for every name."""

FACTORY, LOGGER, USER = (
    _dependencies.factory_dependency,
    _dependencies.logger_dependency,
    _dependencies.user_name_dependency,
)
"""What a door has to say instead of the server: how a Butler is opened, where to log, and who asks."""


@dataclass(frozen=True, slots=True)
class Factory:
    """Opens the Butler of one request, as the server's own ``Factory`` does."""

    repository: str
    create_butler: Callable[[], ReaderButler]


def told(error: Exception) -> str:
    """Return the JSON from which a client makes the same error again."""
    assert isinstance(error, ButlerUserError)
    return serialize_butler_user_error(error).model_dump_json()
