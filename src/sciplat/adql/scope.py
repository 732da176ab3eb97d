"""What the names of one SELECT mean: its tables, their columns, and those of the query around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from sciplat.adql.catalog import Names, TableSource, exactly, matching
from sciplat.adql.cursor import span
from sciplat.adql.functions import nearest
from sciplat.adql.kinds import Kind
from sciplat.adql.tokens import Text
from sciplat.errors import ADQLError
from sciplat.vo.names import TAP_UPLOAD, table_name
from sciplat.vo.schema import Column

__all__ = ["Entry", "Field", "Relation", "Scope", "Sight", "named", "quoted"]


_FEW = 8
"""Columns that a message can name."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table, of a subquery or of the result."""

    column: Column
    sql: str
    """What the engine calls it."""

    kind: Kind


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """One table or subquery after FROM."""

    name: str
    """What the query calls it: its alias, or else its own name."""

    alias: str
    """What the engine calls it; no two in a query are alike, whatever the case."""

    fields: tuple[Field, ...]
    schema: str | None = None
    """Only for a table without an alias."""

    source: TableSource | None = None
    """Only for a table, not for a subquery."""

    names: Names[Field] = field(default_factory=lambda: Names(()))
    """Its fields by their names."""

    @property
    def is_stored(self) -> bool:
        """Whether its rows have numbers in the engine: it is a whole table that the instance keeps."""
        return self.source is not None and self.source.only is None and self.source.table.schema != TAP_UPLOAD

    def column(self, entry: Field) -> exp.Column:
        """Return the node that means one of its columns."""
        return exp.Column(this=quoted(entry.sql), table=quoted(self.alias))


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A column as it is seen without a table's name before it; NATURAL and USING make one of two."""

    field: Field
    relation: Relation
    merged: Callable[[], exp.Expr] | None = None
    """For a column of FULL JOIN ... USING, which comes from either side."""


@dataclass(slots=True)
class Sight:
    """Tables that are joined so far, and the columns that can be seen without a table's name."""

    relations: list[Relation] = field(default_factory=list)
    merged: list[Entry] | None = None
    """Every column, where NATURAL or USING made one of two; None while all columns of all tables are seen."""

    _names: Names[Entry] | None = None

    @property
    def entries(self) -> list[Entry]:
        """Every column that can be seen, in order."""
        if self.merged is not None:
            return self.merged
        return [Entry(field, relation) for relation in self.relations for field in relation.fields]

    def find(self, name: str, *, delimited: bool) -> list[Entry]:
        """Return the columns that a name alone may mean."""
        if self.merged is not None:
            if self._names is None:
                self._names = Names((entry.field.column.name, entry) for entry in self.merged)
            return self._names.find(name, delimited=delimited)
        found = [
            (declared, Entry(field, relation))
            for relation in self.relations
            for declared, field in relation.names.alike(name)
        ]
        return exactly(name, found, delimited=delimited)

    def with_(self, other: Sight) -> Sight:
        """Return the tables of both, with all their columns."""
        merged = None if self.merged is None and other.merged is None else self.entries + other.entries
        return Sight(self.relations + other.relations, merged)


