"""FROM: tables, their joins, and the columns that can be seen after each (ADQL 2.1, <from_clause>)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from sciplat.adql.build import aggregate_name, aggregates
from sciplat.adql.functions import nearest
from sciplat.adql.kinds import set_kind
from sciplat.adql.resolved import Resolved
from sciplat.adql.scope import Entry, Field, Relation, Scope, Sight

__all__ = ["Joiner"]


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
        scope.sight = joined
        node.meta["aliases"] = frozenset(relation.alias for relation in joined.relations)

    def _table(self, node: exp.Expr, scope: Scope) -> tuple[exp.Expr, Sight]:
        if isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Query):
            return self._in_parentheses(node, scope)
        if isinstance(node, exp.Subquery) and node.args.get("alias") is None:
            return self._in_parentheses(node, scope)
        new, relation = self.relation(node, scope.parent)
        return new, Sight([relation])

    def _in_parentheses(self, node: exp.Subquery, scope: Scope) -> tuple[exp.Expr, Sight]:
        joins = node.this.args.get("joins") or []
        node.this.set("joins", None)
        table, joined = self._table(node.this, scope)
        node.set("this", table)
        joined = self._joins(joined, joins, scope)
        table.set("joins", joins)
        return node, joined

    def _joins(self, joined: Sight, joins: list[exp.Join], scope: Scope) -> Sight:
        for join in joins:
            table, right = self._table(join.this, scope)
            join.set("this", table)
            self._distinct_names(joined, right, table)
            joined = self._join(join, joined, right, scope)
        return joined

    def _distinct_names(self, left: Sight, right: Sight, node: exp.Expr) -> None:
        known = {(relation.schema, relation.name.casefold()) for relation in left.relations}
        for relation in right.relations:
            if (relation.schema, relation.name.casefold()) in known:
                raise self.resolved.error(
                    node, f"Two tables are called {relation.name} here: give one an alias with AS"
                )

    def _join(self, join: exp.Join, left: Sight, right: Sight, scope: Scope) -> Sight:
        using = join.args.get("using")
        if join.args.get("method") == "NATURAL":
            join.set("method", None)
            pairs = self._natural(join, left, right)
        elif using:
            join.set("using", None)
            pairs = [self._shared(identifier, left, right) for identifier in using]
        else:
            pairs = []
        if pairs:
            conditions = [exp.EQ(this=self._node(one), expression=self._node(other)) for one, other in pairs]
            join.set("on", exp.and_(*conditions, copy=False, wrap=False))
            return Sight(left.relations + right.relations, self._merged(join, pairs, left, right))
        on = join.args.get("on")
        if on is not None:
            inner = Scope(scope.text, scope.parent, left.with_(right))
            self.expression(on, inner)
            for found in aggregates(on):
                raise self.resolved.error(found, f"{aggregate_name(found)} cannot stand in ON")
        elif join.args.get("side"):
            join.set("on", exp.Boolean(this=True))
        else:
            # `a JOIN b` without a condition; sqlglot would write a comma, which binds looser.
            join.set("kind", "CROSS")
        return left.with_(right)

    def _node(self, entry: Entry) -> exp.Expr:
        return entry.merged() if entry.merged else self.column(entry.field, entry.relation)

    def _natural(self, join: exp.Join, left: Sight, right: Sight) -> list[tuple[Entry, Entry]]:
        """Return the pairs of columns that are called alike, whatever the case: one on each side."""
        pairs = []
        seen: set[str] = set()
        for other in right.entries:
            name = other.field.column.name
            ones = [e for e in left.find(name, delimited=False) if not e.field.column.hidden]
            if not ones or other.field.column.hidden:
                continue
            if len(ones) > 1 or name.casefold() in seen:
                before = len(ones) > 1
                raise self.resolved.error(
                    join,
                    f"Two columns {'before' if before else 'after'} NATURAL JOIN are called {name}: use ON",
                )
            seen.add(name.casefold())
            pairs.append((ones[0], other))
        return pairs

    def _shared(self, identifier: exp.Identifier, left: Sight, right: Sight) -> tuple[Entry, Entry]:
        found = []
        for side, called in ((left, "before"), (right, "after")):
            entries = side.find(identifier.name, delimited=bool(identifier.args.get("quoted")))
            if not entries:
                close = nearest(identifier.name, [entry.field.column.name for entry in side.entries])
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
        self, join: exp.Join, pairs: list[tuple[Entry, Entry]], left: Sight, right: Sight
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
        taken = {(id(entry.field), id(entry.relation)) for entry in (*ones, *others)}
        rest = [
            entry
            for entry in (*left.entries, *right.entries)
            if (id(entry.field), id(entry.relation)) not in taken
        ]
        return merged + rest

    def _either(self, one: Entry, other: Entry) -> Callable[[], exp.Expr]:
        def node() -> exp.Expr:
            either = exp.Coalesce(this=self._node(one), expressions=[self._node(other)])
            set_kind(either, one.field.kind)
            return either

        return node
