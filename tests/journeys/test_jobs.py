"""Two hundred jobs, whatever is killed meanwhile, and whatever else runs."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import psutil
import pytest
import requests
from support.running import Platform, copy_home, free_port, running

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.alone]

JOBS = 200
PHASE = re.compile(r"<uws:phase>([A-Z]+)</uws:phase>")
FINAL = {"COMPLETED", "ERROR", "ABORTED"}

HEAVY = "SELECT COUNT(*) AS n FROM simwide.ForcedSource AS a JOIN simwide.ForcedSource AS b USING (visit)"


class Owner:
    """Somebody with jobs, at an instance that may be killed and started again at the same port."""

    def __init__(self, platform: Platform) -> None:
        self.tap = platform.tap
        self.header = {"Authorization": f"Bearer {platform.token('read:tap')}"}
        self.pause = Event()

    def ask(self, method: str, path: str, **more: object) -> requests.Response:
        """Ask until there is an answer: while processes are away the front door says 503."""
        for _ in range(600):
            try:
                answer = requests.request(
                    method, f"{self.tap}/{path}", headers=self.header, timeout=60, **more
                )
                if answer.status_code < 500:
                    return answer
            except requests.ConnectionError:
                pass
            self.pause.wait(0.1)
        raise AssertionError(f"no answer from {path}")

    def submit(self, query: str) -> str:
        """Return the id of an acknowledged job."""
        form = {"QUERY": query, "LANG": "ADQL", "PHASE": "RUN"}
        answer = self.ask("POST", "async", data=form, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].rsplit("/", 1)[1]

    def job(self, name: str, wait: int = 0) -> tuple[str, str]:
        """Return a job's phase and its document."""
        document = self.ask("GET", f"async/{name}", params={"WAIT": wait} if wait else None).text
        found = PHASE.search(document)
        return (found[1] if found else "GONE"), document

    def end(self, name: str) -> tuple[str, str]:
        """Return the last phase of a job, and its document."""
        phase, document = self.job(name)
        while phase not in FINAL and phase != "GONE":
            phase, document = self.job(name, wait=20)
        return phase, document


def numbered(number: int) -> str:
    """Return a query whose answer is the number, some of them with work to do."""
    table = "simwide.Visit" if number % 4 else "simwide.Source"
    return f"SELECT {number} AS n, COUNT(*) AS c FROM {table}"


def of(platform: Platform, *words: str) -> list[psutil.Process]:
    """Return the platform's processes with all these words on their command lines."""
    family = psutil.Process(platform.process.pid).children(recursive=True)
    found = []
    for process in family:
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if all(any(word in part for part in line) for word in words):
            found.append(process)
    return found


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def kill_one_of_many(choice: random.Random, processes: list[psutil.Process]) -> None:
    if processes:
        kill([choice.choice(processes)])


class Kept:
    """An instance that is started again after everything of it was killed."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.stack = ExitStack()
        self.platform = self.stack.enter_context(running(home, port=self.port))

    def kill_everything(self) -> None:
        family = psutil.Process(self.platform.process.pid).children(recursive=True)
        self.platform.process.kill()
        kill(family)
        self.platform.process.wait()
        psutil.wait_procs(family, timeout=10)
        self.platform = self.stack.enter_context(running(self.home, port=self.port))


@pytest.fixture(scope="module")
def kept(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    kept = Kept(copy_home(demo_home, tmp_path_factory.mktemp("jobs") / "home"))
    with kept.stack:
        yield kept


def test_no_job_is_lost_or_runs_twice_whatever_is_killed(kept: Kept) -> None:
    owner, choice = Owner(kept.platform), random.Random(20_261_121)
    deeds: list[Callable[[], None]] = [
        lambda: kill(of(kept.platform, "serve", "web")),
        lambda: kill_one_of_many(choice, of(kept.platform, "engine.worker", "/runner/")),
        lambda: kill(of(kept.platform, "serve", "runner")),
        lambda: kill_one_of_many(choice, of(kept.platform, "engine.worker", "/web/")),
        lambda: kill_one_of_many(choice, of(kept.platform, "engine.worker", "/runner/")),
        kept.kill_everything,
        lambda: kill(of(kept.platform, "serve", "runner")),
    ]
    done = Event()

    def destroy() -> None:
        for deed in deeds:
            done.wait(choice.uniform(0.3, 2.5))
            deed()

    with ThreadPoolExecutor(9) as pool:
        killing = pool.submit(destroy)
        names = list(pool.map(owner.submit, map(numbered, range(JOBS))))
        killing.result()
        ends = list(pool.map(owner.end, names))

    phases = Counter(phase for phase, _ in ends)
    assert set(phases) <= {"COMPLETED", "ERROR"}, phases
    for number, (name, (phase, document)) in enumerate(zip(names, ends, strict=True)):
        if phase == "ERROR":
            assert "<uws:message>" in document, document
            continue
        rows = owner.ask("GET", f"async/{name}/results/result", params={"RESPONSEFORMAT": "csv"}).text
        assert rows.split()[1].startswith(f"{number},"), rows
        assert document.count("<uws:result ") == 1
    # What was killed between its answer and the asker's ear may be there as well; nothing runs any more.
    listed = owner.ask("GET", "async").text
    assert set(names) <= set(re.findall(r'jobref id="([a-z0-9]+)"', listed))
    everything = re.findall(r'jobref id="([a-z0-9]+)"', listed)
    assert {owner.end(name)[0] for name in everything} <= {"COMPLETED", "ERROR"}
    completed = {name for name in everything if owner.job(name)[0] == "COMPLETED"}
    files = [file.name for file in (kept.home / "spool").iterdir()]
    assert sorted(files) == sorted(f"{name}.arrow" for name in completed)
    # A worker that is killed takes one query with it, and nothing else may fail.
    assert phases["ERROR"] <= 4


@pytest.mark.requirement("DMS-API-REQ-0008")
def test_two_hundred_of_two_hundred_jobs_succeed_while_heavy_ones_run(kept: Kept) -> None:
    owner = Owner(kept.platform)
    heavy = [owner.submit(HEAVY) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        names = list(
            pool.map(
                owner.submit,
                [f"SELECT TOP 1 {number} AS n FROM tap_schema.tables" for number in range(JOBS)],
            )
        )
        phases = Counter(phase for phase, _ in pool.map(owner.end, names))

    assert phases == {"COMPLETED": JOBS}
    assert {owner.job(name)[0] for name in heavy} <= {"EXECUTING", "QUEUED", "COMPLETED"}
    for name in heavy:
        owner.ask("POST", f"async/{name}/phase", data={"PHASE": "ABORT"})
