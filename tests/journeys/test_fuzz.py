"""Queries and requests that nobody thought of: each is answered soon, honestly, with nothing of others.

Afterwards the instance is as well as before. `make fuzz` sends ten thousand; ``--fuzz N`` says how many.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import psutil
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance
from support.mutation import Mutator, corpus
from support.odd_requests import OddRequest, odd_requests
from support.running import Platform, copy_home, running, sciplat

pytestmark = [pytest.mark.journey, pytest.mark.slow]

SECONDS = 30.0
"""The longest that anybody waits for an answer."""

TABLES = {
    "simwide.Visit": ["visit", "band", "ra", "dec", "expMidptMJD"],
    "simwide.Object": ["objectId", "coord_ra", "coord_dec", "r_psfFlux", "g_psfFlux", "r_psfFluxErr"],
    "gaia.gaia_source": ["source_id", "ra", "dec", "parallax", "phot_g_mean_mag"],
    "TAP_SCHEMA.columns": ["table_name", "column_name", "unit", "ucd", "principal"],
    "aviary.canarynes": ["plumageton", "ra", "dec"],
}
"""What is asked; the last is nearly what only people who have signed in may see."""

PRIVATE = ("canarynest", "plumagetone", "featherrow")
"""Of a release that is not public: a table, a column and a value."""

FORMATS = [
    "csv",
    "tsv",
    "votable",
    "votable/td",
    "votable/b2",
    "json",
    "fits",
    "parquet",
    "arrow",
    "ecsv",
    "x",
]


@dataclass(frozen=True)
class Fuzzed:
    """An instance, somebody who sends odd things, and what is not theirs."""

    platform: Platform
    ada: dict[str, str]
    eve: dict[str, str]
    own: list[str]
    """Jobs of eve."""

    foreign: str
    """A job of ada."""

    secrets: tuple[str, ...]
    """What only ada may see."""

    def judge(self, answer: Any, what: str, *, signed_in: bool) -> None:
        """See that an answer is honest."""
        content = answer.content
        where = f"{what}\n{answer.status_code} {content[:600]!r}"
        if answer.status_code >= 500:
            assert answer.status_code == 503, where
            assert answer.headers.get("retry-after"), where
        assert getattr(answer.elapsed, "total_seconds", lambda: answer.elapsed)() < SECONDS, where
        for secret in self.secrets if signed_in else (*self.secrets, *PRIVATE):
            assert secret.encode() not in content.replace(what.encode(errors="replace"), b""), where
            assert secret not in str(answer.headers), where
        assert b"Traceback" not in content, where
        kind = str(answer.headers.get("content-type", ""))
        if answer.status_code >= 400:
            if "xml" in kind or "votable" in kind:
                status = ET.fromstring(content).find(".//{*}INFO[@name='QUERY_STATUS']")
                assert status is not None, where
                assert status.get("value") == "ERROR", where
                assert status.text, where
            elif kind.startswith("text/plain") and b": " in content:
                assert b"/api/soda" in what.encode(errors="replace"), where
            else:
                document = json.loads(content)
                error = document["error"]
                if isinstance(error, str):  # as clients of OAuth read it (RFC 6749, section 5.2)
                    assert b"/api/identity/oauth/token" in what.encode(errors="replace"), where
                    error = {"code": error, "message": document["error_description"]}
                assert error["code"], where
                assert error["message"], where
            assert len(content) < 20_000, where
        elif "xml" in kind:
            ET.fromstring(content)
        elif "json" in kind and content:
            json.loads(content)


def _job(platform: Platform, query: str, bearer: dict[str, str], **options: object) -> str:
    form = {"QUERY": query, "LANG": "ADQL", "PHASE": "RUN"} | options.pop("form", {})
    made = requests.post(f"{platform.tap}/async", form, headers=bearer, timeout=30, **options)
    platform.wait_for(
        lambda: requests.get(f"{made.url}/phase", headers=bearer, timeout=30).text == "COMPLETED", what=query
    )
    return made.url.rsplit("/", 1)[1]


@pytest.fixture(scope="module")
def fuzzed(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    folder = tmp_path_factory.mktemp("fuzz")
    home = copy_home(demo_home, folder / "home")
    (home / "sciplat.yaml").write_text(
        "query:\n  sync_seconds: 5\n  async_seconds: 5\n  async_seconds_max: 10\n"
    )
    private = folder / "canarynest.csv"
    private.write_text("plumagetone,ra,dec\nfeatherrow,10.5,-20.25\n")
    sciplat(home, "ingest", "catalog", str(private), "--table", "aviary.canarynest")
    for user in ("ada", "eve"):
        sciplat(home, "user", "add", user)
    with running(home) as platform:
        token = platform.token("read:tap", user="ada")
        ada = {"Authorization": f"Bearer {token}"}
        eve = {"Authorization": f"Bearer {platform.token('read:tap', user='eve')}"}
        upload = {"form": {"UPLOAD": "mine,param:f"}, "files": {"f": ("f.csv", "word\neggspeckle\n")}}
        foreign = _job(platform, "SELECT word, 'nightsong' AS song FROM TAP_UPLOAD.mine", ada, **upload)
        link = requests.post(f"{platform.url}/api/queries/{foreign}/links", headers=ada, timeout=30).json()
        own = [_job(platform, f"SELECT TOP {n} visit FROM simwide.Visit", eve) for n in range(1, 9)]
        key = token.removeprefix("sp-").split(".")[0]
        yield Fuzzed(
            platform, ada, eve, own, foreign, (key, link["secret"], link["key"], "eggspeckle", "nightsong")
        )


def workers(platform: Platform) -> list[psutil.Process]:
    family = psutil.Process(platform.process.pid).children(recursive=True)
    return [one for one in family if "sciplat.engine.worker" in one.cmdline()]


def unfinished(platform: Platform) -> list[Path]:
    """Return what is being written, or came and was not taken away; finished results are kept for a while."""
    return [path for path in (platform.home / "tmp").rglob("*") if path.is_file() and path.suffix != ".arrow"]


@pytest.fixture(autouse=True)
def _as_well_as_before(fuzzed: Fuzzed) -> Iterator[None]:
    platform = fuzzed.platform
    before, files = len(workers(platform)), set(unfinished(platform))
    yield
    platform.wait_for(lambda: platform.health()["status"] == "ready", what="the instance")
    platform.wait_for(lambda: len(workers(platform)) == before, what=f"{before} workers")
    platform.wait_for(lambda: set(unfinished(platform)) <= files, what="the end of files")
    assert "Traceback" not in (platform.home / "logs" / "web.log").read_text()
    began = time.monotonic()
    form = {"QUERY": "SELECT COUNT(*) FROM simwide.Visit", "LANG": "ADQL", "RESPONSEFORMAT": "csv"}
    assert requests.post(f"{platform.tap}/sync", form, timeout=SECONDS).status_code == 200
    assert time.monotonic() - began < 10


def test_what_is_looked_for_is_there_for_whom_it_is_for(fuzzed: Fuzzed) -> None:
    result = f"{fuzzed.platform.tap}/async/{fuzzed.foreign}/results/result?RESPONSEFORMAT=csv"
    form = {"QUERY": "SELECT * FROM aviary.canarynest", "LANG": "ADQL", "RESPONSEFORMAT": "csv"}

    seen = requests.get(result, headers=fuzzed.ada, timeout=30).text
    private = requests.post(f"{fuzzed.platform.tap}/sync", form, headers=fuzzed.eve, timeout=30)

    assert "eggspeckle" in seen
    assert "nightsong" in seen
    assert "plumagetone" in private.text
    assert "featherrow" in private.text
    with pytest.raises(AssertionError, match="featherrow"):
        fuzzed.judge(private, "a private table", signed_in=False)


def test_changed_queries_are_answered_and_tell_nothing_of_others(fuzzed: Fuzzed, fuzz: int) -> None:
    kept = threading.local()

    def ask(number: int) -> None:
        chance = random.Random(number)
        query = Mutator(chance, corpus(), TABLES).query()
        door = chance.choice(["tap/sync", "tap/sync", "tap/sync", "queries/explain"])
        eve = chance.random() < 0.5
        session = kept.__dict__.setdefault("session", requests.Session())
        form = {
            "QUERY": query.encode(errors="surrogatepass"),
            "LANG": "ADQL",
            "MAXREC": chance.choice(["0", "20", "2000"]),
            "RESPONSEFORMAT": chance.choice(FORMATS),
        }
        address = f"{fuzzed.platform.url}/api/{door}"
        headers = fuzzed.eve if eve else {}
        answer = session.post(address, form, headers=headers, timeout=2 * SECONDS)
        try:
            fuzzed.judge(answer, f"{door} of seed {number}: {query}", signed_in=eve)
        except AssertionError as error:
            wrong.append(str(error))

    wrong: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(ask, range(fuzz // 2)):
            pass
    assert wrong == []


def _given(strategy: st.SearchStrategy, count: int):
    """Let a function be called with what Hypothesis draws."""

    def decorated(function):
        return settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )(given(strategy)(function))

    return decorated


def test_requests_of_any_kind_are_answered_and_tell_nothing_of_others(fuzzed: Fuzzed, fuzz: int) -> None:
    session = requests.Session()

    @_given(st.tuples(odd_requests(fuzzed.own, fuzzed.foreign), st.booleans()), max(1, fuzz * 3 // 10))
    def ask(drawn: tuple[OddRequest, bool]) -> None:
        request, eve = drawn
        options = dict(request.options)
        options["headers"] = {**options["headers"], **(fuzzed.eve if eve else {})}
        address = fuzzed.platform.url + request.path
        answer = session.request(
            request.method, address, timeout=2 * SECONDS, allow_redirects=False, **options
        )
        fuzzed.judge(answer, f"{request}", signed_in=eve)
        session.cookies.clear()

    ask()


def test_requests_that_openapi_describes_or_nearly_are_answered_as_it_says(fuzzed: Fuzzed, fuzz: int) -> None:
    described = schemathesis.openapi.from_url(f"{fuzzed.platform.url}/api/openapi.json")
    operations = [found.ok() for found in described.get_all_operations()]
    ways = [
        operation.as_strategy(mode)
        for operation in operations
        if (operation.method.upper(), operation.path) != ("DELETE", "/api/queries")
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    ]
    cases = st.integers(0, len(ways) - 1).flatmap(lambda number: ways[number])

    @_given(st.tuples(cases, st.booleans()), max(1, fuzz // 5))
    def ask(drawn: tuple[schemathesis.Case, bool]) -> None:
        case, eve = drawn
        answer = case.call(headers=fuzzed.eve if eve else {}, timeout=2 * SECONDS)
        fuzzed.judge(answer, case.as_curl_command(), signed_in=eve)
        case.validate_response(answer, checks=[not_a_server_error, content_type_conformance])

    ask()
