"""How functions may be called, and what is known of their values.

An argument has a *kind*, one letter:

====  =======================================  ====  ===============================================
kind  argument                                 kind  argument
====  =======================================  ====  ===============================================
d     unsigned integer, as written             s     text that is computed
f     unsigned decimal number, as written      p     POINT or CENTROID
i     signed integer, as written               g     another region: CIRCLE, BOX, POLYGON, REGION
n     number that is computed                  c     column, or anything else of a type not yet known
l     text, as written                         0     NULL
====  =======================================  ====  ===============================================

A signature is a regular expression over the letters of all arguments. A literal text may stand for
a number (``POINT('ICRS', x, 'sy')`` is in the IVOA's validator set as valid).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["ANY", "NUMBER", "POINT", "REGION", "SAME", "SYSTEM", "TEXT", "Function", "adql", "user_defined"]

NUMBER = "[dfinlc]"
TEXT = "[lsc0]"
POINT = "[pc]"
REGION = "[pgc]"
ANY = "[dfinlspgc0]"

# A coordinate system: a text as written, or NULL, in first place. Deprecated in ADQL 2.1, still read.
SYSTEM = "[l0]?"  # What follows it is no text: CIRCLE('ICRS', 2, 3) lacks its radius.

SAME = "="
"""As the first argument: of a kind or unit of a value."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how it may be called, what it gives, and how the engine works it out."""

    name: str
    signature: re.Pattern[str]
    result: str
    """The kind of its value, a letter."""

    usage: str
    """The call as an error message shows it."""

    kind: str = "float"
    """The `Kind` of its value, once the kinds of columns are known; `SAME` as its first argument."""

    takes: str = ""
    """What each argument is made into, a letter each: ``n`` a number, ``i`` an integer, ``t`` a text,
    ``d`` a time."""

    sql: str | None = None
    """The engine's own name for it, or its SQL with ``$1``, ``$2`` for the arguments; None for a
    function that a rule of its own writes."""

    unit: str | None = None
    """The unit of its value if that is always one; `SAME` as its first argument."""

    ucd: str | None = None
    description: str = ""

    forms: tuple[str, ...] = ()
    """For functions beyond ADQL: their signatures as TAPRegExt 1.0, section 2.3, wants them."""

    aggregate: bool = False
    """It takes the values of many rows."""

    def accepts(self, kinds: str) -> bool:
        """Tell whether arguments of these kinds are right."""
        return self.signature.fullmatch(kinds) is not None


def adql(
    usage: str,
    result: str,
    signature: str,
    sql: str | None = None,
    *,
    kind: str = "float",
    takes: str = "",
    unit: str | None = None,
    ucd: str | None = None,
) -> Function:
    """Return a function of ADQL itself, by the form of its call."""
    return Function(
        usage.partition("(")[0], re.compile(signature), result, usage, kind, takes, sql, unit, ucd
    )


_ARGUMENT = re.compile(r"(\w+) ([A-Z][A-Z ]*[A-Z])")
_TYPES = {
    "DOUBLE PRECISION": ("n", "float", "n", f"(?:{NUMBER}|0)"),
    "INTEGER": ("i", "integer", "n", f"(?:{NUMBER}|0)"),
    "BIGINT": ("i", "integer", "n", f"(?:{NUMBER}|0)"),
    "VARCHAR": ("t", "text", "s", TEXT),
    "TIMESTAMP": ("d", "time", "c", TEXT),
    "INTEGER[]": ("", "other", "c", ""),
}
"""For each type: what an argument is made into, `Kind`, letter of a value, letters of an argument."""

_WRITTEN = {"n": "[dfin]", "i": "[di]", "t": "l"}


def user_defined(
    form: str,
    sql: str,
    description: str,
    *,
    unit: str | None = None,
    ucd: str | None = None,
    written: str = "",
    aggregate: bool = False,
) -> Function:
    """Return a function beyond ADQL, by its signature as TAPRegExt 1.0, section 2.3, has it.

    Parameters
    ----------
    form
        ``name(argument TYPE, ...) -> TYPE``.
    sql
        The engine's SQL, with ``$1``, ``$2`` for the arguments.
    description
        What it gives, for people.
    unit, ucd
        Of its value.
    written
        The places, from 1, of arguments that must be literals: the same for all rows.
    aggregate
        It takes the values of many rows.
    """
    call, _, type_ = form.partition(" -> ")
    name, _, rest = call.partition("(")
    takes, signature, usage = "", "", []
    for place, (argument, type_of) in enumerate(_ARGUMENT.findall(rest), start=1):
        takes += _TYPES[type_of][0]
        literal = str(place) in written
        signature += _WRITTEN[takes[-1]] if literal else _TYPES[type_of][3]
        usage.append(f"'{argument}'" if literal and takes[-1] == "t" else argument)
    _, kind, result, _ = _TYPES[type_]
    return Function(
        name, re.compile(signature), result, f"{name}({', '.join(usage)})", kind, takes, sql, unit, ucd,
        description, (form,), aggregate,
    )  # fmt: skip
