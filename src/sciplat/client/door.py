# SPDX-License-Identifier: BSD-3-Clause
"""The way to an instance: its address, and whose token is sent there."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlsplit

import requests

from sciplat.errors import SciplatError, UnavailableError, UsageError

__all__ = ["Door"]

NOTEBOOK = "sciplat-notebook"
"""What the client calls itself in ``X-Requested-With`` where it is used in a notebook."""

TIMEOUT_SECONDS = 120
"""The longest silence; a large answer may take longer as a whole."""


class _TokenFor(requests.auth.AuthBase):  # requests asks for this class
    """Sends a token to one origin and to nobody else, redirects included."""

    def __init__(self, origin: str, token: str) -> None:
        self._origin = origin
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        parts = urlsplit(request.url or "")
        if f"{parts.scheme}://{parts.netloc}" == self._origin:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Door:
    """Sends requests to one instance, with the rights of one user or none."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        self.token = token or None
        self.session = requests.Session()
        if "ipykernel" in sys.modules:
            self.session.headers["X-Requested-With"] = NOTEBOOK
        if token:
            parts = urlsplit(self.url)
            self.session.auth = _TokenFor(f"{parts.scheme}://{parts.netloc}", token)

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """Return the JSON at an address of the instance."""
        return dict(self._send("GET", path, params=parameters).json())

    def fetch(self, path: str) -> bytes:
        """Return what is at an address of the instance."""
        return self._send("GET", path).content

    def post(
        self, path: str, *, json: Any = None, data: bytes | None = None, kind: str | None = None
    ) -> dict[str, Any]:
        """Send ``json``, or ``data`` of the media type ``kind``, and return the JSON that comes back."""
        headers = None if kind is None else {"Content-Type": kind}
        return dict(self._send("POST", path, json=json, data=data, headers=headers).json())

    def delete(self, path: str) -> None:
        """Remove what is at an address of the instance."""
        self._send("DELETE", path)

    def _send(self, method: str, path: str, **what: Any) -> requests.Response:
        try:
            answer = self.session.request(method, f"{self.url}{path}", timeout=TIMEOUT_SECONDS, **what)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise UnavailableError(f"Nobody answers at {self.url}: is the instance running?") from error
        if answer.ok:
            return answer
        raise _told(answer)


def _told(answer: requests.Response) -> SciplatError:
    try:
        message = str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"The instance answered {answer.status_code} {answer.reason}."
    return UnavailableError(message) if answer.status_code >= 500 else UsageError(message)