@dataclass(slots=True)
class Scope:
    """Everything that a name in one SELECT can mean."""

    text: Text
    parent: Scope | None = None
    sight: Sight = field(default_factory=Sight)

    @property
    def relations(self) -> list[Relation]:
        """Its tables."""
        return self.sight.relations

    def find(self, node: exp.Column) -> tuple[Field, Relation, Callable[[], exp.Expr] | None]:
        """Return the column that a name means here, or else in the query around.

        Raises
        ------
        ADQLError
            If there is none, or more than one.
        """
        scope: Scope | None = self
        while scope is not None:
            found = scope.qualified(node) if node.args.get("table") else scope.plain(node)
            if len(found) > 1:
                names = " or ".join(
                    sorted(f"{entry.relation.name}.{entry.field.column.name}" for entry in found)
                )
                raise self._error(node, f"{node.name} can be {names}: write the table's name before it")
            if found:
                return found[0].field, found[0].relation, found[0].merged
            scope = scope.parent
        raise self._unknown(node)

    def star(self, node: exp.Column) -> list[Relation]:
        """Return the tables that ``name.*`` means."""
        found = self.tables(node)
        if not found:
            names = [relation.name for relation in self.relations]
            raise self._error(node, f"No table is called {_written(node)} here{_near(_written(node), names)}")
        return found

    def plain(self, node: exp.Column) -> list[Entry]:
        """Return the columns of this scope that a name alone may mean."""
        delimited = bool(node.this.args.get("quoted"))
        return self.sight.find(node.name, delimited=delimited)

    def tables(self, node: exp.Column) -> list[Relation]:
        """Return the tables of this scope that the front of a name may mean."""
        table, schema = node.args["table"], node.args.get("db")
        if node.args.get("catalog") is not None:
            return []
        found = matching(
            table.name, ((r.name, r) for r in self.relations), delimited=bool(table.args.get("quoted"))
        )
        if schema is None:
            return found
        return matching(
            schema.name,
            ((r.schema, r) for r in found if r.schema is not None),
            delimited=bool(schema.args.get("quoted")),
        )

    def qualified(self, node: exp.Column) -> list[Entry]:
        """Return the columns of this scope that a name with its table may mean."""
        delimited = bool(node.this.args.get("quoted"))
        return [
            Entry(entry, relation)
            for relation in self.tables(node)
            for entry in relation.names.find(node.name, delimited=delimited)
        ]

    def _scopes(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def _unknown(self, node: exp.Column) -> ADQLError:
        tables = [
            relation for scope in self._scopes() if node.args.get("table") for relation in scope.tables(node)
        ]
        if node.args.get("table") and not tables:
            known = [relation.name for scope in self._scopes() for relation in scope.relations]
            table = node.args["table"].name
            return self._error(node, f"No table is called {table} here{_near(table, known)}")
        relations = tables or [relation for scope in self._scopes() for relation in scope.relations]
        names = sorted({entry.column.name for relation in relations for entry in relation.fields})
        quoted_name = node.this.args.get("quoted")
        other_case = [name for name in names if name.casefold() == node.name.casefold()]
        if quoted_name and other_case:
            advice = f'. In double quotes case counts: write "{other_case[0]}"'
        else:
            advice = _near(node.name, names) or _listed(names, relations)
        where = (
            f" in {tables[0].name}" if tables else (f" in {relations[0].name}" if len(relations) == 1 else "")
        )
        return self._error(node, f"There is no column {node.name}{where}{advice}")

    def _error(self, node: exp.Expr, message: str) -> ADQLError:
        return self.text.error(message, *span(node))


def named(fields: tuple[Field, ...]) -> Names[Field]:
    """Return fields by their names."""
    return Names((field.column.name, field) for field in fields)


def quoted(name: str) -> exp.Identifier:
    """Return an identifier that the engine reads letter by letter."""
    return exp.Identifier(this=name, quoted=True)


def _written(node: exp.Column) -> str:
    return ".".join(
        part.name for key in ("catalog", "db", "table") if (part := node.args.get(key)) is not None
    )


def _listed(names: list[str], relations: list[Relation]) -> str:
    """Tell which columns there are, or where the list of them is."""
    tables = [relation.source.table for relation in relations if relation.source is not None]
    described = [table for table in tables if table.schema != TAP_UPLOAD]
    if len(names) > _FEW and described:
        name = table_name(described[0].schema, described[0].name).replace("'", "''")
        return f". For a list: SELECT column_name FROM TAP_SCHEMA.columns WHERE table_name = '{name}'"
    more = " and more" if len(names) > _FEW else ""
    return f". There are {', '.join(names[:_FEW])}{more}" if names else ""


def _near(name: str, names: list[str]) -> str:
    close = nearest(name, names)
    return f". Did you mean {' or '.join(close)}?" if close else ""
