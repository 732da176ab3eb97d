"""Values and conditions of the columns of one table, in ADQL: what a view derives, filters by and plots.

An expression is what may stand in a SELECT list, a condition what may stand after WHERE. Both are read by the
parser of queries and translated by its rules; a query, an aggregate or chance has no place in them, so the
same rows give the same values each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from sciplat.adql.build import aggregate_name
from sciplat.adql.catalog import Catalog, TableSource
from sciplat.adql.conditions import condition
from sciplat.adql.cursor import Cursor, Grammar, span
from sciplat.adql.functions import FUNCTIONS, nearest
from sciplat.adql.kinds import NUMBERS, Kind, kind_of_column
from sciplat.adql.resolve import resolve
from sciplat.adql.resolved import Resolved
from sciplat.adql.scope import Field, named, quoted
from sciplat.adql.tokens import Text, Word
from sciplat.adql.translation import RULES, write
from sciplat.adql.tree import nodes
from sciplat.adql.values import value
from sciplat.errors import UsageError
from sciplat.vo.names import TAP_UPLOAD
from sciplat.vo.schema import Column, Datatype, Table

__all__ = ["MOST_DERIVED", "TABLE", "Columns", "Derived", "Value"]

TABLE = "this table"
"""What the engine calls the one table, in which every column is written with this before it."""

MOST_DERIVED = 50
"""Derived columns of one table; each is a subquery around the one before."""

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Derived:
    """A column that is worked out of others."""

    name: str
    expression: str
    """In ADQL, of the columns of the table and of those derived before."""

    unit: str | None = None
    """None takes the unit that follows from the expression, if one does."""

    ucd: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression is in the engine's SQL."""

    sql: str
    column: Column
    """What is known of it: unit, UCD and description; ``datatype`` is None where the engine decides."""

    kind: Kind
    needs: frozenset[str]
    """The derived columns that it is made of, and those that these are made of."""


