"""The one table from errors to HTTP, and the document an error becomes."""

from __future__ import annotations

import logging
import re

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.websockets import WebSocketState

from sciplat import errors
from sciplat.api.policy import origin
from sciplat.services.disk import is_full
from sciplat.tables import votable
from sciplat.vo.soda import error_text

__all__ = ["CHALLENGES", "STATUS_CODES", "add_error_handlers"]

_log = logging.getLogger(__name__)

_SECRET = re.compile(r"s[pq]-[A-Za-z0-9_.-]+")
"""What tokens and links look like: no log has them."""

STATUS_CODES: dict[type[errors.SciplatError], int] = {
    errors.UsageError: 400,
    errors.AuthenticationError: 401,
    errors.PermissionDeniedError: 403,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.LimitError: 422,  # a time-out too: after 408 and 504 proxies and clients send a query again
    errors.TooManyAttemptsError: 429,
    errors.CancelledError: 409,
    errors.UnavailableError: 503,
    errors.EngineError: 500,
}

CHALLENGES = ('Basic realm="sciplat", charset="UTF-8"', 'Bearer realm="sciplat"')
"""Basic is among them: TOPCAT and STILTS know no other (their password is a token)."""

SOCKET_CODES = 4000
"""What is added to an HTTP status to close a WebSocket for the same reason."""

IVOA = tuple(f"/api/{service}/" for service in ("tap", "scs", "sia", "datalink", "cutouts"))
"""Where errors are VOTables."""

SODA = "/api/soda/"
"""Where they are text."""

OAUTH = "/api/identity/oauth/token/"
"""Where they are as clients of OAuth read them."""

_OAUTH_REASONS = {400: "invalid_request", 401: "invalid_client", 503: "temporarily_unavailable"}

PORTAL = "sciplat-portal"
"""What the Portal calls itself in ``X-Requested-With``: for Basic its browser would open a dialog."""


def status_of(error: errors.SciplatError) -> int:
    """Return the HTTP status of the nearest kind of error in the table."""
    for kind in type(error).__mro__:
        if kind in STATUS_CODES:
            return STATUS_CODES[kind]
    return 500


def document(request: HTTPConnection, error: errors.SciplatError) -> Response:
    """Return the response that tells of ``error`` in the form its resource promises.

    The services of the IVOA answer a VOTable (DALI 1.1, section 4.2), SODA text, OAuth its own JSON
    (RFC 6749, section 5.2), the rest JSON.
    """
    status = status_of(error)
    path = f"{request.scope['path']}/"
    if path.startswith(SODA):
        response: Response = PlainTextResponse(f"{error_text(error)}\n", status)
    elif path.startswith(IVOA):
        response = Response(votable.error_document(str(error)), status, media_type=votable.MEDIA_TYPE)
    elif path == OAUTH:
        reason = getattr(error, "reason", _OAUTH_REASONS.get(status, "invalid_request"))
        response = JSONResponse({"error": reason, "error_description": str(error)}, status)
    else:
        response = JSONResponse({"error": error.facts()}, status)
    if status == 401:
        for challenge in CHALLENGES[1:] if request.headers.get("X-Requested-With") == PORTAL else CHALLENGES:
            response.headers.append("WWW-Authenticate", challenge)
    if status == 503:
        response.headers["Retry-After"] = "5"
    if isinstance(error, errors.TooManyAttemptsError):
        response.headers["Retry-After"] = str(error.retry_seconds)
    return response


async def refuse(socket: WebSocket, error: errors.SciplatError) -> None:
    """End a WebSocket with the reason.

    A program that asks for one gets an answer of HTTP (RFC 6455, section 4.2.2). A page could not read that,
    so one of our own gets its WebSocket, which is closed at once: with 4000 and the status, and with the
    message, for which there are 123 bytes (sections 5.5 and 7.4.2).
    """
    if socket.application_state is WebSocketState.CONNECTING:
        if socket.headers.get("origin") != origin(socket):
            await socket.send_denial_response(document(socket, error))
            return
        await socket.accept()
    await socket.close(SOCKET_CODES + status_of(error), error.message.encode()[:120].decode(errors="ignore"))


def add_error_handlers(app: FastAPI) -> None:
    """Let ``app`` answer every error with the document of its resource, and no traceback ever."""

    @app.exception_handler(errors.SciplatError)
    async def _known(request: HTTPConnection, error: Exception) -> Response | None:
        assert isinstance(error, errors.SciplatError)
        if isinstance(request, WebSocket):
            await refuse(request, error)
            return None
        return document(request, error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        places = "; ".join(
            f"{'.'.join(str(step) for step in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        return document(request, errors.UsageError(f"The request is not understood: {places}."))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 413:
            response = document(request, errors.LimitError(str(error.detail)))
            response.status_code = 413
            return response
        if error.status_code == 503:
            return document(request, errors.UnavailableError(str(error.detail)))
        if error.status_code == 404:
            return document(request, errors.NotFoundError(f"There is no {request.url.path} here."))
        if error.status_code == 405:
            response = document(
                request, errors.UsageError(f"{request.url.path} does not take {request.method}.")
            )
            response.status_code = 405
            response.headers.update(error.headers or {})
            return response
        if error.status_code == 416:
            response = document(request, errors.UsageError(str(error.detail)))
            response.status_code = 416
            response.headers.update(error.headers or {})
            return response
        return document(request, errors.UsageError(str(error.detail)))

    @app.exception_handler(Exception)
    async def _unknown(request: Request, error: Exception) -> Response:
        path = _SECRET.sub("…", request.url.path)
        _log.error("Unexpected error on %s %s", request.method, path, exc_info=error)
        told: errors.SciplatError = errors.EngineError(
            "Something went wrong inside the server; the operator finds it in the log."
        )
        if is_full(error):
            told = errors.UnavailableError(
                "The disk of this instance is full, so this cannot be done now; its operator must make room."
            )
        response = document(request, told)
        # The server closes this connection: the front door must not send another request on it.
        response.headers["Connection"] = "close"
        return response
