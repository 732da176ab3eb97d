"""The linter for people, through click's own runner."""

import json

import pytest
from click.testing import CliRunner

from sciplat.cli.adql import adql


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *arguments, **options: runner.invoke(adql, ["check", *map(str, arguments)], **options)


def answers(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_right_file_is_valid(run, tmp_path):
    file = tmp_path / "cone.adql"
    file.write_text("SELECT ra FROM t\n")

    result = run(file)

    assert result.exit_code == 0
    assert answers(result) == [{"file": str(file), "valid": True}]


def test_a_wrong_file_names_its_place(run, tmp_path):
    right, wrong = tmp_path / "right.adql", tmp_path / "wrong.adql"
    right.write_text("SELECT ra FROM t")
    wrong.write_text("SELECT ra\nFORM t")

    result = run(right, wrong)

    assert result.exit_code == 1
    assert [answer["valid"] for answer in answers(result)] == [True, False]
    error = answers(result)[1]
    assert (error["line"], error["column"]) == (2, 6)
    assert "FROM" in error["message"]


def test_standard_input_holds_a_json_string_a_line(run):
    result = run(input='"SELECT ra FROM t"\n\n   \n"SELECT FROM t"\n')

    assert result.exit_code == 1
    first, second = answers(result)
    assert first == {"valid": True}
    assert set(second) == {"valid", "line", "column", "message"}


@pytest.mark.parametrize("line", ["SELECT ra FROM t", "3", "null", '["SELECT ra FROM t"]', '"open'])
def test_a_line_that_is_no_json_string_is_wrong_usage(run, line):
    result = run(input=f'"SELECT ra FROM t"\n{line}\n')

    assert result.exit_code == 2
    assert "Line 2" in result.stderr


def test_a_file_that_is_no_text_is_wrong_usage(run, tmp_path):
    file = tmp_path / "image.fits"
    file.write_bytes(b"SIMPLE\xff\xfe")

    result = run(file)

    assert result.exit_code == 2
    assert "UTF-8" in result.stderr


def test_a_missing_file_is_wrong_usage(run, tmp_path):
    assert run(tmp_path / "nowhere.adql").exit_code == 2


def test_unknown_functions_and_regions_pass(run):
    result = run(input="\"SELECT my_function(ra) FROM t WHERE 1 = CONTAINS(p, REGION('CIRCLE 1 2 3'))\"\n")

    assert answers(result) == [{"valid": True}]
