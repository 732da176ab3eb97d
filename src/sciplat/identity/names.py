"""What a user may be called."""

from __future__ import annotations

import re

from sciplat.errors import UsageError

__all__ = ["is_user_name", "require_user_name"]

RESERVED = frozenset(
    {
        *("admins", "all", "anonymous", "anybody", "api", "docs", "everybody", "everyone", "group", "groups"),
        *("guest", "hub", "internal", "me", "nb", "nobody", "notebook", "operator", "portal", "public"),
        *("root", "sciplat", "self", "service", "shared", "system", "token", "user", "users", "workspace"),
        "x-oauth-basic",
    }
)
"""Words that stand for something else in addresses, folders or rules. (``admin`` is taken from the start.)"""

# ASCII only: no two names look alike, and none differs from another by case, which some file systems fold.
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")


def is_user_name(name: str) -> bool:
    """Return whether a user could have this name."""
    return _NAME.fullmatch(name) is not None and name not in RESERVED


def require_user_name(name: str) -> None:
    """Refuse what no user can be called.

    Raises
    ------
    UsageError
        It says what a name may be.
    """
    if name in RESERVED:
        raise UsageError(f"A user can't be called {name!r}: the instance uses that word itself")
    if not is_user_name(name):
        raise UsageError(
            f"A user can't be called {name[:60]!a}: a name begins with a letter from a to z and goes on with "
            "those, digits, '-', '_' and '.', up to 32 characters, all lower case"
        )
