"""What the supervisor must know of a process to keep it running."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["EXIT_REFUSED", "LIFELINE_VARIABLE", "Process", "TCPAddress"]

EXIT_REFUSED = 78
"""The exit code of a process that can't start for a reason that a person must mend: it is not tried again.

It is EX_CONFIG of sysexits(3). The last line that it wrote to standard error is the reason.
"""

LIFELINE_VARIABLE = "_SCIPLAT_LIFELINE"
"""The variable with the number of a pipe's reading end; the pipe's end means that the supervisor has died."""


@dataclass(frozen=True, slots=True)
class TCPAddress:
    """A port on which a process listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Process:
    """One process of an instance."""

    name: str
    command: tuple[str, ...]
    ready: Path | TCPAddress
    """It is up when it takes a connection here: on a unix socket, or on a port."""
    stage: int = 0
    """Processes of a higher stage are stopped before those of a lower one."""
    after: str | None = None
    """It is first started when this one is up (or has failed): two that start at once delay each other."""
    stop_seconds: float = 10.0
    """How long it has to end by itself before it is killed, with all that it started."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own environment."""
    needed: Callable[[], bool] | None = None
    """It is first started when this is so, and off before; it costs little to ask. None: it always is."""
