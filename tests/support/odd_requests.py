"""Requests of every route with parameters, bodies and headers of any kind, as Hypothesis draws them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from support.asking import documented

__all__ = ["OddRequest", "odd_requests"]


@dataclass(frozen=True)
class OddRequest:
    """A request, but for who sends it."""

    method: str
    path: str
    options: dict[str, object] = field(default_factory=dict)


_NAMES = [
    "QUERY", "LANG", "MAXREC", "RESPONSEFORMAT", "FORMAT", "REQUEST", "UPLOAD", "PHASE", "RUNID",
    "DESTRUCTION", "EXECUTIONDURATION", "AFTER", "LAST", "WAIT", "ACTION", "RA", "DEC", "SR", "VERB",
    "DETAIL", "VERSION", "search", "aspect", "phase", "table", "limit", "before", "offset", "wait",
    "format", "expires_days",
]  # fmt: skip

_FITTING: dict[str, list[str]] = {
    "QUERY": ["SELECT TOP 3 * FROM simwide.Visit", "SELECT COUNT(*) FROM TAP_UPLOAD.mine", "SELECT"],
    "LANG": ["ADQL", "adql-2.1", "PQL", "ADQL-3.0"],
    "RESPONSEFORMAT": ["csv", "votable", "votable/b2", "fits", "parquet", "arrow", "json", 'x;y="z'],
    "FORMAT": ["tsv", "ecsv", "html", "application/x-votable+xml;serialization=binary2;version=1.9"],
    "REQUEST": ["doQuery", "getCapabilities"],
    "UPLOAD": [
        "mine,param:file", "mine,param:none", "mine", ",", ";;", "a,param:file;b,param:file",
        "mine,javascript:x", "mine,http://127.0.0.1:9/x", "mine,http://[::1", "mine,file:///etc/passwd",
        "select,param:file",
    ],
    "PHASE": ["RUN", "ABORT", "COMPLETED", "QUEUED", "SUSPEND"],
    "DESTRUCTION": ["2030-01-01", "0001-01-01", "9999-12-31T23:59:60Z"],
    "AFTER": ["2026-01-01T00:00:00Z", "2026-02-30"],
    "WAIT": ["0", "1"],
    "ACTION": ["DELETE", "PURGE"],
    "RA": ["10", "360", "-0"],
    "DEC": ["-90", "0", "1e-320"],
    "SR": ["0", "0.01", "180", "181"],
    "VERB": ["1", "2", "3", "4"],
    "DETAIL": ["min", "max"],
    "search": ["visit", "%", "_", "\\", "' OR 1=1 --"],
    "aspect": ["api", "portal"],
    "phase": ["COMPLETED", "ERROR"],
    "table": ["simwide.Visit", "a.b.c"],
    "limit": ["1", "1000"],
    "offset": ["0", "5"],
    "wait": ["0", "1"],
    "format": ["json", "yaml"],
    "expires_days": ["1", "1e9"],
}  # fmt: skip

_ODD = [
    "", " ", "0", "-1", "1.5", "1e3", "1e309", "NaN", "inf", "9" * 18, "9" * 30, "9" * 5000, "null",
    "true", "[]", "{}", "x" * 3000, "\u0663", "\u00b2", "\x01", "\x00", "\r\nSet-Cookie: a=b",
    "../../etc/passwd", "<script>", "]]>", "%00", "%ff", "'", '"', "\U0001f600", "\ufffe", "é" * 300,
    "2026-11-21T00:00:00Z", "1;2", "a,b",
]  # fmt: skip
_ANY = st.one_of(st.sampled_from(_ODD), st.text(max_size=20), st.integers().map(str), st.floats().map(str))

_KINDS = [
    "application/x-www-form-urlencoded", "application/json", "application/json; charset=x",
    "application/yaml", "multipart/form-data", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x", "text/xml", "text/plain", "", "garbage",
]  # fmt: skip

_VOTABLE = (
    b"<VOTABLE version='1.4'><RESOURCE><TABLE><FIELD name='a' datatype='int'/><DATA><TABLEDATA><TR><TD>"
    b"%s</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
)
_SENT = [
    b"a,b\n1,2\n", b"", b"SIMPLE  =                    T", b"PAR1", b"ARROW1\0\0", b"<VOTABLE/>",
    b"\xff\xfe", _VOTABLE % b"1", _VOTABLE % b"x", b'{"a":[1]}', b"a" * 5000,
    b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\na\n1\n",
]  # fmt: skip
_FILES = st.binary(max_size=200) | st.sampled_from(_SENT)

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FACTS = [
    "query", "language", "maxrec", "format", "uploads", "id", "created", "tables", "version",
    "sciplat_query", "link", "username", "password", "current", "name", "scopes", "expires_days",
]  # fmt: skip
_VALUES = ["SELECT 1", "x", "", 1, -1, 10**30, None, ["read:tap"], [], {}]
_BODIES = _JSON | st.dictionaries(st.sampled_from(_FACTS), st.sampled_from(_VALUES) | _JSON, max_size=5)
_YAML = [
    b"query: SELECT 1", b"query: &a SELECT 1\nformat: *a", b"- 1", b"query: 1:2:3", b"{" * 50,
    b"---\n---\n", b"query: |\n  SELECT\n  1", b"!!python/object/apply:os.system ['x']",
    b"created: 9999-99-99", b"\xff", b"query: SELECT 1\nmaxrec: 99999999999999999999", b"? [a]\n: b",
    b"query: !!binary x", b"tables: [{release: a}]", b"query: SELECT 1\nquery: SELECT 2",
]  # fmt: skip

_HEADERS: list[dict[str, str]] = [
    {}, {}, {}, {"Accept-Encoding": "gzip;q=x, br;q=9, *;q=-1"}, {"Accept": "text/html"},
    {"Range": "bytes=5-1"},
    {"Cache-Control": "no-cache, max-age=x"}, {"X-Sciplat-History": "off"}, {"If-None-Match": "*"},
    {"Origin": "http://evil.example"}, {"Cookie": "sciplat_session=sp-x.y"}, {"If-Modified-Since": "x"},
    {"X-Requested-With": "sciplat-portal"},
]  # fmt: skip


_IDS = ["x", "a" * 26, "%00", "%ff", "..%2f..", "x" * 3000, "\U0001f600"]
_TABLES = [
    "simwide.Visit",
    "simwide.Object",
    "SIMWIDE.VISIT",
    "x",
    "",
    "%00",
    "a.b",
    "TAP_SCHEMA.tables",
    "'",
]


@st.composite
def _pairs(draw: st.DrawFn) -> list[tuple[str, str]]:
    pairs = []
    for known in draw(st.lists(st.sampled_from(_NAMES), max_size=6)):
        value = draw(st.sampled_from(_FITTING[known]) | _ANY if known in _FITTING else _ANY)
        if known.lower() == "wait" and value.strip() not in ("", "0"):
            value = "1"  # a longer one is waited for, as it should be
        name = draw(st.sampled_from([known, known, known, known.swapcase()]))
        pairs += [(name, value)] * draw(st.sampled_from([1, 1, 1, 2]))
    return pairs


@st.composite
def odd_requests(draw: st.DrawFn, own: Sequence[str], foreign: str) -> OddRequest:
    """Draw a request of a documented route; ``own`` are ids of the asker, ``foreign`` is somebody else's."""
    method, path, _ = draw(st.sampled_from(_ROUTES))
    ids = st.sampled_from([*own, *own, foreign, *_IDS])
    tables = st.sampled_from(_TABLES)
    path = re.sub(r"\{(\w+)\}", lambda found: draw(tables if found[1] == "name" else ids), path)
    options: dict[str, object] = {"headers": dict(draw(st.sampled_from(_HEADERS))), "params": draw(_pairs())}
    if method not in ("GET", "DELETE"):
        match draw(st.sampled_from(["form", "form", "files", "json", "raw", "yaml", "none"])):
            case "form":
                options["data"] = draw(_pairs())
            case "files":
                options["data"] = draw(_pairs())
                name = draw(st.sampled_from(["file", "file", "QUERY", "", "\U0001f600", "x" * 300]))
                options["files"] = [(name, (draw(st.sampled_from(["t.csv", "", "a/b\\c"])), draw(_FILES)))]
            case "json":
                options["json"] = draw(_BODIES)
            case "yaml":
                options["data"] = draw(st.sampled_from(_YAML))
                options["headers"]["Content-Type"] = "application/yaml"
            case "raw":
                options["data"] = draw(st.binary(max_size=100) | _FILES)
                options["headers"]["Content-Type"] = draw(st.sampled_from(_KINDS))
    return OddRequest(method, path, options)


_ROUTES = [
    route for route in documented() if route[1].startswith("/api") and route[:2] != ("DELETE", "/api/queries")
]
