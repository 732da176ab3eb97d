"""Logs: one file of JSON lines a process, under the home, without secrets."""

from __future__ import annotations

import json
import logging
import os
import re
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

__all__ = ["JSONLines", "log_file", "redact", "write_logs"]

MAX_BYTES = 10_000_000
KEPT_FILES = 5

_SECRETS = re.compile(
    r"sp-[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"  # a token
    r"|(?<=sign-in\#)[A-Za-z0-9_.~-]+"  # the code of a sign-in link
    r"|(?<=signature=)[A-Za-z0-9_-]+"  # of a file that is lent
    r"|(?<=\bBearer )[A-Za-z0-9_.~+/=-]+"
    r"|(?<=\bBasic )[A-Za-z0-9+/=]{8,}",
    re.IGNORECASE,
)
_REMOVED = "[removed]"
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}


def redact(text: str) -> str:
    """Return ``text`` without tokens, sign-in codes, signatures and passwords of HTTP."""
    return _SECRETS.sub(_REMOVED, text)


class JSONLines(logging.Formatter):  # logging formats through this class only
    """A record as one line of JSON: time (UTC), level, logger, message, and what the caller added."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; secrets are removed from all of it, tracebacks too."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return redact(json.dumps(line, default=str, ensure_ascii=False))


def log_file(home: Path, process: str) -> Path:
    """Return where the log of a process is: ``<home>/logs/<process>.log``."""
    return home / "logs" / f"{process}.log"


def write_logs(home: Path, process: str, *, level: str = "info") -> None:
    """Send everything that this process logs, and its warnings, to its file under ``home``.

    The file is renewed at 10 MB; five older ones are kept. Only the owner can read it.
    """
    path = log_file(home, process)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    os.chmod(path, 0o600)  # noqa: PTH101  by the path that the handler opened
    handler.setFormatter(JSONLines())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
