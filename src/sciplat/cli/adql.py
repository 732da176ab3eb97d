"""``sciplat adql``: look over queries without an instance."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

__all__ = ["adql"]


@click.group()
def adql() -> None:
    """Look over ADQL queries; needs no instance."""


@adql.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...]) -> None:
    """Tell whether queries are right ADQL 2.1, and if not, where and why.

    Each FILE holds one query. Without files, standard input holds one query a line, each written
    as a JSON string; blank lines are ignored.

    For each query one line of JSON is printed: `valid`, and for an error `line`, `column`
    (both from 1) and `message`; for files also `file`. Syntax and the arguments of known functions
    are looked at; names of tables, columns and other functions are left to an instance.

    The exit status is 1 if any query is wrong.
    """
    # The parser stands on sqlglot, whose import would slow down --help.
    from sciplat.adql.parser import check as check_query

    all_valid = True
    for facts, query in _from_files(files) if files else _from_standard_input():
        answer = check_query(query)
        all_valid = all_valid and answer.valid
        report: dict[str, object] = {**facts, "valid": answer.valid}
        if not answer.valid:
            report |= {"line": answer.line, "column": answer.column, "message": answer.message}
        click.echo(json.dumps(report, ensure_ascii=False))
    context.exit(0 if all_valid else 1)


def _from_files(files: tuple[Path, ...]) -> Iterator[tuple[dict[str, object], str]]:
    for file in files:
        try:
            # Bytes, since reading as text would change line ends.
            text = file.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise click.UsageError(
                f"{file} is not a text in UTF-8 (byte {error.start}), so it holds no query"
            ) from None
        yield {"file": str(file)}, text


def _from_standard_input() -> Iterator[tuple[dict[str, object], str]]:
    for number, raw in enumerate(sys.stdin.buffer, start=1):
        if not raw.strip():
            continue
        try:
            query = json.loads(raw)
        except ValueError:
            query = None
        if not isinstance(query, str):
            raise click.UsageError(
                f"Line {number} of standard input is no JSON string. "
                'Write each query on a line of its own as a JSON string: "SELECT ..."'
            )
        yield {}, query
