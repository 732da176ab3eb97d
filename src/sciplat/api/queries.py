"""``/api/queries``: a user's history, and queries of the past asked again."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from sciplat.adql.tokens import MAX_LENGTH
from sciplat.api.aspect import aspect_of
from sciplat.api.dependencies import Reach
from sciplat.api.policy import SignedIn
from sciplat.api.tap import PREFIX as TAP
from sciplat.errors import UsageError
from sciplat.history.models import Aspect, Filters, Mark, Record, Upload
from sciplat.services.plan import LANGUAGES
from sciplat.services.plan import Query as Asked
from sciplat.services.recall import Recalled
from sciplat.tables.formats import negotiate
from sciplat.vo.uws import Phase
from sciplat.wire.jobs import ErrorResponse
from sciplat.wire.queries import (
    ChangeFacts,
    DeletedResponse,
    QueryLinks,
    QueryListResponse,
    QueryResponse,
    QuerySpecification,
    TableFacts,
    UploadFacts,
)
from sciplat.wire.specification import read_specification, specification_as_yaml

__all__ = ["PREFIX", "router", "specification_of"]

PREFIX = "/api/queries"
YAML = "application/yaml"
_YAML_TYPES = frozenset({YAML, "application/x-yaml", "text/yaml", "text/x-yaml"})

router = APIRouter(prefix=PREFIX, tags=["queries"])


async def _sent(request: Request, _: SignedIn) -> QuerySpecification:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    content = await request.body()
    # YAML takes its time, in which others are answered.
    return await to_thread.run_sync(partial(read_specification, content, is_yaml=kind in _YAML_TYPES))


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": QuerySpecification.model_json_schema()} for kind in ("application/json", YAML)
        },
    }
}


@router.get("")
def queries(
    visitor: SignedIn,
    instance: Reach,
    search: Annotated[str, Query(max_length=200)] = "",
    aspect: Aspect | None = None,
    phase: Phase | None = None,
    table: Annotated[str | None, Query(max_length=200)] = None,
    before: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> QueryListResponse:
    """Answer the asker's queries, newest first: those with all words of ``search``, and so on."""
    filters = Filters(tuple(search.split()), aspect, phase, table)
    mark = None if before is None else Mark.parse(before)
    page = instance.recall.queries(visitor=visitor, filters=filters, before=mark, limit=limit)
    return QueryListResponse(
        queries=[_wire(recalled) for recalled in page.records],
        next=None if page.next is None else str(page.next),
    )


@router.post("", status_code=201, openapi_extra=_BODY)
def submit(
    wanted: Annotated[QuerySpecification, Depends(_sent)],
    request: Request,
    response: Response,
    visitor: SignedIn,
    instance: Reach,
) -> QueryResponse:
    """Run what a specification says, in JSON or YAML, as a job."""
    made = instance.recall.submit(
        _checked(wanted),
        form=wanted.format,
        uploads=[Upload(**upload.model_dump()) for upload in wanted.uploads],
        first=wanted.id,
        visitor=visitor,
        aspect=aspect_of(request),
    )
    return _made(response, made)


@router.delete("")
def delete_all(visitor: SignedIn, instance: Reach) -> DeletedResponse:
    """Forget every query of the asker that is over."""
    return DeletedResponse(deleted=instance.recall.delete_all(visitor=visitor))


@router.get("/{query_id}")
def query(query_id: str, visitor: SignedIn, instance: Reach) -> QueryResponse:
    """Answer one query of the asker, with the tables that have changed since."""
    return _wire(instance.recall.query(query_id, visitor=visitor))


@router.delete("/{query_id}", status_code=204)
def delete(query_id: str, visitor: SignedIn, instance: Reach) -> None:
    """Forget one query; the result of a job stays with the job."""
    instance.recall.delete(query_id, visitor=visitor)


@router.get("/{query_id}/specification", response_class=Response)
def specification(
    query_id: str,
    visitor: SignedIn,
    instance: Reach,
    form: Annotated[Literal["json", "yaml"], Query(alias="format")] = "json",
) -> Response:
    """Answer all that is needed to ask a query again, as a file that can be sent back."""
    found = specification_of(instance.recall.query(query_id, visitor=visitor).record)
    return Response(
        found.model_dump_json(indent=2) if form == "json" else specification_as_yaml(found),
        media_type="application/json" if form == "json" else YAML,
        headers={"Content-Disposition": f'attachment; filename="query-{found.id}.{form}"'},
    )


@router.post("/{query_id}/run", status_code=201)
def run(
    query_id: str, request: Request, response: Response, visitor: SignedIn, instance: Reach
) -> QueryResponse:
    """Run a query again, as a job on the rows of today; its answer says which tables have changed since."""
    return _made(response, instance.recall.run(query_id, visitor=visitor, aspect=aspect_of(request)))


def specification_of(record: Record) -> QuerySpecification:
    """Return all that is needed to ask the query of a record again."""
    return QuerySpecification(
        query=record.adql,
        language=record.language,
        maxrec=record.maxrec,
        format=record.format,
        uploads=_uploads(record),
        id=record.id,
        created=record.created,
        tables=_tables(record),
        version=record.version,
    )


def _checked(wanted: QuerySpecification) -> Asked:
    """Return the query, after looking for mistakes that would only show later."""
    if not wanted.query.strip():
        raise UsageError("The specification has no query.")
    if len(wanted.query) > MAX_LENGTH:
        raise UsageError(f"The query has more than {MAX_LENGTH:,} characters.")
    if "\x00" in wanted.query:
        raise UsageError("The query holds a NUL character.")
    if wanted.language.upper() not in LANGUAGES:
        raise UsageError(
            f"The language {wanted.language[:40]!r} is unknown; it can be {', '.join(LANGUAGES)}."
        )
    negotiate(wanted.format)
    return Asked(wanted.query, wanted.maxrec, wanted.language)


def _made(response: Response, recalled: Recalled) -> QueryResponse:
    answer = _wire(recalled)
    response.headers["Location"] = f"{PREFIX}/{answer.id}"
    return answer


def _tables(record: Record) -> list[TableFacts]:
    return [TableFacts(**asdict(table)) for table in record.tables]


def _uploads(record: Record) -> list[UploadFacts]:
    return [UploadFacts(**asdict(upload)) for upload in record.uploads]


def _wire(recalled: Recalled) -> QueryResponse:
    record, job = recalled.record, recalled.job
    address = None if job is None else f"{TAP}/async/{record.id}"
    return QueryResponse(
        id=record.id,
        aspect=(record.aspect or Aspect.API).value,
        kind="async" if record.is_job else "sync",
        phase=record.phase.value,
        query=record.adql,
        language=record.language,
        maxrec=record.maxrec,
        format=record.format,
        created=record.created,
        started=record.started,
        ended=record.ended,
        rows=record.rows,
        bytes=record.bytes,
        overflow=record.overflow,
        cached=record.cached,
        error=None if record.error is None else ErrorResponse(**record.error),
        uploads=_uploads(record),
        tables=_tables(record),
        changes=[ChangeFacts(**asdict(change)) for change in recalled.changes],
        version=record.version,
        links=QueryLinks(
            query=f"{PREFIX}/{record.id}",
            specification=f"{PREFIX}/{record.id}/specification",
            job=address,
            result=f"{address}/results/result" if job is Phase.COMPLETED else None,
        ),
    )
