from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyvo.io.uws import parse_job, parse_job_list

from sciplat.vo.instant import instant
from sciplat.vo.uws import (
    ErrorSummary,
    Job,
    JobReference,
    Parameter,
    Phase,
    Result,
    job_document,
    jobs_document,
    parameters_document,
    results_document,
)

UWS = "{http://www.ivoa.net/xml/UWS/v1.0}"
BEGAN = datetime(2026, 11, 21, 9, 30, 0, 250000, tzinfo=UTC)
NEW = Job(id="7f", phase=Phase.PENDING, creation_time=BEGAN)
DONE = Job(
    id="7f",
    phase=Phase.COMPLETED,
    creation_time=BEGAN,
    execution_duration=3600,
    run_id="night 3 & more",
    owner="vera",
    quote=BEGAN + timedelta(seconds=9),
    start_time=BEGAN + timedelta(seconds=1),
    end_time=BEGAN + timedelta(seconds=2),
    destruction=BEGAN + timedelta(days=7),
    parameters=(
        Parameter("QUERY", "SELECT TOP 5 *\nFROM gaia.gaia_source WHERE ra < 5"),
        Parameter("UPLOAD", "https://example.org/t.vot", by_reference=True),
    ),
    results=(
        Result(
            "result", "http://127.0.0.1:8080/api/tap/async/7f/results/result", "text/csv;header=present", 420
        ),
    ),
    info=(("rowsWritten", "5"),),
)
FAILED = Job(
    id="7f",
    phase=Phase.ERROR,
    creation_time=BEGAN,
    error=ErrorSummary("There is no column 'rq'; did you mean 'ra'?"),
)


@pytest.mark.parametrize("job", [NEW, DONE, FAILED], ids=["new", "done", "failed"])
def test_a_job_is_as_promised_and_obeys_the_schema(
    job: Job,
    request: pytest.FixtureRequest,
    assert_valid: Callable[[bytes], None],
    golden: Callable[[str, bytes], None],
) -> None:
    content = job_document(job)

    golden(f"job-{request.node.callspec.id}.xml", content)
    assert_valid(content)


def test_pyvo_reads_a_job() -> None:
    job = parse_job(io.BytesIO(job_document(DONE)))

    assert (job.jobid, job.phase, job.runid, job.ownerid) == ("7f", "COMPLETED", "night 3 & more", "vera")
    assert job.creationtime.isot == "2026-11-21T09:30:00.250"
    assert job.destruction.isot == "2026-11-28T09:30:00.250"
    assert job.executionduration.sec == 3600
    assert [(each.id_, each.content) for each in job.parameters] == [
        (each.name, each.value) for each in DONE.parameters
    ]
    assert (job.results[0].id_, job.results[0].href, job.results[0].size) == (
        "result",
        DONE.results[0].href,
        420,
    )


def test_pyvo_reads_why_a_job_failed() -> None:
    job = parse_job(io.BytesIO(job_document(FAILED)))

    assert job.errorsummary.message.content == "There is no column 'rq'; did you mean 'ra'?"
    assert job.starttime is None


def whole_list(jobs: list[JobReference]) -> bytes:
    return b"".join(jobs_document(jobs))


def test_the_job_list_is_as_promised(
    assert_valid: Callable[[bytes], None], golden: Callable[[str, bytes], None]
) -> None:
    content = whole_list(
        [
            JobReference(
                "7f", "http://127.0.0.1/api/tap/async/7f", Phase.COMPLETED, BEGAN, "night 3", "vera"
            ),
            JobReference("8a", "http://127.0.0.1/api/tap/async/8a", Phase.HELD, BEGAN),
        ]
    )

    golden("jobs.xml", content)
    assert_valid(content)
    jobs = parse_job_list(io.BytesIO(content))
    assert [(job.jobid, job.phase, job.ownerid) for job in jobs] == [
        ("7f", "COMPLETED", "vera"),
        ("8a", "HELD", None),
    ]


def test_no_jobs_are_a_list_too(assert_valid: Callable[[bytes], None]) -> None:
    assert_valid(whole_list([]))


def test_parameters_and_results_are_documents_of_their_own(assert_valid: Callable[[bytes], None]) -> None:
    assert_valid(parameters_document(DONE.parameters))
    assert_valid(results_document(DONE.results))


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_breaks_the_list_or_becomes_markup(text: str) -> None:
    root = ET.fromstring(whole_list([JobReference(text, text, Phase.QUEUED, BEGAN, text, text)] * 3))

    assert [each.tag for each in root] == [f"{UWS}jobref"] * 3
    assert [each.tag for each in root[0]] == [
        f"{UWS}{name}" for name in ("phase", "runId", "ownerId", "creationTime")
    ]
    printable = all(character >= " " and character not in "\ufffe\uffff" for character in text)
    assert not printable or (root[0].get("id"), root[0].findtext(f"{UWS}runId") or "") == (text, text)


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_breaks_a_job_or_becomes_markup(text: str) -> None:
    job = Job(
        id=text,
        phase=Phase.ERROR,
        creation_time=BEGAN,
        owner=text,
        parameters=(Parameter(text, text),),
        results=(Result(text, text, text),),
        error=ErrorSummary(text),
        info=(("note", text),),
    )

    root = ET.fromstring(job_document(job))

    assert len(root.findall(f"{UWS}parameters/{UWS}parameter")) == 1
    printable = all(character >= " " and character not in "\ufffe\uffff" for character in text)
    assert not printable or (root.findtext(f"{UWS}errorSummary/{UWS}message") or "") == text


def test_an_instant_is_utc_whatever_zone_it_came_in() -> None:
    assert instant(BEGAN.astimezone(timezone(timedelta(hours=-4)))) == "2026-11-21T09:30:00.250Z"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        instant(BEGAN.replace(tzinfo=None))


def test_only_some_phases_are_final() -> None:
    assert [phase for phase in Phase if not phase.is_active] == ["COMPLETED", "ERROR", "ABORTED", "ARCHIVED"]
