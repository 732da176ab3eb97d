"""Logs: JSON lines without secrets."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from sciplat.processes.logs import log_file, redact, write_logs


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers = []
    yield root
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("token sp-a1_B-2.c3_D-4 used", "token [removed] used"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [removed]"),
        ("authorization: basic dXNlcjpwYXNzd29yZA==", "authorization: basic [removed]"),
        ("http://127.0.0.1:8080/portal/sign-in#abc-123", "http://127.0.0.1:8080/portal/sign-in#[removed]"),
        ("sp-eed of light, basic idea", "sp-eed of light, basic idea"),
    ],
)
def test_secrets_are_removed_and_words_stay(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_a_line_is_json_with_what_the_caller_added(root: logging.Logger, tmp_path: Path) -> None:
    write_logs(tmp_path, "web")
    logging.getLogger("sciplat.test").info("job %s ended", "j1", extra={"job": "j1"})

    line = json.loads(log_file(tmp_path, "web").read_text())

    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "info", "logger": "sciplat.test", "message": "job j1 ended", "job": "j1"}


def test_a_token_in_a_message_a_field_or_a_traceback_is_not_written(
    root: logging.Logger, tmp_path: Path
) -> None:
    write_logs(tmp_path, "web")
    try:
        raise ValueError("sp-key.secret is wrong")
    except ValueError:
        logging.getLogger("x").exception("checked %s", "sp-key.secret", extra={"header": "sp-key.secret"})

    text = log_file(tmp_path, "web").read_text()
    assert "secret" not in text
    assert "ValueError" in json.loads(text)["exception"]


def test_only_the_owner_reads_the_log(root: logging.Logger, tmp_path: Path) -> None:
    write_logs(tmp_path, "web")

    assert stat.S_IMODE(log_file(tmp_path, "web").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "logs").stat().st_mode) == 0o700


def test_the_level_decides_what_is_written(root: logging.Logger, tmp_path: Path) -> None:
    write_logs(tmp_path, "web", level="warning")
    logging.getLogger("x").info("quiet")
    logging.getLogger("x").warning("loud")

    assert json.loads(log_file(tmp_path, "web").read_text())["message"] == "loud"
