# SPDX-License-Identifier: BSD-3-Clause
"""A science platform for sky-survey data: ``sciplat.connect()`` is where a script begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciplat.client import connect

__all__ = ["connect"]


def __getattr__(name: str) -> Any:
    # The client brings astropy; a command that only asks for help should not wait for it.
    if name == "connect":
        from sciplat.client import connect  # noqa: PLC0415

        return connect
    raise AttributeError(f"module 'sciplat' has no attribute {name!r}")
