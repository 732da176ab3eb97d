from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from support.sky_files import simple

from sciplat.cli import main


@pytest.fixture
def run(tmp_path):
    """Run a command over a home of its own."""

    def run(*arguments):
        return CliRunner().invoke(main, [str(a) for a in arguments] + ["--home", str(tmp_path / "home")])

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "stars.parquet"
    pq.write_table(pa.table({"ra": [1.0, None], "dec": [2.0, 3.0]}), path)
    return path


def test_a_file_becomes_a_table_of_a_public_release(run, file):
    done = run("ingest", "catalog", file, "--table", "dr1.stars", "--public")

    assert done.exit_code == 0
    assert done.stdout.startswith("dr1.stars: 2 rows in ")
    assert "1 rows have no position" in done.stdout
    listed = run("release", "list").stdout
    assert "dr1  public\n  dr1.stars  2 rows\n" in listed


def test_bad_input_is_one_line_on_standard_error_and_exit_code_1(run, tmp_path):
    done = run("ingest", "catalog", tmp_path / "none.csv", "--table", "dr1.stars")

    assert done.exit_code == 1
    assert done.stdout == ""
    assert f"{tmp_path / 'none.csv'}: there is no such file" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("table", ["stars", "dr1.", ".stars", "a.b.c"])
def test_wrong_usage_is_exit_code_2(run, file, table):
    done = run("ingest", "catalog", file, "--table", table)

    assert done.exit_code == 2
    assert "RELEASE.TABLE" in done.stderr


@pytest.mark.slow
def test_a_release_is_published_and_taken_back(run, file):
    run("ingest", "catalog", file, "--table", "dr1.stars")

    assert run("release", "publish", "dr1").exit_code == 0
    assert "dr1  public" in run("release", "list").stdout
    assert run("release", "unpublish", "dr1").exit_code == 0
    assert "dr1  private" in run("release", "list").stdout


def test_a_release_that_is_not_there_is_named(run):
    done = run("release", "publish", "dr9")

    assert done.exit_code == 1
    assert "There is no release 'dr9'" in done.stderr


@pytest.mark.slow
def test_a_table_is_dropped(run, file):
    run("ingest", "catalog", file, "--table", "dr1.stars")

    assert run("release", "drop", "dr1.stars").exit_code == 0
    assert "dr1" not in run("release", "list").stdout.replace("TAP_SCHEMA", "")


@pytest.fixture
def images(tmp_path):
    pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")
    simple(tmp_path / "night" / "a.fits", FILTER="g", DATE_OBS="2026-01-01T01:00:00")
    (tmp_path / "night" / "b.fits").write_text("hello")
    return tmp_path / "night"


@pytest.mark.slow
def test_a_folder_of_images_becomes_part_of_a_release(run, images):
    done = run("ingest", "images", images, "--release", "dr1", "--public")

    assert done.exit_code == 0
    first, last = done.stdout.splitlines()
    assert first.startswith("dr1: 1 new images, 0 changed, 0 as before, 1 files skipped, in ")
    assert last.startswith("What was taken for what: ")
    assert f"Skipped {images / 'b.fits'}: " in done.stderr
    assert run("release", "list").stdout.startswith("dr1  public  with images\nivoa  public\n")
    assert (
        "0 new images, 0 changed, 1 as before" in run("ingest", "images", images, "--release", "dr1").stdout
    )
    assert run("release", "unpublish", "dr1").exit_code == 0
    assert run("release", "list").stdout.startswith("dr1  private  with images\n")


def test_where_no_image_can_be_taken_the_exit_code_is_1(run, images):
    done = run("ingest", "images", images / "b.fits", "--release", "dr1")

    assert done.exit_code == 1
    assert done.stdout == ""
    assert "Error: No image was found that can be taken into dr1" in done.stderr.splitlines()[-1]
    assert run("release", "list").stdout == ""


def test_images_need_a_release_and_a_profile_that_is_there(run, images):
    assert run("ingest", "images", images).exit_code == 2
    assert (
        run("ingest", "images", images, "--release", "dr1", "--profile", images / "none.yaml").exit_code == 2
    )
    assert run("ingest", "images", images, "--release", "a b").exit_code == 1


@pytest.mark.slow
def test_without_the_extra_of_images_the_command_that_installs_it_is_named(tmp_path):
    simple(tmp_path / "a.fits")
    words = ["ingest", "images", str(tmp_path / "a.fits"), "--release", "r", "--home", str(tmp_path / "h")]
    code = f"import sys; sys.modules['lsst'] = None; from sciplat.cli import main; main({words!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1] == "Error: Images need the [images] extra: pip install 'sciplat[images]'"
    )
