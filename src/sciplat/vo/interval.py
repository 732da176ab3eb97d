"""Intervals of numbers as parameters have them: ``-Inf 5e-7``, ``5e-7 6e-7``, ``5.5e-7``.

Source: DALI 1.1, section 3.3.2.
"""

from __future__ import annotations

import math

from sciplat.errors import UsageError

__all__ = ["interval"]


def interval(name: str, text: str) -> tuple[float, float]:
    """Return the ends of an interval, which may be infinite; a number alone is both.

    Raises
    ------
    UsageError
        The text is no interval; the message names the parameter, ``name``.
    """
    words = text.split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2) or any(math.isnan(number) for number in numbers):
        raise UsageError(
            f"{name}={text[:40]!r} is no interval: send two numbers with a blank between them, of which the "
            "first can be -Inf and the second +Inf, or one number."
        )
    low, high = numbers[0], numbers[-1]
    if low > high:
        raise UsageError(f"{name}={text[:40]!r} ends before it begins; send the smaller number first.")
    return low, high
