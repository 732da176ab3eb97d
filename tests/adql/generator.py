"""Random queries, each in ADQL and in SQLite's SQL, over two tables with numbers, texts and NULL.

What ADQL leaves to the service, our reference says, and SQLite's text says the same: NULL comes last, MOD is
the remainder of integers, LIKE has case. Values are small, and fractions of two, so that sums are exact.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import NamedTuple

TABLES = {
    "t1": (("id", "int"), ("a", "int"), ("b", "int"), ("x", "real"), ("s", "text")),
    "t2": (("id", "int"), ("c", "int"), ("y", "real"), ("w", "text")),
}


def rows(table: str, count: int, chance: random.Random) -> list[tuple[object, ...]]:
    """Return rows of a table, one value in six NULL."""
    values = {
        "int": lambda: chance.randint(-5, 5),
        "real": lambda: chance.randint(-16, 16) / 4,
        "text": lambda: chance.choice(["", "a", "A", "ab", "b", "B%", "é", "_"]),
    }
    return [
        (number, *(None if chance.random() < 1 / 6 else values[kind]() for _, kind in TABLES[table][1:]))
        for number in range(1, count + 1)
    ]


class Both(NamedTuple):
    """A piece of a query in both languages."""

    adql: str
    sql: str

    @classmethod
    def same(cls, text: str) -> Both:
        return cls(text, text)


def write(template: str, *parts: Both) -> Both:
    return Both(template.format(*(p.adql for p in parts)), template.format(*(p.sql for p in parts)))


@dataclass
class Scope:
    """The tables of one SELECT: pairs of alias and columns."""

    tables: list[tuple[str, tuple[tuple[str, str], ...]]]
    outer: Scope | None = None
    grouped: list[tuple[Both, str]] = field(default_factory=list)


class Generator:
    """Writes queries; with ``wild`` also wrong ones, in ADQL alone."""

    def __init__(self, seed: int, *, wild: bool = False) -> None:
        self.chance = random.Random(seed)
        self.wild = wild
        self.count = 0

    def one(self, *choices):
        return self.chance.choice(choices)

    def often(self, likely: float) -> bool:
        return self.chance.random() < likely

    def alias(self) -> str:
        self.count += 1
        return f"q{self.count}"

    # -- values ----------------------------------------------------------------------------------

    def column(self, scope: Scope, kind: str) -> Both | None:
        if self.wild and self.often(0.2):
            kind = self.one("int", "real", "text")
        level = scope
        while level.outer is not None and self.often(0.3):
            level = level.outer
        found = [f"{alias}.{name}" for alias, columns in level.tables for name, of in columns if of == kind]
        return Both.same(self.one(*found)) if found else None

    def literal(self, kind: str) -> Both:
        match kind:
            case "int":
                return Both.same(str(self.chance.randint(0, 4)))
            case "real":
                return Both.same(self.one("0.5", "2.25", "1.0", "3.5"))
            case _:
                return Both.same(self.one("''", "'a'", "'B'", "'it''s'"))

    def value(self, scope: Scope, kind: str, depth: int = 2) -> Both:
        if depth <= 0 or self.often(0.45):
            if scope.grouped and not self.wild:
                fitting = [both for both, of in scope.grouped if of == kind]
                return self.one(*fitting) if fitting else self.literal(kind)
            found = self.column(scope, kind) if self.often(0.85) else None
            return found or self.literal(kind)
        inner = lambda of=kind: self.value(scope, of, depth - 1)  # noqa: E731
        if self.wild and self.often(0.1):
            return self.aggregate(scope, kind, depth - 1)
        shared = [
            lambda: write("COALESCE({}, {})", inner(), inner()),
            lambda: write(
                "CASE WHEN {} THEN {} ELSE {} END", self.condition(scope, depth - 1), inner(), inner()
            ),
            lambda: write("CASE {} WHEN {} THEN {} END", inner("int"), inner("int"), inner()),
            lambda: write("({})", inner()),
        ]
        match kind:
            case "int":
                own = [
                    lambda: write("({} + {})", inner(), inner()),
                    lambda: write("({} - {})", inner(), inner()),
                    lambda: write("({}) * {}", inner(), self.literal(kind)),
                    lambda: write("({}) / ({})", inner(), inner()),
                    lambda: write("ABS({})", inner()),
                    lambda: self.remainder(inner(), inner()),
                ]
            case "real":
                own = [
                    lambda: write("({} + {})", inner(), inner(self.one("int", "real"))),
                    lambda: write("({}) * {}", inner(), self.literal("int")),
                    lambda: write("({}) / ({})", inner("int"), inner()),
                    lambda: write("ABS({})", inner()),
                    lambda: write("FLOOR({})", inner()),
                    lambda: write("CEILING({})", inner()),
                ]
            case _:
                own = [
                    lambda: write("({}) || ({})", inner(), inner()),
                    lambda: write("({}) || ({})", inner(), inner("int")),
                    lambda: write("UPPER({})", inner()),
                    lambda: write("LOWER({})", inner()),
                ]
        return self.one(*shared, *own)()

    def remainder(self, left: Both, right: Both) -> Both:
        return Both(f"MOD({left.adql}, {right.adql})", f"(({left.sql}) % ({right.sql}))")

    def aggregate(self, scope: Scope, kind: str, depth: int = 1) -> Both:
        plain = Scope(scope.tables, scope.outer if self.wild else None)
        of = lambda kind: self.value(plain, kind, depth)  # noqa: E731
        if kind == "int":
            return self.one(
                lambda: Both.same("COUNT(*)"),
                lambda: write("COUNT({})", of(self.one("int", "text", "real"))),
                lambda: write("COUNT(DISTINCT {})", of(self.one("int", "text"))),
                lambda: write("SUM({})", of("int")),
                lambda: write("MAX({})", of("int")),
                lambda: write("SUM(DISTINCT {})", of("int")),
            )()
        if kind == "real":
            return write(self.one("AVG({})", "SUM({})", "MIN({})", "MAX({})"), of("real"))
        return write(self.one("MIN({})", "MAX({})"), of("text"))

    # -- conditions ------------------------------------------------------------------------------

    def condition(self, scope: Scope, depth: int = 2) -> Both:
        if depth > 0 and self.often(0.5):
            inner = lambda: self.condition(scope, depth - 1)  # noqa: E731
            return self.one(
                lambda: write("({} AND {})", inner(), inner()),
                lambda: write("({} OR {})", inner(), inner()),
                lambda: write("NOT ({})", inner()),
            )()
        kind = self.one("int", "real", "text")
        value = lambda of=kind: self.value(scope, of, 1)  # noqa: E731
        choices = [
            lambda: write(f"{{}} {self.one('=', '<>', '<', '>', '<=', '>=', '!=')} {{}}", value(), value()),
            lambda: write(f"{{}} {self.one('', 'NOT ')}BETWEEN {{}} AND {{}}", value(), value(), value()),
            lambda: write(f"{{}} {self.one('', 'NOT ')}IN ({{}}, {{}})", value(), value(), value()),
            lambda: self.like(scope),
        ]
        if not scope.grouped or self.wild:
            choices.append(lambda: self.is_null(scope))
        if depth >= 0 and self.count < 12:
            choices += [lambda: self.in_query(scope, kind), lambda: self.exists(scope)]
        return self.one(*choices)()

    def is_null(self, scope: Scope) -> Both:
        column = self.column(scope, "int") or self.column(scope, "text")
        return write(f"{{}} IS {self.one('', 'NOT ')}NULL", column) if column else Both.same("1 = 1")

    def like(self, scope: Scope) -> Both:
        pattern = Both.same(self.one("'a%'", "'_'", "'%b'", "'%'", "''"))
        value = self.value(scope, "text", 1)
        negated = self.one("", "NOT ")
        if self.often(0.7):
            return write(f"{{}} {negated}LIKE {{}}", value, pattern)
        return Both(
            f"{value.adql} {negated}ILIKE {pattern.adql}",
            f"LOWER({value.sql}) {negated}LIKE LOWER({pattern.sql})",
        )

    def in_query(self, scope: Scope, kind: str) -> Both:
        query = self.select(self.visible(scope), [kind], nested=True)
        return write(f"{{}} {self.one('', 'NOT ')}IN ({{}})", self.value(scope, kind, 1), query)

    def exists(self, scope: Scope) -> Both:
        return write(
            f"{self.one('', 'NOT ')}EXISTS ({{}})", self.select(self.visible(scope), ["int"], nested=True)
        )

    def visible(self, scope: Scope) -> Scope | None:
        """Return what a subquery sees: nothing of a query that groups."""
        return None if scope.grouped and not self.wild else scope

    # -- queries ---------------------------------------------------------------------------------

    def table(self, outer: Scope | None, depth: int) -> tuple[Both, tuple[str, tuple[tuple[str, str], ...]]]:
        alias = self.alias()
        if depth > 0 and self.often(0.25):
            kinds = [self.one("int", "real", "text") for _ in range(self.chance.randint(1, 3))]
            names = [f"k{place}" for place in range(len(kinds))]
            query = self.query(kinds, names, depth - 1)
            return write(f"({{}}) AS {alias}", query), (alias, tuple(zip(names, kinds, strict=True)))
        name = self.one(*TABLES)
        return Both.same(f"{name} AS {alias}"), (alias, TABLES[name])

    def from_(self, outer: Scope | None, depth: int) -> tuple[Both, Scope]:
        text, first = self.table(outer, depth)
        scope = Scope([first], outer)
        for _ in range(self.one(0, 0, 1, 1, 2)):
            more, table = self.table(outer, depth)
            joined = Scope([*scope.tables, table])
            word = self.one("JOIN", "LEFT JOIN", "RIGHT OUTER JOIN", "FULL JOIN", "INNER JOIN", ",")
            if word == ",":
                text = write("{}, {}", text, more) if len(scope.tables) == 1 else Both(
                    f"{text.adql} JOIN {more.adql}", f"{text.sql} CROSS JOIN {more.sql}"
                )  # fmt: skip
            else:
                on = self.equal(scope, table) if self.often(0.7) else self.plain_condition(joined)
                if word in ("JOIN", "INNER JOIN"):
                    # SQLite 3.40 loses the rows of a later RIGHT JOIN where an inner one's condition is
                    # constant and false.
                    on = Both(on.adql, f"CASE WHEN {on.sql} THEN random() IS NOT NULL END")
                text = write(f"{{}} {word} {{}} ON {{}}", text, more, on)
            scope.tables.append(table)
            if word == ",":
                break
        return text, scope

    def equal(self, scope: Scope, table: tuple[str, tuple[tuple[str, str], ...]]) -> Both:
        left, right = self.column(Scope(scope.tables), "int"), self.column(Scope([table]), "int")
        return write("{} = {}", left, right) if left and right else Both.same("1 = 1")

    def plain_condition(self, scope: Scope) -> Both:
        count, self.count = self.count, 99
        found = self.condition(scope, 0)
        self.count = count
        return found

    def select(
        self, outer: Scope | None, kinds: list[str], names: list[str] | None = None, *, depth: int = 1,
        nested: bool = False,
    ) -> Both:  # fmt: skip
        text, scope = self.from_(outer, 0 if nested else depth)
        where = self.condition(scope, 1) if self.often(0.6) else None
        grouping: list[Both] = []
        items: list[Both] = []
        if self.often(0.35):
            count, self.count = self.count, 99  # no subqueries: two of them are never the same value
            terms = [(self.value(Scope(scope.tables), kind, 1), kind) for kind in ("int", "text")]
            self.count = count
            terms = [term for term in terms if "." in term[0].adql][: self.one(0, 1, 2)]
            grouping = [both for both, _ in terms]
            used = Scope(scope.tables, None, [*terms, *((self.aggregate(scope, k), k) for k in kinds)])
            scope = Scope(scope.tables, outer, used.grouped)
            items = [self.value(used, kind, 2) for kind in kinds]
            if not grouping and not any(
                w in i.adql for i in items for w in ("COUNT(", "SUM(", "MAX(", "MIN(", "AVG(")
            ):
                items[0] = used.grouped[-len(kinds)][0]
        else:
            items = [self.value(scope, kind, 2) for kind in kinds]
        chosen = ", ".join(f"{{}} AS {name}" for name in names or [f"v{n}" for n in range(len(kinds))])
        distinct = "DISTINCT " if self.often(0.2) else ""
        found = write(f"SELECT {distinct}{chosen} FROM {{}}", *items, text)
        if where is not None:
            found = write("{} WHERE {}", found, where)
        if grouping:
            found = write("{} GROUP BY {}", found, write(", ".join("{}" for _ in grouping), *grouping))
            if self.often(0.4):
                inside = Scope(scope.tables, None, scope.grouped)
                count, self.count = self.count, 99
                found = write("{} HAVING {}", found, self.condition(inside, 1))
                self.count = count
        return found

    def query(self, kinds: list[str], names: list[str], depth: int = 1) -> Both:
        """Return a query with these columns, with set operators, order, TOP and OFFSET."""
        found = self.select(None, kinds, names, depth=depth)
        if self.often(0.25):
            other = self.select(None, kinds, names, depth=0)
            word = self.one("UNION", "UNION ALL", "EXCEPT", "INTERSECT")
            found = write(f"{{}} {word} {{}}", found, other)
            if self.often(0.3):
                word = self.one("UNION", "EXCEPT")
                # LIMIT keeps SQLite from flattening the query, which goes wrong with RIGHT JOIN (3.40).
                found = Both(
                    f"{found.adql} {word} {other.adql}",
                    f"SELECT * FROM ({found.sql} LIMIT -1) {word} {other.sql}",
                )
        order = ", ".join(f"{place} {self.one('ASC', 'DESC')}" for place in range(1, len(kinds) + 1))
        nulls = ", ".join(f"{term} NULLS LAST" for term in order.split(", "))
        if self.often(0.3):
            offset = self.chance.randint(0, 3)
            found = Both(
                f"{found.adql} ORDER BY {order} OFFSET {offset}",
                f"SELECT * FROM ({found.sql}) ORDER BY {nulls} LIMIT -1 OFFSET {offset}",
            )
        elif self.often(0.3):
            top = self.chance.randint(0, 6)
            found = Both(
                f"SELECT TOP {top} * FROM ({found.adql}) AS {self.alias()} ORDER BY {order}",
                f"SELECT * FROM ({found.sql}) ORDER BY {nulls} LIMIT {top}",
            )
        return found

    def statement(self) -> Both:
        """Return a whole query of one to three columns."""
        kinds = [self.one("int", "real", "text") for _ in range(self.chance.randint(1, 3))]
        return self.query(kinds, [f"r{place}" for place in range(len(kinds))], depth=2)
