"""Jobs as documents (UWS 1.1, section 3 and appendix A).

What a client asks for by itself (phase, quote, execution duration, destruction, owner) is plain text,
not XML: a phase is its own value, an instant is `sciplat.vo.instant.instant`, a duration whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from xml.etree import ElementTree as ET

from sciplat.vo.instant import instant
from sciplat.vo.xml import document, element, escaped

__all__ = [
    "ErrorSummary",
    "Job",
    "JobReference",
    "Parameter",
    "Phase",
    "Result",
    "job_document",
    "jobs_document",
    "parameters_document",
    "results_document",
]

_JOBS_AT_ONCE = 1000

_NAMESPACES = {
    "xmlns:uws": "http://www.ivoa.net/xml/UWS/v1.0",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


class Phase(StrEnum):
    """Where a job stands (UWS 1.1, section 2.1.3)."""

    PENDING = "PENDING"
    QUEUED = "QUEUED"
    EXECUTING = "EXECUTING"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"
    ABORTED = "ABORTED"
    UNKNOWN = "UNKNOWN"
    HELD = "HELD"
    SUSPENDED = "SUSPENDED"
    ARCHIVED = "ARCHIVED"

    @property
    def is_active(self) -> bool:
        """Whether another phase may still follow."""
        return self not in (Phase.COMPLETED, Phase.ERROR, Phase.ABORTED, Phase.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a job; a name may come more than once."""

    name: str
    value: str
    by_reference: bool = False
    """The value is a URL from which the parameter is read."""


@dataclass(frozen=True, slots=True)
class Result:
    """One result of a job."""

    name: str
    """``result`` for a TAP query (TAP 1.1, section 5)."""

    href: str
    mime: str | None = None
    size: int | None = None
    """In bytes."""


@dataclass(frozen=True, slots=True)
class ErrorSummary:
    """Why a job failed."""

    message: str
    transient: bool = False
    """The same job may succeed later."""

    has_detail: bool = True
    """There is a document of the error at ``/error``."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its document shows it."""

    id: str
    phase: Phase
    creation_time: datetime
    execution_duration: int = 0
    """Seconds that it may run; 0 is no limit."""

    run_id: str | None = None
    owner: str | None = None
    """None for a job of nobody who signed in."""

    quote: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    destruction: datetime | None = None
    parameters: tuple[Parameter, ...] = ()
    results: tuple[Result, ...] = ()
    error: ErrorSummary | None = None
    info: tuple[tuple[str, str], ...] = ()
    """More facts, e.g. how many rows are written: pairs of an XML name and a text."""


@dataclass(frozen=True, slots=True)
class JobReference:
    """A job as the list of jobs shows it."""

    id: str
    href: str
    phase: Phase
    creation_time: datetime
    run_id: str | None = None
    owner: str | None = None


def job_document(job: Job) -> bytes:
    """Return the document of one job."""
    return document(
        element(
            "uws:job",
            {**_NAMESPACES, "version": "1.1"},
            element("uws:jobId", text=job.id),
            None if job.run_id is None else element("uws:runId", text=job.run_id),
            _nillable("uws:ownerId", job.owner),
            element("uws:phase", text=job.phase),
            _when("uws:quote", job.quote),
            _when("uws:creationTime", job.creation_time),
            _when("uws:startTime", job.start_time),
            _when("uws:endTime", job.end_time),
            element("uws:executionDuration", text=str(job.execution_duration)),
            _when("uws:destruction", job.destruction),
            _parameters(job.parameters),
            _results(job.results),
            None if job.error is None else _error(job.error),
            _info(job.info),
        )
    )


def jobs_document(jobs: Iterable[JobReference]) -> Iterator[bytes]:
    """Yield the list of jobs in portions: it can be long."""
    attributes = " ".join(f'{name}="{uri}"' for name, uri in _NAMESPACES.items())
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<uws:jobs {attributes} version="1.1">\n'.encode()
    jobs = iter(jobs)
    while portion := list(islice(jobs, _JOBS_AT_ONCE)):
        yield "".join(map(_reference, portion)).encode()
    yield b"</uws:jobs>\n"


def _reference(job: JobReference) -> str:
    # Written by hand: as a tree, a hundred thousand jobs would take many seconds.
    run_id = "" if job.run_id is None else f"    <uws:runId>{escaped(job.run_id)}</uws:runId>\n"
    owner = ' xsi:nil="true" />' if job.owner is None else f">{escaped(job.owner)}</uws:ownerId>"
    return (
        f'  <uws:jobref id="{escaped(job.id)}" xlink:href="{escaped(job.href)}" xlink:type="simple">\n'
        f"    <uws:phase>{job.phase}</uws:phase>\n"
        f"{run_id}    <uws:ownerId{owner}\n"
        f"    <uws:creationTime>{instant(job.creation_time)}</uws:creationTime>\n"
        "  </uws:jobref>\n"
    )


def parameters_document(parameters: Iterable[Parameter]) -> bytes:
    """Return the parameters of a job as a document of their own."""
    return document(_parameters(parameters, _NAMESPACES))


def results_document(results: Iterable[Result]) -> bytes:
    """Return the results of a job as a document of their own."""
    return document(_results(results, _NAMESPACES))


def _parameters(parameters: Iterable[Parameter], attributes: dict[str, str] | None = None) -> ET.Element:
    each = (
        element(
            "uws:parameter",
            {"id": parameter.name, "byReference": "true" if parameter.by_reference else None},
            text=parameter.value,
        )
        for parameter in parameters
    )
    return element("uws:parameters", attributes, *each)


def _results(results: Iterable[Result], attributes: dict[str, str] | None = None) -> ET.Element:
    each = (
        element(
            "uws:result",
            {
                "id": result.name,
                "xlink:href": result.href,
                "xlink:type": "simple",
                "mime-type": result.mime,
                "size": None if result.size is None else str(result.size),
            },
        )
        for result in results
    )
    return element("uws:results", attributes, *each)


def _error(error: ErrorSummary) -> ET.Element:
    kind = "transient" if error.transient else "fatal"
    attributes = {"type": kind, "hasDetail": "true" if error.has_detail else "false"}
    return element("uws:errorSummary", attributes, element("uws:message", text=error.message))


def _info(info: Iterable[tuple[str, str]]) -> ET.Element | None:
    facts = [element(name, text=text) for name, text in info]
    return element("uws:jobInfo", None, *facts) if facts else None


def _when(tag: str, when: datetime | None) -> ET.Element:
    return _nillable(tag, None if when is None else instant(when))


def _nillable(tag: str, text: str | None) -> ET.Element:
    return element(tag, {"xsi:nil": "true"}) if text is None else element(tag, text=text)
