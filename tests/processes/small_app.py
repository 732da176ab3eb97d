"""A tiny application in a process of its own: ``python small_app.py NAME SOCKET``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sciplat.processes.lifeline import obey_supervisor
from sciplat.processes.process import EXIT_REFUSED
from sciplat.processes.server import serve

NAME, SOCKET = sys.argv[1:3]
TEXT = b"0123456789abcdef" * 512


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    path = scope["path"]
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    answer, content_type = b"", "text/plain"
    if path.endswith("/crash"):
        os.abort()
    elif path.endswith("/votable"):
        answer, content_type = TEXT, "application/x-votable+xml"
    elif path.endswith("/page"):
        answer, content_type = TEXT, "text/html"
    elif path.endswith("/wait"):
        await asyncio.Event().wait()
    else:
        answer = json.dumps(
            {
                "name": NAME,
                "pid": os.getpid(),
                "path": path,
                "client": scope["client"],
                "scheme": scope["scheme"],
                "headers": headers,
            }
        ).encode()
        content_type = "application/json"
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [
            (b"content-type", content_type.encode()),
            (b"www-authenticate", b'Basic realm="x"'),
            (b"www-authenticate", b"Bearer"),
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": answer})


def main() -> None:
    home = Path(os.environ["TEST_HOME"])
    with (home / "started").open("a") as file:
        file.write(f"{NAME}\n")
    if (home / f"refuse-{NAME}").exists():
        print("Setting `hots` is unknown; did you mean `host`?", file=sys.stderr)
        raise SystemExit(EXIT_REFUSED)
    if (home / f"fail-{NAME}").exists():
        print("Authorization: Bearer sp-key.secret", file=sys.stderr)
        raise SystemExit(1)
    if (home / f"stubborn-{NAME}").exists():
        # Blocked here, it is blocked in every thread: this process only ends when it is killed.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    obey_supervisor()
    try:
        serve(app, Path(SOCKET))
    finally:
        with (home / "ended").open("a") as file:
            file.write(f"{NAME}\n")


main()
