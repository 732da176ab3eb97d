"""An ASGI application that real clients can reach, in this process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

__all__ = ["serving"]


@contextmanager
def serving(app: Any, **options: Any) -> Iterator[str]:
    """Serve an application for as long as the block lasts, and give its address.

    The socket listens before the server runs: who connects meanwhile waits in its queue. ``options`` are
    those of uvicorn.
    """
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1, **options)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=config.backlog) as listening:

        def run() -> None:
            try:
                server.run(sockets=[listening])
            finally:
                # A server that could not start leaves nobody waiting.
                listening.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
