"""Queries changed as the careless, the unlucky and the hostile change them."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from sqlglot import exp

from sciplat.adql import parse
from sciplat.adql.functions import AGGREGATES, FUNCTIONS
from sciplat.errors import ADQLError
from sciplat.vo.names import RESERVED_WORDS

__all__ = ["Mutator", "adopted", "changed", "corpus"]

SHARED = Path(os.environ.get("SCIPLAT_SHARED", Path(__file__).resolve().parents[3] / "shared"))
CORPUS = SHARED / "adql" / "corpus.jsonl"

OWN = [
    "SELECT TOP 5 id, ra AS x FROM t WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(60, -30, 0.5)) ORDER BY id",
    "SELECT b.id FROM t AS a JOIN u AS b ON DISTANCE(POINT(a.ra, a.dec), POINT(b.ra, b.dec)) < 1 / 3600.",
    "SELECT band, COUNT(*) AS n, AVG(flux) AS m FROM t GROUP BY band HAVING COUNT(*) > 2 ORDER BY n DESC",
    "WITH q AS (SELECT id, MAX(flux) AS f FROM t GROUP BY id) SELECT q.f, u.* FROM q LEFT JOIN u USING (id)",
    "SELECT id FROM t WHERE id IN (SELECT id FROM u WHERE flux BETWEEN 1 AND 2e3) UNION SELECT id FROM u",
    "SELECT * FROM (t AS a NATURAL JOIN u AS b) CROSS JOIN v",
    "SELECT x.* FROM (SELECT id, flux FROM t) AS x, (u JOIN v ON u.id = v.id) WHERE x.id = u.id OFFSET 3",
    "SELECT ivo_healpix_index(5, ra, dec) AS p, COUNT(*) FROM t GROUP BY ivo_healpix_index(5, ra, dec)",
    "SELECT AREA(POLYGON(1,2, 3,2, 2,4)), IN_UNIT(flux, 'uJy'), COORD1(CENTROID(BOX(ra, dec, 1, 1))) FROM t",
    "SELECT id FROM t WHERE 1 = INTERSECTS(POINT(ra, dec), MOC('3/1-40')) OR name LIKE 'a%' AND flux IS NULL",
    "SELECT CASE WHEN band = 'g' THEN flux ELSE -1 END, CAST(id AS VARCHAR(5)), COALESCE(flux, 0) FROM t",
    "SELECT ivo_string_agg(name, ','), ivo_histogram(flux, 0, 10, 5) FROM t",
    "SELECT COORD2(ivo_epoch_prop_pos(ra, dec, 1, 2, 3, 4, 2000, 2016)), MOD(id, 7), ROUND(flux, 2) FROM t",
    "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id) AND LOWER(name) || 'x' <> 'y'",
    "SELECT DISTINCT TOP 3 scisql_nanojanskyToAbMag(flux) AS mag FROM t ORDER BY mag DESC",
]
"""Queries of ours, for what others rarely ask and for where theirs are not at hand."""

_PARTS = ("ra", "dec", "id", "err", "flux", "mag", "band", "name")

Tables = Mapping[str, Sequence[str]]
"""The columns of each table, by its name as a query writes it."""

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\w+|\s+|.", re.DOTALL)

_NUMBERS = [
    "0", "-0", "1", "-1", "2", "29", "30", "90", "-90", "90.0000001", "180", "360", "361", "1e-320",
    "1e308", "1e309", "-1e400", "0.1", ".5", "5.", "1.5e3", "127", "128", "255", "256", "32767", "32768",
    "2147483647", "2147483648", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "99999999999999999999999999999999999999999", "0x1F", "1_000", "007", "1e",
    "1.2.3", "3E5",
]  # fmt: skip

_TEXTS = [
    "''", "'x'", "'1'", "'NaN'", "'-inf'", "'ICRS'", "'icrs geocenter'", "'2025-06-30T04:05:06'", "'%'",
    "'_'", "'it''s'", "'\\'", "'3/1-4'", "'deg'", "'mas.yr-1'", "'nJy'", "'('", "'[a-'", "'Circle 1 2 3'",
    "'\x00'", "'\n'", "'\U0001f600'", "'\u0130'", "'" + "x" * 300 + "'", "'" + "é" * 5000 + "'",
]  # fmt: skip

_ODD = [
    "\x00", "\x01", "\x7f", "\u00a0", "\u200b", "\u202e", "\ufeff", "\ufffe", "\ud800", "\U0001f600", "é",
    "\u0130", "\u017f", "\uff13", "\u0663", "\u00b2", "\u2212", "\u2019", "`", "$", "@", "\\", "#", "~",
    "\r", "\t", "\n", "--", "/*", "*/", ";", "%", "{", "}", "[", "]", "?", ":", "::", "&", "|", "^", "!",
]  # fmt: skip

_VALUES = [
    "NULL", "TRUE", "*", "POINT(1, 2)", "CIRCLE(0, 90, 0.1)", "BOX(0, 0, 1, 1)", "POLYGON(0,0, 1,0, 1,1)",
    "POLYGON(359,-1, 1,-1, 1,1, 359,1)", "MOC('3/1-4 7')", "MOC(4, CIRCLE(1, 2, 3))", "COUNT(*)",
    "RAND(3)", "TIMESTAMP '2025-06-30 00:00:00'", "INTERVAL '1' DAY", "CASE WHEN 1 = 1 THEN 2 END",
    "(SELECT 1)", "CAST(1 AS POINT)", "NOT", "EXISTS (SELECT 1)", "1 = 1", "BETWEEN 1 AND 2", "IN (1, 2)",
    "IS NULL", "LIKE 'x%'", "~1", "1 || 'x'", "TOP 0", "TOP 10", "OFFSET 3", "DISTINCT", "ALL", "AS x",
    "x.*",
]  # fmt: skip

_AROUND = [
    "({})", "-({})", "~{}", "ABS({})", "COALESCE({}, NULL)", "CAST({} AS VARCHAR(3))",
    "CAST({} AS BIGINT)", "CAST({} AS TIMESTAMP)", "CASE WHEN {} IS NULL THEN {} END", "SUM({})",
    "MAX({})", "POINT({}, {})", "CIRCLE(POINT(1, 2), {})", "CONTAINS({}, {})", "INTERSECTS({}, {})",
    "DISTANCE({}, {})", "AREA({})", "CENTROID({})", "UPPER({})", "NOT ({})", "EXISTS ({})", "({}, {})",
    "({} = {})", "ROUND({}, 3)", "IN_UNIT({}, 'deg')", "{} UNION {}", "SELECT {}", "'{}'", '"{}"',
    "/*{}*/", "--{}\n",
]  # fmt: skip

_WHOLE = [
    "SELECT * FROM ({}) AS q", "SELECT COUNT(*) AS n FROM ({}) AS q", "({})", "{} UNION {}",
    "{} EXCEPT ALL {}", "{} INTERSECT {}", "WITH q AS ({}) SELECT * FROM q",
    "WITH q AS ({}) SELECT a.* FROM q AS a, q AS b", "SELECT q.* FROM ({}) AS q NATURAL JOIN ({}) AS r",
    "{};", "{}; {}", "{} ORDER BY 1 DESC", "{} OFFSET 2", "SELECT TOP 3 * FROM ({}) AS q ORDER BY 2, 1",
    "EXPLAIN {}",
]  # fmt: skip


@cache
def corpus() -> tuple[str, ...]:
    """Return queries to begin with: ours, and right and wrong ones of others where they are at hand."""
    if not CORPUS.exists():
        return tuple(OWN)
    rows = (json.loads(line) for line in CORPUS.read_text().splitlines())
    return (*OWN * 3, *(row["q"] for row in rows if "{" not in row["q"]))


def adopted(query: str, tables: Tables, chance: random.Random) -> str:
    """Return a query that says of ``tables`` what ``query`` says of others; itself if it is not ADQL."""
    try:
        tree = parse(query)
    except ADQLError:
        return query
    names = list(tables)
    made = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    chosen: dict[str, str] = {}
    behind: dict[str, str] = {}
    places: dict[tuple[int, int], str] = {}
    for table in tree.find_all(exp.Table):
        if table.name.lower() in made:
            continue
        new = chosen.setdefault(table.name.lower(), chance.choice(names))
        behind[(table.alias or table.name).lower()] = new
        places[table.meta["span"]] = new
    if not behind:
        return query
    columns: dict[tuple[str, str], str] = {}
    for column in tree.find_all(exp.Column):
        table = column.table.lower()
        of = behind.get(table) or (next(iter(behind.values())) if not table else None)
        if of is None or column.meta_get("span") is None:
            continue
        new = columns.setdefault((table, column.name.lower()), _like(column.name, tables[of], chance))
        prefix = f"{column.table}." if table and table not in chosen else ""
        places[column.meta["span"]] = prefix + new
    for (start, end), text in sorted(places.items(), reverse=True):
        query = query[:start] + text + query[end:]
    return query


def _like(name: str, columns: Sequence[str], chance: random.Random) -> str:
    """Return one of the columns, rather one that means the same."""
    for part in _PARTS:
        alike = [column for column in columns if part in column.lower()]
        if part in name.lower() and alike:
            return chance.choice(alike)
    return chance.choice(columns)


class Mutator:
    """Changes queries.

    Parameters
    ----------
    chance
        Decides; one of a seed makes the same changes again.
    others
        Queries of which pieces are taken.
    tables
        What there is to ask.
    """

    def __init__(self, chance: random.Random, others: Sequence[str], tables: Tables) -> None:
        self.chance = chance
        self.others = others
        self.tables = tables
        self.columns = sorted({column for columns in tables.values() for column in columns})
        self.changes: list[Callable[[list[str]], list[str]]] = [
            self.splice, self.drop, self.again, self.swap, self.number, self.text, self.quote, self.odd,
            self.nest, self.function, self.value, self.value, self.column, self.column, self.word, self.case,
            self.cut, self.whole, self.deep,
        ]  # fmt: skip

    def query(self) -> str:
        """Return a query of somebody, changed in one place or several."""
        start = adopted(self.chance.choice(self.others), self.tables, self.chance)
        return self.mutated(start, self.chance.choice([0, 1, 1, 1, 1, 2, 3, 6]))

    def mutated(self, query: str, times: int) -> str:
        """Return ``query`` after so many changes."""
        for _ in range(times):
            query = "".join(self.chance.choice(self.changes)(_TOKEN.findall(query)))
        return query

    def _place(self, words: list[str], pattern: str = r"\S") -> int:
        fitting = [place for place, word in enumerate(words) if re.match(pattern, word)]
        return self.chance.choice(fitting) if fitting else 0

    def _put(self, words: list[str], place: int, new: str) -> list[str]:
        return [*words[:place], new, *words[place + 1 :]]

    def _range(self, words: list[str], most: int = 12) -> tuple[int, int]:
        start = self.chance.randint(0, max(0, len(words) - 1))
        return start, min(len(words), start + self.chance.randint(1, most))

    def splice(self, words: list[str]) -> list[str]:
        other = _TOKEN.findall(adopted(self.chance.choice(self.others), self.tables, self.chance))
        a, b = self._range(other, 30)
        start, end = self._range(words)
        return [*words[:start], " ", *other[a:b], " ", *words[self.chance.choice([start, end]) :]]

    def drop(self, words: list[str]) -> list[str]:
        start, end = self._range(words, 4)
        return words[:start] + words[end:]

    def again(self, words: list[str]) -> list[str]:
        start, end = self._range(words)
        times = self.chance.choice([2, 2, 3, 10, 100])
        return words[:start] + ([*words[start:end], " "] * times) + words[end:]

    def swap(self, words: list[str]) -> list[str]:
        one, other = self._place(words), self._place(words)
        words = list(words)
        if words:
            words[one], words[other] = words[other], words[one]
        return words

    def number(self, words: list[str]) -> list[str]:
        return self._put(words, self._place(words, r"\d"), self.chance.choice(_NUMBERS))

    def text(self, words: list[str]) -> list[str]:
        return self._put(words, self._place(words, r"['\d]"), self.chance.choice(_TEXTS))

    def quote(self, words: list[str]) -> list[str]:
        place, mark = self._place(words), self.chance.choice("'\"")
        word = words[place] if words else ""
        return self._put(
            words, place, self.chance.choice([f"{mark}{word}{mark}", f"{mark}{word}", word.strip("'\"")])
        )

    def odd(self, words: list[str]) -> list[str]:
        place = self._place(words)
        word = words[place] if words else ""
        inside = self.chance.randint(0, len(word))
        return self._put(words, place, word[:inside] + self.chance.choice(_ODD) + word[inside:])

    def nest(self, words: list[str]) -> list[str]:
        around = self.chance.choice(_AROUND)
        start = self._place(words, r"['\w(]")
        end = min(len(words), start + self.chance.choice([1, 1, 1, 3, 5, 9]))
        inner = "".join(words[start:end])
        return [*words[:start], around.replace("{}", inner), *words[end:]]

    def deep(self, words: list[str]) -> list[str]:
        around = self.chance.choice(_AROUND)
        place = self._place(words, r"\w")
        inner = words[place] if words else ""
        for _ in range(self.chance.choice([2, 3, 10, 45]) if around.count("{}") == 1 else 3):
            inner = around.replace("{}", inner)
        return self._put(words, place, inner)

    def function(self, words: list[str]) -> list[str]:
        names = [*FUNCTIONS, *AGGREGATES]
        new = self.chance.choice(names)
        called = [p for p, word in enumerate(words[:-1]) if words[p + 1] == "(" and re.match(r"\w", word)]
        if called and self.chance.random() < 0.7:
            return self._put(words, self.chance.choice(called), new)
        count = self.chance.choice([0, 1, 1, 2, 2, 3, 4, 8])
        arguments = (self.chance.choice([*self.columns, *_NUMBERS, *_TEXTS, *_VALUES]) for _ in range(count))
        return self._put(words, self._place(words, r"[\w']"), f"{new}({', '.join(arguments)})")

    def value(self, words: list[str]) -> list[str]:
        place, new = self._place(words), self.chance.choice(_VALUES)
        return self._put(
            words, place, new if self.chance.random() < 0.6 else f"{words[place] if words else ''} {new} "
        )

    def column(self, words: list[str]) -> list[str]:
        return self._put(
            words, self._place(words, r"[\w']"), self.chance.choice([*self.columns, *self.tables])
        )

    def word(self, words: list[str]) -> list[str]:
        return self._put(words, self._place(words), self.chance.choice(_RESERVED))

    def case(self, words: list[str]) -> list[str]:
        place = self._place(words, r"\w")
        return self._put(words, place, words[place].swapcase() if words else "")

    def cut(self, words: list[str]) -> list[str]:
        return words[: self.chance.randint(0, len(words))]

    def whole(self, words: list[str]) -> list[str]:
        return [self.chance.choice(_WHOLE).replace("{}", "".join(words))]


_BYTES = [
    b"\x00", b"\xff", b"-1", b"99999999999999999999", b"1e999", b"nan", b"<", b">", b"</TABLE>",
    b"<TABLE>", b"&x;", b"*", b"'", b'"', b",", b"\n", b"\xef\xbb\xbf", b'arraysize="99999999999"',
    b'datatype="floatComplex"', b"0" * 30, b"\xff" * 7 + b"\x7f", b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    b'ref="x"', b'encoding="gzip"', b"TFORM1  = '99999999999A'", b"# - {name: a, datatype: complex128}\n",
]  # fmt: skip


def changed(content: bytes, chance: random.Random) -> bytes:
    """Return the bytes of a file after some have been turned, lost, repeated or replaced."""
    new = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 3, 6])):
        start = chance.randrange(len(new) + 1)
        part = slice(start, start + chance.choice([1, 2, 4, 8, 30, 200]))
        match chance.choice(["bit", "byte", "drop", "again", "put", "instead", "cut"]):
            case "bit" if start < len(new):
                new[start] ^= 1 << chance.randrange(8)
            case "byte" if start < len(new):
                new[start] = chance.randrange(256)
            case "drop":
                del new[part]
            case "again":
                new[start:start] = new[part] * chance.choice([1, 2, 50])
            case "put":
                new[start:start] = chance.choice(_BYTES)
            case "instead":
                new[part] = chance.choice(_BYTES)
            case "cut" if chance.random() < 0.3:
                del new[start:]
    return bytes(new)


_RESERVED = sorted(RESERVED_WORDS)
