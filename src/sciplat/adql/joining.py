"""FROM: tables, their joins, and the columns that can be seen after each (ADQL 2.1, <from_clause>)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from sciplat.adql.build import aggregate_name, aggregates
from sciplat.adql.catalog import matching
from sciplat.adql.functions import nearest
from sciplat.adql.kinds import set_kind
from sciplat.adql.resolved import Resolved
from sciplat.adql.scope import Entry, Field, Relation, Scope

__all__ = ["Joiner"]


@dataclass(frozen=True, slots=True)
class _Joined:
    """Tables that are joined so far, and the columns that can be seen without a table's name."""

    relations: list[Relation]
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Joiner:
    """Resolves the FROM of one SELECT."""

    resolved: Resolved
    relation: Callable[[exp.Expr, Scope | None], tuple[exp.Expr, Relation]]
    """Resolves one table or subquery."""

    expression: Callable[[exp.Expr, Scope], None]
    """Resolves the names in a condition."""

    column: Callable[[Field, Relation], exp.Expr]
    """Returns a node that means a column."""

    def from_clause(self, node: exp.Select, scope: Scope) -> None:
        """Resolve FROM and its joins, and let ``scope`` see their columns."""
        from_ = node.args["from_"]
        table, joined = self._table(from_.this, scope)
        from_.set("this", table)
        joined = self._joins(joined, node.args.get("joins") or [], scope)
        scope.relations[:] = joined.relations
        scope.entries[:] = joined.entries
        node.meta["aliases"] = frozenset(relation.alias for relation in joined.relations)

    def _table(self, node: exp.Expr, scope: Scope) -> tuple[exp.Expr, _Joined]:
        if isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Query):
            return self._in_parentheses(node, scope)
        if isinstance(node, exp.Subquery) and node.args.get("alias") is None:
            return self._in_parentheses(node, scope)
        new, relation = self.relation(node, scope.parent)
        return new, _Joined([relation], [Entry(field, relation) for field in relation.fields])

    def _in_parentheses(self, node: exp.Subquery, scope: Scope) -> tuple[exp.Expr, _Joined]:
        joins = node.this.args.get("joins") or []
        node.this.set("joins", None)
        table, joined = self._table(node.this, scope)
        node.set("this", table)
        joined = self._joins(joined, joins, scope)
        table.set("joins", joins)
        return node, joined

    def _joins(self, joined: _Joined, joins: list[exp.Join], scope: Scope) -> _Joined:
        for join in joins:
            table, right = self._table(join.this, scope)
            join.set("this", table)
            self._distinct_names(joined, right, table)
            joined = self._join(join, joined, right, scope)
        return joined

    def _distinct_names(self, left: _Joined, right: _Joined, node: exp.Expr) -> None:
        known = {(relation.schema, relation.name.casefold()) for relation in left.relations}
        for relation in right.relations:
            if (relation.schema, relation.name.casefold()) in known:
                raise self.resolved.error(
                    node, f"Two tables are called {relation.name} here: give one an alias with AS"
                )

    def _join(self, join: exp.Join, left: _Joined, right: _Joined, scope: Scope) -> _Joined:
        relations = left.relations + right.relations
        using = join.args.get("using")
        if join.args.get("method") == "NATURAL":
            join.set("method", None)
            pairs = self._natural(left, right)
        elif using:
            join.set("using", None)
            pairs = [self._shared(identifier, left, right) for identifier in using]
        else:
            pairs = []
        if pairs:
            conditions = [exp.EQ(this=self._node(one), expression=self._node(other)) for one, other in pairs]
            join.set("on", exp.and_(*conditions, copy=False, wrap=False))
            return _Joined(relations, self._merged(join, pairs, left, right))
        on = join.args.get("on")
        if on is not None:
            inner = Scope(scope.text, scope.parent, relations, left.entries + right.entries)
            self.expression(on, inner)
            for found in aggregates(on):
                raise self.resolved.error(found, f"{aggregate_name(found)} cannot stand in ON")
        elif join.args.get("side"):
            join.set("on", exp.Boolean(this=True))
        else:
            # `a JOIN b` without a condition; sqlglot would write a comma, which binds looser.
            join.set("kind", "CROSS")
        return _Joined(relations, left.entries + right.entries)

    def _node(self, entry: Entry) -> exp.Expr:
        return entry.merged() if entry.merged else self.column(entry.field, entry.relation)

    def _natural(self, left: _Joined, right: _Joined) -> list[tuple[Entry, Entry]]:
        pairs = []
        for other in right.entries:
            name = other.field.column.name
            ones = [e for e in left.entries if e.field.column.name.casefold() == name.casefold()]
            if ones and not other.field.column.hidden:
                pairs.append((ones[0], other))
        return pairs

    def _shared(self, identifier: exp.Identifier, left: _Joined, right: _Joined) -> tuple[Entry, Entry]:
        found = []
        for side, called in ((left, "before"), (right, "after")):
            names = [(entry.field.column.name, entry) for entry in side.entries]
            entries = matching(identifier.name, names, delimited=bool(identifier.args.get("quoted")))
            if not entries:
                close = nearest(identifier.name, [name for name, _ in names])
                hint = f". Did you mean {' or '.join(close)}?" if close else ""
                raise self.resolved.error(
                    identifier, f"The table {called} JOIN has no column {identifier.name}{hint}"
                )
            if len(entries) > 1:
                raise self.resolved.error(
                    identifier, f"Two columns {called} JOIN are called {identifier.name}: use ON"
                )
            found.append(entries[0])
        return found[0], found[1]

    def _merged(
        self, join: exp.Join, pairs: list[tuple[Entry, Entry]], left: _Joined, right: _Joined
    ) -> list[Entry]:
        """Return the columns that can be seen: first those in both tables, once each."""
        side = join.args.get("side")
        merged: list[Entry] = []
        for one, other in pairs:
            if side == "RIGHT":
                merged.append(other)
            elif side == "FULL":
                merged.append(Entry(one.field, one.relation, self._either(one, other)))
            else:
                merged.append(one)
        ones = [one for one, _ in pairs]
        others = [other for _, other in pairs]
        rest = [entry for entry in left.entries if entry not in ones]
        return merged + rest + [entry for entry in right.entries if entry not in others]

    def _either(self, one: Entry, other: Entry) -> Callable[[], exp.Expr]:
        def node() -> exp.Expr:
            either = exp.Coalesce(this=self._node(one), expressions=[self._node(other)])
            set_kind(either, one.field.kind)
            return either

        return node
