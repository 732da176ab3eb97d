"""Why processes ended by themselves: in their logs, and for ``sciplat status``."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sciplat.processes.logs import JSONLines, log_file
from sciplat.processes.rundir import write_whole

__all__ = ["Failure", "note_last_words", "read_failures", "write_failures"]

FILE = "failures.json"
"""Beside the states, which everybody may ask for: last words are for whoever runs the instance."""

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """How a process ended that should not have."""

    end: str
    """``exit code 1``, ``killed by signal 9``."""

    why: str
    """The last line that it wrote beside its log; empty if there is none."""

    log: str
    """The path of its log."""

    @classmethod
    def of(cls, code: int, last_lines: Sequence[str], log: Path) -> Failure:
        """Return the failure of a process that ended with an exit code, or less than 0 for a signal."""
        end = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        why = next((line.strip() for line in reversed(last_lines) if line.strip()), "")
        return cls(end, why[:_LONGEST], str(log))

    def __str__(self) -> str:
        return f"{self.end}: {self.why}" if self.why else self.end


def note_last_words(home: Path, process: str, failure: Failure, last_lines: Sequence[str]) -> None:
    """Write into the log of a process that has ended what it could not write there itself."""
    record = logging.makeLogRecord(
        {
            "name": __name__,
            "levelno": logging.ERROR,
            "levelname": "ERROR",
            "msg": f"the process ended ({failure.end})",
            "last_words": list(last_lines),
        }
    )
    path = log_file(home, process)
    path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as log:
        log.write(f"{JSONLines().format(record)}\n")


def write_failures(run_directory: Path, failures: Mapping[str, Failure]) -> None:
    """Put the failures of the processes that are not up again where ``sciplat status`` reads them."""
    write_whole(run_directory / FILE, json.dumps({name: asdict(each) for name, each in failures.items()}))


def read_failures(run_directory: Path) -> Mapping[str, Failure]:
    """Return the failures that the supervisor wrote last."""
    try:
        values = json.loads((run_directory / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return {name: Failure(**value) for name, value in values.items()}
