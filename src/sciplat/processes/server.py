"""An ASGI application on a unix socket, behind the front door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import uvicorn

__all__ = ["GRACE_SECONDS", "MOST_MESSAGE_BYTES", "SOCKETS", "serve"]

GRACE_SECONDS = 5
"""How long requests may go on after the process was asked to stop."""


MOST_MESSAGE_BYTES = 1 << 20
"""Of a client over a WebSocket, which is closed at a longer one (1009) without reading it.

The front door may then see only that it is closed; what applications refuse themselves, they can explain.
"""

SOCKETS: dict[str, Any] = {
    "ws": "websockets-sansio",
    "ws_max_size": MOST_MESSAGE_BYTES,
    # Messages are small, and each would wait for its compression.
    "ws_per_message_deflate": False,
}
"""How WebSockets are spoken."""


def serve(app: Any, socket: Path) -> None:
    """Answer requests on a unix socket until SIGTERM; then let running ones end, and return.

    Only the front door can reach the socket, so what it says of the client is believed.
    """
    uvicorn.Server(
        uvicorn.Config(
            app,
            uds=str(socket),
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips="*",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=300,
            **SOCKETS,
        )
    ).run()
