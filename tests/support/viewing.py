"""A client of a view, as the protocol has it and no more: what it hears, it keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from sciplat.views.state import State, applied, fingerprint, patch_from_json

__all__ = ["Viewer", "viewing"]

SECONDS = 20


class Viewer:
    """Somebody who follows a view."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.revision: int | None = None
        self.state: State = {}
        self.heard: list[dict[str, Any]] = []

    def send(self, **message: object) -> None:
        self.socket.send(json.dumps(message))

    def hello(self, revision: int | None = None, state: State | None = None) -> dict[str, Any]:
        """Say what is known, and return the answer."""
        if state is not None:
            self.revision, self.state = revision, state
        self.send(type="hello", **({} if revision is None else {"revision": revision}))
        return self.hear()

    def hear(self) -> dict[str, Any]:
        """Return the next message, after taking in what it says."""
        message = json.loads(self.socket.recv(SECONDS))
        self.heard.append(message)
        match message["type"]:
            case "state":
                self.state, self.revision = message["state"], message["revision"]
            case "tail":
                for entry in message["entries"]:
                    self._take(entry)
                assert self.revision == message["revision"]
            case "operation":
                self._take(message["entry"])
        return message

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the next message for which this holds."""
        while not condition(message := self.hear()):
            pass
        return message

    def until_revision(self, revision: int) -> None:
        while self.revision is None or self.revision < revision:
            self.hear()

    def do(self, name: str, /, **operation: object) -> dict[str, Any]:
        """Do an operation, and return the answer."""
        self.send(type="do", id=name, operation=operation)
        return self.until(lambda message: message["type"] in {"done", "refused"} and message["id"] == name)

    @property
    def hash(self) -> str:
        return fingerprint(self.state)

    def _take(self, entry: dict[str, Any]) -> None:
        assert self.revision is not None
        assert entry["revision"] == self.revision + 1, "a gap, or something twice"
        self.state = applied(self.state, patch_from_json(entry["patch"]))
        self.revision = entry["revision"]


@contextmanager
def viewing(
    home: str, view: str, *, token: str | None = None, headers: dict[str, str] | None = None, **options: Any
) -> Iterator[Viewer]:
    """Open the socket of a view for as long as the block lasts."""
    sent = dict(headers or {}) | ({} if token is None else {"Authorization": f"Bearer {token}"})
    address = f"{home.replace('http', 'ws', 1)}/api/views/{view}/socket"
    with connect(
        address, additional_headers=sent, proxy=None, compression=None, open_timeout=SECONDS, **options
    ) as socket:
        yield Viewer(socket)
