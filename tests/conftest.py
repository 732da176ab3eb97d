"""What every test can use: real data where it is at hand, and a record of proven requirements."""

from __future__ import annotations

import fcntl
import gc
import json
import os
import tomllib
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from support.examples import QUICK, examples

# How long an example takes says more of the machine than of the code.
settings.register_profile("house", deadline=None)
settings.register_profile(QUICK, deadline=None, max_examples=10)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]
WORDS = ROOT / "docs" / "requirements.toml"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real sky data; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("SCIPLAT_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real sky data at {folder}: set SCIPLAT_SHARED to the folder that has it")
    return folder


@pytest.fixture(scope="session")
def made_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Callable[[Path], object]], Path]:
    """Make a home that costs much: once for tests two at a time, and for runs with the same ``--homes``."""
    base = tmp_path_factory.getbasetemp()
    beside = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    kept = Path(request.config.getoption("--homes") or beside / "homes")

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder = kept / name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            if not (folder / "made").exists():
                make(folder / "home")
                (folder / "made").touch()
        return folder / "home"

    return once


@pytest.fixture(scope="session")
def small_sim1(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A home with a small ``sim1``, images and tables, that no test changes; `copy_home` makes yours."""
    pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")
    pytest.importorskip("galsim", reason="needs the [demo] extra")
    from support.small_sim1 import make_small_sim1

    return made_once("small-sim1", make_small_sim1)


@pytest.fixture(scope="session")
def skies(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A home with two small releases of images (`support.coadds.make_skies`) that no test changes."""
    from support.coadds import make_skies

    return made_once("skies", make_skies)


@pytest.fixture(scope="session")
def demo_home(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A home with the demo's tables, never started, that no test changes; `copy_home` makes yours."""
    from support.running import sciplat

    return made_once("demo", lambda home: sciplat(home, "demo", "make", "gaia", "simwide"))


@pytest.fixture(scope="module")
def sockets_left_behind() -> None:
    """Say that clients leave sockets open, to be collected after this module and not in another one."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Collect what a module leaves behind; until its last test is all over, that test holds some of it."""
    done = yield
    left = "sockets_left_behind" in getattr(item, "fixturenames", ())
    if left and (nextitem is None or nextitem.path != item.path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    return done


@pytest.fixture(scope="session")
def fuzz(request: pytest.FixtureRequest) -> int:
    """How many examples a fuzz test makes."""
    return examples(int(request.config.getoption("--fuzz")))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")
    parser.addoption(
        "--fuzz",
        type=int,
        default=600,
        metavar="N",
        help="how many changed queries and odd requests each fuzz test makes",
    )
    parser.addoption(
        "--homes",
        metavar="FOLDER",
        help="keep homes that cost much here, for a later run of the same sources",
    )
    parser.addoption("--write-pictures", action="store_true", help="take the documentation's pictures anew")
    parser.addoption(
        "--keep-requirements",
        metavar="FILE",
        help="add what is proven to this file, for the table that the last of several runs writes",
    )
    parser.addoption("--write-requirements", metavar="FILE", help="write the table of proven requirements")


def pytest_configure(config: pytest.Config) -> None:
    target, kept = config.getoption("--write-requirements"), config.getoption("--keep-requirements")
    if (target or kept) and not hasattr(config, "workerinput"):
        record = Record(Path(kept) if kept else None, Path(target) if target else None)
        config.pluginmanager.register(record, "requirements")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.user_properties.extend(
            ("requirement", mark.args[0]) for mark in item.iter_markers("requirement")
        )


class Record:
    """Writes which requirement each test proved, when all tests have run, maybe in several runs."""

    def __init__(self, kept: Path | None, target: Path | None) -> None:
        self.kept = kept
        self.target = target
        self.outcomes: dict[str, dict[str, str]] = defaultdict(dict)
        if kept and kept.exists():
            self.outcomes.update(json.loads(kept.read_text()))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            for name, value in report.user_properties:
                if name == "requirement":
                    tests, test = self.outcomes[str(value)], report.nodeid.split("[")[0]
                    if tests.get(test) != "failed":  # of one with parameters, each counts
                        tests[test] = report.outcome

    def pytest_sessionfinish(self) -> None:
        if self.kept:
            self.kept.write_text(json.dumps(self.outcomes))
        if self.target is None:
            return
        words = tomllib.loads(WORDS.read_text())
        lines = [
            "# Requirements",
            "",
            "Which requirements of the LSST Science Platform (LDM-554) are proven by tests. `make test`",
            "writes this page. LDM-554 has 238 requirements; the others are not proven yet.",
            "",
            "| id | in our words | state | tests |",
            "| --- | --- | --- | --- |",
        ]
        for requirement in sorted(words):
            tests = self.outcomes.get(requirement, {})
            outcomes = set(tests.values())
            state = "proven" if outcomes == {"passed"} else "failed" if "failed" in outcomes else "not run"
            names = "<br>".join(f"`{test}`" for test in sorted(tests))
            lines.append(f"| {requirement} | {words[requirement]} | {state} | {names} |")
        self.target.write_text("\n".join(lines) + "\n")