class Columns:
    """The columns of one table, those that are derived from them, and what else can be said of each row.

    Parameters
    ----------
    columns
        As the table has them; no two names are alike, whatever the case.
    derived
        In order; a later one may name an earlier one.

    Raises
    ------
    ADQLError
        An expression is wrong, with its place in the text of this expression.
    UsageError
        The name of a derived column is taken or none, or they are too many; the message names the column.
    """

    def __init__(self, columns: Iterable[Column], derived: Sequence[Derived] = ()) -> None:
        self._fields = tuple(Field(column, column.name, kind_of_column(column)) for column in columns)
        self._derived: dict[str, Value] = {}
        if len(derived) > MOST_DERIVED:
            raise UsageError(f"A table can have {MOST_DERIVED} derived columns; these are {len(derived)}.")
        for each in derived:
            self._derive(each)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All of them, derived ones last; ``datatype`` is None where the engine decides."""
        return tuple(field.column for field in self._fields)

    def column(self, name: str) -> Value:
        """Return the column of this name, or the only one that differs from it in case.

        Raises
        ------
        UsageError
            There is none.
        """
        found = named(self._fields).find(name, delimited=False)
        if len(found) != 1:
            close = nearest(name, [field.column.name for field in self._fields])
            hint = f" Did you mean {' or '.join(close)}?" if close else ""
            raise UsageError(f"There is no column {name[:80]!r} in this table.{hint}")
        (field,) = found
        sql = write(exp.Column(this=quoted(field.sql), table=quoted(TABLE)))
        return Value(sql, field.column, field.kind, self._needs([field.column.name]))

    def value(self, expression: str) -> Value:
        """Return what an expression gives in each row; raises `ADQLError`."""
        tree = exp.Select(expressions=[], from_=_from())
        resolved = self._resolved(expression, tree, is_condition=False)
        (field,) = resolved.fields
        sql = write(resolved.tree.expressions[0].this)
        return Value(sql, field.column, field.kind, self._used(resolved))

    def number(self, expression: str) -> Value:
        """Return what an expression gives in each row, as a DOUBLE.

        Raises
        ------
        ADQLError
            The expression is wrong, or its value is no number.
        """
        found = self.value(expression)
        if found.kind not in NUMBERS and (found.kind is not Kind.OTHER or found.column.arraysize):
            what = "a list" if found.kind is Kind.OTHER else found.kind.phrase
            raise Text(expression).error(f"Here goes a number, and this is {what}", 0, len(expression))
        return replace(found, sql=f"CAST({found.sql} AS DOUBLE)")

    def condition(self, text: str) -> Value:
        """Return whether a condition holds in each row, which can be NULL; raises `ADQLError`."""
        tree = exp.Select(expressions=[exp.Literal.number(1)], from_=_from())
        resolved = self._resolved(text, tree, is_condition=True)
        sql = write(resolved.tree.args["where"].this)
        return Value(sql, Column("condition", Datatype.BOOLEAN), Kind.BOOLEAN, self._used(resolved))

    def table_sql(self, source: str, *values: Value) -> str:
        """Return the SQL after FROM: the table ``source`` with what these values need, called `TABLE`."""
        alias = write(quoted(TABLE))
        needed = frozenset[str]().union(*(value.needs for value in values))
        inner = source
        for name, derived in self._derived.items():
            if name in needed:
                inner = f"(SELECT *, {derived.sql} AS {write(quoted(name))} FROM {inner} AS {alias})"
        return f"{inner} AS {alias}"

    def _derive(self, derived: Derived) -> None:
        name = derived.name
        if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
            raise UsageError(f"A derived column needs a name of 1 to {_LONGEST_NAME} characters.")
        if named(self._fields).alike(name):
            raise UsageError(f"There is a column {name!r} already: call the derived one otherwise.")
        found = self.value(derived.expression)
        column = replace(
            found.column,
            name=name,
            unit=derived.unit if derived.unit is not None else found.column.unit,
            ucd=derived.ucd or found.column.ucd,
            description=derived.description or derived.expression,
            utype=None,
            row_of=None,
            links=(),
        )
        self._derived[name] = replace(found, column=column)
        self._fields = (*self._fields, Field(column, name, found.kind))

    def _used(self, resolved: Resolved) -> frozenset[str]:
        return self._needs(reference.field.column.name for reference in resolved.references)

    def _needs(self, names: Iterable[str]) -> frozenset[str]:
        found: set[str] = set()
        for name in names:
            if name in self._derived:
                found |= {name} | self._derived[name].needs
        return frozenset(found)

    def _resolved(self, text: str, tree: exp.Select, *, is_condition: bool) -> Resolved:
        written = Text(text)
        cursor = Cursor(written, _GRAMMAR)
        node = condition(cursor) if is_condition else value(cursor)[1]
        if cursor.token.word is not Word.END:
            cursor.want("the end of the expression")
            raise cursor.unexpected()
        _check(written, node)
        if is_condition:
            tree.set("where", exp.Where(this=node))
        else:
            tree.set("expressions", [node])
        resolved = resolve(tree, written, self._catalog())
        for rule in RULES:
            rule(resolved)
        return resolved

    def _catalog(self) -> Catalog:
        columns = tuple(field.column for field in self._fields)
        # A table that came with a query: nothing is known of where its rows lie.
        source = TableSource(Table(TAP_UPLOAD, TABLE, columns), (TABLE,))
        catalog = Catalog([source])
        catalog.kept[id(source)] = (self._fields, named(self._fields))
        return catalog


def _from() -> exp.From:
    return exp.From(this=exp.Table(this=quoted(TABLE)))


def _no_query(cursor: Cursor) -> exp.Query:
    raise cursor.error(
        "No query can stand here: an expression is made of the columns of one table", cursor.token
    )


_GRAMMAR = Grammar(query=_no_query, condition=condition, value=value)


def _check(text: Text, node: exp.Expr) -> None:
    """Refuse what no single row has, and what is not the same each time."""
    for inner in nodes(node):
        if isinstance(inner, exp.AggFunc):
            raise text.error(
                f"{aggregate_name(inner)} needs many rows, and an expression has the columns of one",
                *span(inner),
            )
        if isinstance(inner, exp.Anonymous):
            function = FUNCTIONS.get(inner.name.upper())
            if function is not None and (function.name == "RAND" or "RANDOM()" in (function.sql or "")):
                raise text.error(
                    f"{function.name} is another number each time, so it has no place here", *span(inner)
                )
