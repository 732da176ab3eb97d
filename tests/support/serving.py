"""One of the applications, served for a test, without the rest of the platform."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import requests
import uvicorn
from fastapi import FastAPI

__all__ = ["Client", "serving"]


class Client:
    """Asks one server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=120, **more)


@contextmanager
def serving(app: FastAPI) -> Iterator[Client]:
    """Serve an application at a port of the loopback."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        while thread.is_alive() and not server.started:
            thread.join(0.01)
        yield Client(f"http://127.0.0.1:{listening.getsockname()[1]}")
        server.should_exit = True
        thread.join()
