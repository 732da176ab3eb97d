"""``sciplat user``: add users, list them, and give them links to sign in with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sciplat.cli.options import home_option
from sciplat.cli.rows import aligned

if TYPE_CHECKING:
    from sciplat.instance import Instance

__all__ = ["user"]


@click.group()
def user() -> None:
    """Add users, list them, and give them links to sign in with."""


@user.command()
@click.argument("name", metavar="USER")
@home_option
def add(name: str, home: Path) -> None:
    """Add a user, and print a link that signs in once.

    A name has lower-case letters, digits, '-', '_' and '.', up to 32, and begins with a letter.
    """
    from sciplat.errors import UsageError
    from sciplat.identity.names import require_user_name
    from sciplat.instance import Instance

    try:
        require_user_name(name)
    except UsageError as error:
        raise click.BadParameter(str(error), param_hint="USER") from error
    instance = Instance.open(home)
    instance.identity.create_user(name)
    click.echo(f"Added {name}.", err=True)
    _print_link(instance, name, home)


@user.command()
@click.argument("name", metavar="USER")
@home_option
def link(name: str, home: Path) -> None:
    """Print a new link that signs a user in once; the one before opens nothing any more.

    It is also the way back in for somebody who forgot the password.
    """
    from sciplat.instance import Instance

    _print_link(Instance.open(home), name, home)


@user.command("list")
@home_option
def list_users(home: Path) -> None:
    """List the users: who administers the instance, who has a password, and since when they are here."""
    from sciplat.instance import Instance

    for line in aligned(
        (
            one.name,
            "administrator" if one.is_admin else "user",
            "password" if one.has_password else "no password",
            f"since {one.created:%Y-%m-%d}",
        )
        for one in Instance.open(home).identity.users()
    ):
        click.echo(line)


def _print_link(instance: Instance, name: str, home: Path) -> None:
    from sciplat.identity.store import LINK_LIFETIME
    from sciplat.processes.rundir import running

    code = instance.sign_in.link(name)
    click.echo(f"This link signs {name} in once, within {LINK_LIFETIME.days} days:", err=True)
    # After '#', because browsers send that part to no server: it is in no log.
    record = running(home)  # `sciplat up --port` may have given it another one than the settings
    portal = f"http://127.0.0.1:{instance.settings.port}/" if record is None else record.url
    click.echo(f"{portal}portal/sign-in#{code}")
