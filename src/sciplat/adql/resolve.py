"""Names to things: every table, column and function of a query is looked up before anything runs.

The tree is changed in place. Afterwards each table is a relation of the engine under an alias that is
unique in the query, each column is written with that alias, ``*`` is spelled out, and nothing is left
in the tree that the catalog doesn't have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from sciplat.adql.build import aggregate_name, aggregates
from sciplat.adql.catalog import Catalog, matching
from sciplat.adql.cursor import span
from sciplat.adql.functions import FUNCTIONS, nearest
from sciplat.adql.grouping import check_groups
from sciplat.adql.joining import Joiner
from sciplat.adql.kinds import Kind, annotate, common_kind, kind_of, set_kind
from sciplat.adql.lookup import Lookup
from sciplat.adql.outputs import describe, left, unique, united
from sciplat.adql.resolved import Reference, Resolved
from sciplat.adql.scope import Field, Relation, Scope, named, quoted
from sciplat.adql.tokens import Text
from sciplat.adql.units import in_unit

__all__ = ["resolve"]


def resolve(tree: exp.Query, text: Text, catalog: Catalog) -> Resolved:
    """Look up every name of a tree in a catalog.

    Raises
    ------
    ADQLError
        For a name that is not there (``unknown_table`` if a table's) or can mean two things, and where
        a query cannot be run as it is written: columns that don't fit, or are not grouped.
    """
    resolved = Resolved(tree, text)
    resolved.fields = _Resolver(resolved, Lookup(resolved, catalog)).statement(tree)
    return resolved


@dataclass(slots=True)
class _Resolver:
    resolved: Resolved
    lookup: Lookup

    def statement(self, tree: exp.Query) -> tuple[Field, ...]:
        """Resolve WITH, then the query."""
        with_ = tree.args.get("with_")
        for cte in with_.expressions if with_ is not None else ():
            identifier = cte.args["alias"].this
            if identifier.name.casefold() in self.lookup.queries:
                raise self.resolved.error(identifier, f"WITH has two queries called {identifier.name}")
            fields = self.query(cte.this, None)
            columns = cte.args["alias"].args.get("columns") or []
            if columns and len(columns) != len(fields):
                raise self.resolved.error(
                    columns[0], f"{len(columns)} names are given to the {len(fields)} columns of the query"
                )
            if columns:
                fields = self._renamed(cte.this, fields, columns)
            cte.set("alias", exp.TableAlias(this=quoted(self.lookup.define(identifier, fields))))
        return self.query(tree, None)

    def _renamed(
        self, query: exp.Query, fields: tuple[Field, ...], columns: list[exp.Identifier]
    ) -> tuple[Field, ...]:
        names: set[str] = set()
        for column in columns:
            if column.name.casefold() in names:
                raise self.resolved.error(column, f"Two columns are called {column.name}")
            names.add(column.name.casefold())
        # Only what a column is called outside changes; the engine's name for it stays.
        return tuple(
            replace(entry, column=replace(entry.column, name=column.name))
            for entry, column in zip(fields, columns, strict=True)
        )

    # -- queries ---------------------------------------------------------------------------------

    def query(self, node: exp.Query, outer: Scope | None) -> tuple[Field, ...]:
        """Resolve a query; return its columns."""
        match node:
            case exp.Select():
                return self._select(node, outer)
            case exp.Subquery():
                fields = self.query(node.this, outer)
            case exp.SetOperation():
                fields = self._set_operation(node, outer)
            case _:
                raise AssertionError(type(node))
        order = node.args.get("order")
        for term in order.expressions if order is not None else ():
            self._order_by_output(term, fields)
        return fields

    def _set_operation(self, node: exp.SetOperation, outer: Scope | None) -> tuple[Field, ...]:
        operators = [node]
        while isinstance(operators[-1].this, exp.SetOperation):
            operators.append(operators[-1].this)
        fields = self._operand(operators[-1], "this", outer)
        for operator in reversed(operators):
            others = self._operand(operator, "expression", outer)
            if len(others) != len(fields):
                raise self.resolved.error(
                    operator,
                    f"{operator.key.upper()} needs queries with as many columns each; "
                    f"here are {len(fields)} and {len(others)}",
                )
            for one, other in zip(fields, others, strict=True):
                kinds = {one.kind, other.kind}
                if common_kind(kinds) is Kind.OTHER and Kind.OTHER not in kinds:
                    raise self.resolved.error(
                        operator,
                        f"{operator.key.upper()} cannot put {other.kind.phrase} ({other.column.name}) "
                        f"into the column {one.column.name} with {one.kind.phrase}",
                    )
            # ADQL 2.1, section 4.6: EXCEPT and INTERSECT take what is known of a column from the left.
            common = united if isinstance(operator, exp.Union) else left
            fields = tuple(common(one, other) for one, other in zip(fields, others, strict=True))
        return fields

    def _operand(self, operator: exp.SetOperation, key: str, outer: Scope | None) -> tuple[Field, ...]:
        operand = operator.args[key]
        fields = self.query(operand, outer)
        if isinstance(operand, exp.Select) and operand.args.get("limit") is not None:
            operator.set(key, exp.Subquery(this=operand))
        return fields

    # -- SELECT ----------------------------------------------------------------------------------

    def _select(self, node: exp.Select, outer: Scope | None) -> tuple[Field, ...]:
        scope = Scope(self.resolved.text, outer)
        joiner = Joiner(self.resolved, self._relation, self.expression, self.column)
        joiner.from_clause(node, scope)
        where = node.args.get("where")
        if where is not None:
            self.expression(where, scope)
            for aggregate in aggregates(where):
                raise self.resolved.error(
                    aggregate,
                    f"{aggregate_name(aggregate)} cannot stand in WHERE: put the condition into HAVING",
                )
        items = self._items(node, scope)
        for item in items:
            if item.this.meta_get("reference") is None:
                self.expression(item, scope)
        fields = self._outputs(node, items)
        self._group(node, scope, items, fields)
        having = node.args.get("having")
        if having is not None:
            self.expression(having, scope)
        order = node.args.get("order")
        for term in order.expressions if order is not None else ():
            self._order(term, node, scope, fields)
        check_groups(self.resolved, node)
        return fields

    def _items(self, node: exp.Select, scope: Scope) -> list[exp.Expr]:
        """Spell out ``*`` and ``table.*``; every item becomes an alias that is named later."""
        items: list[exp.Expr] = []
        for item in node.expressions:
            if isinstance(item, exp.Star):
                for entry in scope.sight.entries:
                    if not entry.field.column.hidden:
                        column = entry.merged() if entry.merged else self.column(entry.field, entry.relation)
                        self._declare(column, entry.field)
                        items.append(column)
            elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                for relation in scope.star(item):
                    items += [
                        self.column(entry, relation) for entry in relation.fields if not entry.column.hidden
                    ]
            else:
                items.append(item)
        if not items:
            raise self.resolved.error(node, "There is no column to select")
        aliases = [
            item if isinstance(item, exp.Alias) else exp.Alias(this=item, alias=quoted("")) for item in items
        ]
        node.set("expressions", aliases)
        return list(aliases)

    def _declare(self, node: exp.Expr, entry: Field) -> None:
        node.meta["name"] = entry.column.name

    def column(self, entry: Field, relation: Relation) -> exp.Column:
        """Return a node that means a column."""
        node = relation.column(entry)
        node.meta["reference"] = len(self.resolved.references)
        node.meta["name"] = entry.column.name
        self.resolved.references.append(Reference(entry, relation))
        set_kind(node, entry.kind)
        return node

    def _outputs(self, node: exp.Select, items: list[exp.Expr]) -> tuple[Field, ...]:
        """Describe the columns of a SELECT, and name each."""
        columns = [
            describe(self.resolved, item.this, item.args["alias"].name, place)
            for place, item in enumerate(items, start=1)
        ]
        fields = []
        for item, column, name in zip(items, columns, unique([c.name for c in columns]), strict=True):
            item.set("alias", quoted(name))
            kind = kind_of(item.this)
            fields.append(Field(replace(column, name=name), name, kind))
        return tuple(fields)

    def _group(
        self, node: exp.Select, scope: Scope, items: list[exp.Expr], fields: tuple[Field, ...]
    ) -> None:
        """Resolve GROUP BY; a column of the result may be named there too, or numbered."""
        group = node.args.get("group")
        if group is None:
            return
        for term in list(group.expressions):
            item = self._numbered(term, items)
            if item is None and isinstance(term, exp.Column) and term.args.get("table") is None:
                item = self._named_item(term, scope, items, fields)
            for aggregate in aggregates(term if item is None else item):
                raise self.resolved.error(term, f"{aggregate_name(aggregate)} cannot be grouped by")
            if item is not None:
                term.replace(item.copy())
            elif _is_written_out(term):
                raise self.resolved.error(
                    term, f"{_NO_COLUMN}: group by a column, or by its number from 1 on"
                )
            else:
                self.expression(term, scope, root=True)

    def _numbered(self, term: exp.Expr, items: list[exp.Expr]) -> exp.Expr | None:
        if not isinstance(term, exp.Literal) or term.is_string or not term.name.isdecimal():
            return None
        number = int(term.name)
        if not 1 <= number <= len(items):
            raise self.resolved.error(
                term, f"There are columns 1 to {len(items)} to choose from, no {number}"
            )
        item: exp.Expr = items[number - 1].this
        return item

    def _named_item(
        self, term: exp.Column, scope: Scope, items: list[exp.Expr], fields: tuple[Field, ...]
    ) -> exp.Expr | None:
        """Return the item of the result that a plain name means, where no table has such a column."""
        if scope.plain(term):
            return None
        delimited = bool(term.this.args.get("quoted"))
        pairs = ((entry.column.name, item) for entry, item in zip(fields, items, strict=True))
        found = matching(term.name, pairs, delimited=delimited)
        return found[0].this if found else None

    def _order(self, term: exp.Ordered, node: exp.Select, scope: Scope, fields: tuple[Field, ...]) -> None:
        """Resolve a term of ORDER BY: a column of the result by name or number, else any value."""
        if self._order_by_output(term, fields, must=False):
            return
        if _is_written_out(term.this):
            raise self.resolved.error(
                term.this, f"{_NO_COLUMN}: order by a column, or by its number from 1 on"
            )
        self.expression(term.this, scope, root=True)
        value = term.this
        if node.args.get("distinct") is not None:
            for place, item in enumerate(node.expressions, start=1):
                if item.this == value:
                    term.set("this", exp.Literal.number(place))
                    return
            raise self.resolved.error(
                value, "With DISTINCT, rows can be ordered by columns of the result only"
            )

    def _order_by_output(self, term: exp.Ordered, fields: tuple[Field, ...], *, must: bool = True) -> bool:
        value = term.this
        if isinstance(value, exp.Literal) and not value.is_string and value.name.isdecimal():
            number = int(value.name)
            if not 1 <= number <= len(fields):
                raise self.resolved.error(
                    value, f"There are columns 1 to {len(fields)} to order by, no {number}"
                )
            return True
        if isinstance(value, exp.Column) and value.args.get("table") is None:
            delimited = bool(value.this.args.get("quoted"))
            places = ((entry.column.name, place) for place, entry in enumerate(fields, start=1))
            found = matching(value.name, places, delimited=delimited)
            if found:
                term.set("this", exp.Literal.number(found[0]))
                return True
        if must:
            names = [entry.column.name for entry in fields]
            close = nearest(value.name, names) if isinstance(value, exp.Column) else []
            hint = f". Did you mean {' or '.join(close)}?" if close else ""
            raise self.resolved.error(
                value, f"This ORDER BY takes names and numbers of columns of the result{hint}"
            )
        return False

    # -- tables ----------------------------------------------------------------------------------

    def _relation(self, node: exp.Expr, outer: Scope | None) -> tuple[exp.Expr, Relation]:
        """Resolve a table or subquery after FROM; return its node and what it offers."""
        if isinstance(node, exp.Subquery):
            fields = self.query(node.this, outer)
            name = node.args["alias"].this.name
            alias = self.lookup.alias(name)
            node.set("alias", exp.TableAlias(this=quoted(alias)))
            return node, Relation(name, alias, fields, names=named(fields))
        assert isinstance(node, exp.Table)
        return self.lookup.table(node)

    # -- expressions -----------------------------------------------------------------------------

    def expression(self, node: exp.Expr, scope: Scope, *, root: bool = False) -> None:
        """Resolve the columns, functions and subqueries below a node (with ``root``, and itself)."""
        found = list(node.walk(prune=lambda inner: isinstance(inner, exp.Query)))
        for inner in found if root else found[1:]:
            if isinstance(inner, exp.Query):
                query = inner.this if isinstance(inner, exp.Subquery) else inner
                fields = self.query(query, scope)
                if isinstance(inner.parent, exp.In) and len(fields) != 1:
                    raise self.resolved.error(
                        inner.parent,
                        f"The query after IN must give one column, and this one gives {len(fields)}",
                    )
                if isinstance(inner.parent, exp.In):
                    set_kind(inner, fields[0].kind)
                    inner.meta["column"] = fields[0].sql
            elif isinstance(inner, exp.Column) and inner.meta_get("reference") is None:
                self._resolve_column(inner, scope)
            elif isinstance(inner, exp.Anonymous):
                self._check_function(inner)
                if inner.name == "RAND" and inner.expressions:
                    inner.meta["rows"] = tuple(
                        (relation.alias, relation.is_stored) for relation in scope.relations
                    )
        annotate(node)
        for inner in reversed(found):
            if isinstance(inner, exp.Anonymous) and inner.name == "IN_UNIT":
                in_unit(self.resolved, inner)

    def _resolve_column(self, node: exp.Column, scope: Scope) -> None:
        entry, relation, merged = scope.find(node)
        new: exp.Expr = merged() if merged is not None else self.column(entry, relation)
        self._declare(new, entry)
        new.meta["span"] = span(node)
        node.replace(new)

    def _check_function(self, node: exp.Anonymous) -> None:
        name = node.name
        if name == "REGION":
            raise self.resolved.error(
                node,
                "REGION is a text whose form ADQL leaves to each service, and none is read here: "
                "write POINT, CIRCLE, BOX or POLYGON",
            )
        if name.upper() not in FUNCTIONS:
            close = nearest(name, [function.name for function in FUNCTIONS.values()])
            hint = f". Did you mean {' or '.join(close)}?" if close else ""
            raise self.resolved.error(node, f"There is no function {name}{hint}")


_NO_COLUMN = "This is the same for all rows"


def _is_written_out(value: exp.Expr) -> bool:
    """Return whether this is one number, text or NULL: the engine takes such for a column's number."""
    while isinstance(value, exp.Neg | exp.Paren):
        value = value.this
    return isinstance(value, exp.Literal | exp.Null | exp.Boolean)
