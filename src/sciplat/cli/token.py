"""``sciplat token``: make tokens for scripts and other clients, list and revoke them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from sciplat.cli.options import home_option
from sciplat.cli.rows import aligned

__all__ = ["token"]

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3650)


@click.group()
def token() -> None:
    """Make tokens for scripts and other clients, list and revoke them."""


def _span(_context: click.Context, _option: click.Parameter, text: str | None) -> timedelta | None:
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})([mhdw])", text, re.ASCII)
    span = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta(0)
    if not timedelta(0) < span <= _LONGEST:
        raise click.BadParameter(f"{text!r} is no time like 90m, 12h, 30d or 8w, up to {_LONGEST.days}d")
    return span


@token.command()
@click.option("--user", required=True, metavar="USER", help="Whose token it is.")
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    metavar="SCOPE",
    help="What it opens; may be given again. read:tap, read:image, write:files, write:tables, "
    "exec:notebook, exec:portal or admin:instance.",
)
@click.option(
    "--expires",
    callback=_span,
    metavar="TIME",
    help="After what time it ends by itself: 90m, 12h, 30d, 8w. Without, not until it is revoked.",
)
@click.option("--name", default="", help="What to call it in lists.")
@home_option
def create(user: str, scopes: tuple[str, ...], expires: timedelta | None, name: str, home: Path) -> None:
    """Make a token and print it, this once; the last line of the output is the token alone."""
    from sciplat.errors import UsageError
    from sciplat.identity.models import scopes_from
    from sciplat.instance import Instance

    try:
        wanted = scopes_from(scopes)
    except UsageError as error:
        raise click.BadParameter(str(error), param_hint="--scope") from error
    issued = Instance.open(home).identity.create_token(
        user, scopes=wanted, name=name, expires=None if expires is None else datetime.now(UTC) + expires
    )
    click.echo("It is shown only now. Whoever has it can do what it says: keep it like a password.", err=True)
    click.echo(issued.text)


@token.command("list")
@click.option("--user", required=True, metavar="USER", help="Whose tokens.")
@home_option
def list_tokens(user: str, home: Path) -> None:
    """List a user's tokens and sessions: key, kind, name, scopes, since when, until when; newest first."""
    from sciplat.instance import Instance

    for line in aligned(
        (
            one.key,
            one.kind.value,
            one.name or "-",
            ",".join(sorted(one.scopes)),
            f"since {one.created:%Y-%m-%d}",
            f"until {one.expires:%Y-%m-%d %H:%M} UTC" if one.expires else "until revoked",
        )
        for one in Instance.open(home).identity.tokens(user)
    ):
        click.echo(line)


@token.command()
@click.argument("key")
@home_option
def revoke(key: str, home: Path) -> None:
    """End a token or session at once, and the tokens that it made.

    KEY is its first half, as `sciplat token list` shows it; a whole token will do.
    """
    from sciplat.identity.secrets import split_token
    from sciplat.instance import Instance

    parts = split_token(key)
    Instance.open(home).identity.revoke(parts[0] if parts else key.removeprefix("sp-"))
    click.echo("Revoked.", err=True)
