"""How many examples a property is tried with."""

from hypothesis import settings

__all__ = ["QUICK", "examples"]

QUICK = "quick"
"""The profile of `make check`."""

_FEWER = 12


def examples(most: int) -> int:
    """Return ``most`` in the complete run, and a part of it in `make check`."""
    return most // _FEWER if settings.get_current_profile_name() == QUICK else most
