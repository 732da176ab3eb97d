"""Writes the reference page of the functions: ``python -m sciplat.adql.reference``."""

from __future__ import annotations

import sys

from sciplat.adql.functions import FUNCTIONS
from sciplat.adql.signatures import SAME, Function

__all__ = ["reference_page"]

_HEAD = """\
# Functions of ADQL

<!-- Made by `python -m sciplat.adql.reference` from `functions.py` and `user_functions.py`. -->

How they treat NULL, texts and units: [ADQL](adql.md). What a service has, it also says in its
`capabilities` document.

## ADQL's own

| call | unit of its value |
| --- | --- |
| `AVG(number)`, `SUM(number)`, `MIN(value)`, `MAX(value)` | as its argument |
| `COUNT(*)`, `COUNT(value)` | |
"""

_BEYOND = """
## Beyond ADQL

The `ivo_` functions are those of the IVOA's *Catalogue of ADQL User Defined Functions* 1.2; the
`scisql_` functions are sciSQL's, which Rubin's services have. An aggregate takes the values of many rows.

| call | what it gives | unit |
| --- | --- | --- |
"""


def reference_page() -> str:
    """Return ``docs/reference/functions.md``."""
    own = [function for function in FUNCTIONS.values() if not function.forms]
    beyond = [function for function in FUNCTIONS.values() if function.forms]
    lines = [f"| `{function.usage}` | {_unit(function)} |\n" for function in own]
    rows = [f"| {_forms(function)} | {_description(function)} | {_unit(function)} |\n" for function in beyond]
    return f"{_HEAD}{''.join(lines)}{_BEYOND}{''.join(rows)}"


def _forms(function: Function) -> str:
    return "<br>".join(f"`{form.replace(' -> ', ' → ')}`" for form in function.forms)


def _description(function: Function) -> str:
    return f"Aggregate. {function.description}" if function.aggregate else function.description


def _unit(function: Function) -> str:
    if function.unit is None:
        return ""
    return "as its first argument" if function.unit == SAME else f"`{function.unit}`"


if __name__ == "__main__":
    sys.stdout.write(reference_page())
