"""``sciplat status``: how the instance is."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import click

from sciplat.cli.options import home_option

__all__ = ["status"]


@click.command()
@home_option
def status(home: Path) -> None:
    """Say whether the instance runs, and how it is.

    A process that keeps ending is told of with its last words and its log.
    Exit code 0 when it runs, also while it starts; 1 when it does not.
    """
    from sciplat.processes.failures import read_failures
    from sciplat.processes.rundir import running

    record = running(home)
    if record is None:
        raise click.ClickException(f"No instance runs on {home}: start it with `sciplat up --home {home}`")
    health = _ask(record.url + "api/health")
    click.echo(f"Portal: {record.url}")
    click.echo(f"Status: {health['status']}")
    for name, state in health["components"].items():
        click.echo(f"  {name:<8} {state}")
    for name, failure in read_failures(record.directory).items():
        click.echo(f"The process {name} ended ({failure}); see {failure.log}")


def _ask(url: str) -> dict[str, Any]:
    """Return the instance's own word on its health; it has the same form while the instance starts."""
    # The front door is on this machine: a proxy for the web would not find it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as response:
            text = response.read()
    except urllib.error.HTTPError as error:
        with error:
            text = error.read()
    except OSError as error:
        raise click.ClickException(f"The instance runs, but {url} does not answer: {error}") from error
    answer: dict[str, Any] = json.loads(text)
    if "components" not in answer:
        raise click.ClickException(f"The instance runs, but {url} answers: {text.decode('utf-8', 'replace')}")
    return answer
