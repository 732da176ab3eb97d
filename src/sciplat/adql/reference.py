"""Writes the reference page of the functions, or, told ``portal``, the list that the Portal completes from.

Run ``python -m sciplat.adql.reference`` or ``python -m sciplat.adql.reference portal``.
"""

from __future__ import annotations

import json
import re
import sys

from sciplat.adql.functions import FUNCTIONS
from sciplat.adql.signatures import SAME, Function

__all__ = ["portal_functions", "reference_page"]

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


_PORTAL = """\
// SPDX-License-Identifier: BSD-3-Clause
// Made by `python -m sciplat.adql.reference portal`: the functions that the instance has beyond ADQL 2.1.

/** How each is called, with `$` at places to fill in, and what it gives. */
export const USER_FUNCTIONS: readonly (readonly [call: string, about: string])[] = [
"""


def portal_functions() -> str:
    """Return ``frontend/src/adql/user-functions.ts``."""
    beyond = [function for function in FUNCTIONS.values() if function.forms]
    rows = (
        f"  [{_written(_snippet(function.forms[0]))}, {_written(function.description)}],\n"
        for function in beyond
    )
    return f"{_PORTAL}{''.join(rows)}];\n"


def _snippet(form: str) -> str:
    call = form.partition(" -> ")[0]
    return re.sub(r"([(,] ?)(\w+) [^,)]+", r"\1${\2}", call)


def _written(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _forms(function: Function) -> str:
    return "<br>".join(f"`{form.replace(' -> ', ' → ')}`" for form in function.forms)


def _description(function: Function) -> str:
    return f"Aggregate. {function.description}" if function.aggregate else function.description


def _unit(function: Function) -> str:
    if function.unit is None:
        return ""
    return "as its first argument" if function.unit == SAME else f"`{function.unit}`"


if __name__ == "__main__":
    sys.stdout.write(portal_functions() if sys.argv[1:] == ["portal"] else reference_page())
