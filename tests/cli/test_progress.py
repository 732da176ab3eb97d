"""How far long work is, on a terminal and elsewhere."""

from __future__ import annotations

import io
import json

import pytest

from sciplat.cli.progress import LINES_VARIABLE, progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_there_is_a_line_a_stage_and_at_each_tenth() -> None:
    file = io.StringIO()

    with progress_bar("Ingest", file=file) as progress:
        progress("reading", None)
        for step in range(101):
            progress("sorting", step / 100)

    assert file.getvalue().splitlines() == [
        "Ingest: reading",
        "Ingest: sorting",
        *(f"Ingest: sorting {tenth}0 %" for tenth in range(1, 11)),
    ]


def test_a_terminal_gets_a_bar() -> None:
    file = Terminal()

    with progress_bar("Ingest", file=file) as progress:
        progress("sorting", 0.5)

    assert "Ingest: sorting" in file.getvalue()
    assert "50%" in file.getvalue()


def test_ctrl_c_leaves_the_last_state_on_the_terminal_and_gives_the_cursor_back() -> None:
    file = Terminal()

    def work() -> None:
        with progress_bar("Ingest", file=file) as progress:
            progress("sorting", 0.25)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()

    assert "25%" in file.getvalue()
    assert file.getvalue().rstrip("\n").endswith("\x1b[?25h")


def test_the_supervisor_reads_json_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(LINES_VARIABLE, "json")

    with progress_bar("Demo") as progress:
        progress("gaia", None)
        progress("gaia", None)
        progress("simwide", 0.5)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"stage": "gaia", "fraction": None}, {"stage": "simwide", "fraction": 0.5}]
