"""Writes the reference page of the scopes: ``python -m sciplat.identity.reference``."""

from __future__ import annotations

import sys

from sciplat.identity.models import Scope

__all__ = ["reference_page"]

_HEAD = """\
# Scopes

<!-- Made by `python -m sciplat.identity.reference`: change `Scope` in `src/sciplat/identity/models.py`. -->

A scope says what a session or a token may be used for. A session has all scopes of its user; a token
has those that it was made with, as long as its user has them too. A user who is added has all but
`admin:instance`.

| Scope | What it opens |
| --- | --- |
"""


def reference_page() -> str:
    """Return ``docs/reference/scopes.md``."""
    return _HEAD + "".join(f"| `{scope.value}` | {scope.description} |\n" for scope in Scope)


if __name__ == "__main__":
    sys.stdout.write(reference_page())
