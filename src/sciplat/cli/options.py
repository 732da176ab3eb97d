"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = ["home_option"]

_F = TypeVar("_F", bound=Callable[..., Any])


def _default_home() -> Path:
    from sciplat.config.home import default_home

    return default_home()


def home_option(command: _F) -> _F:
    """Add ``--home DIR``, the folder of the instance, which the command gets as ``home: Path``."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        callback=lambda _context, _option, value: value.expanduser().absolute(),
        default=_default_home,
        show_default="SCIPLAT_HOME, else sciplat in your data directory",
        metavar="DIR",
        help="The folder of the instance.",
    )(command)
