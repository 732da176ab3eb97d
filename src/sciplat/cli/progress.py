"""How long work shows on a terminal, in a file, and to the supervisor."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

__all__ = ["LINES_VARIABLE", "Progress", "progress_bar"]

LINES_VARIABLE = "_SCIPLAT_PROGRESS"
"""With the value ``json`` in the environment, progress is one JSON object a line on standard output."""


Progress = Callable[[str, float | None], None]
"""What long work calls with its stage in words, and the part of it done, 0 to 1, where that is known."""


@contextmanager
def progress_bar(title: str, *, file: TextIO | None = None) -> Iterator[Progress]:
    """Show how far ``title`` is: a bar on a terminal, plain lines elsewhere.

    Plain lines are one a stage and one at each 10 % of it. They go to standard
    error, as the bar does: standard output belongs to results.
    """
    if os.environ.get(LINES_VARIABLE) == "json" and file is None:
        yield _as_json(sys.stdout)
        return
    file = sys.stderr if file is None else file
    if file.isatty():
        with _bar(title, file) as progress:
            yield progress
    else:
        yield _as_lines(title, file)


@contextmanager
def _bar(title: str, file: TextIO) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    bars = Bars(
        *columns, console=Console(file=file), redirect_stdout=False, redirect_stderr=file is sys.stderr
    )
    # Leaving the block, by Ctrl-C too, draws the last state and gives the cursor back.
    with bars:
        task = bars.add_task(title, total=None)

        def show(stage: str, fraction: float | None) -> None:
            bars.update(
                task,
                description=f"{title}: {stage}",
                total=None if fraction is None else 1.0,
                completed=0.0 if fraction is None else min(1.0, max(0.0, fraction)),
            )

        yield show


def _as_lines(title: str, file: TextIO) -> Progress:
    last: tuple[str, int] = ("", -1)

    def show(stage: str, fraction: float | None) -> None:
        nonlocal last
        tenth = 0 if fraction is None else int(min(1.0, max(0.0, fraction)) * 10 + 1e-9)
        if stage == last[0] and tenth <= last[1]:
            return
        last = (stage, tenth)
        share = "" if fraction is None or tenth == 0 else f" {tenth * 10} %"
        print(f"{title}: {stage}{share}", file=file, flush=True)

    return show


def _as_json(file: TextIO) -> Progress:
    last: tuple[str, int] = ("", -1)

    def show(stage: str, fraction: float | None) -> None:
        nonlocal last
        hundredth = -1 if fraction is None else int(fraction * 100)
        if (stage, hundredth) == last:
            return
        last = (stage, hundredth)
        print(json.dumps({"stage": stage, "fraction": fraction}), file=file, flush=True)

    return show
