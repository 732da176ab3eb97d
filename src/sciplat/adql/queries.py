"""Queries: SELECT, joins, set operators, WITH (ADQL 2.1, <query_specification>)."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.cursor import Cursor, mark
from sciplat.adql.names import alias, dotted, name
from sciplat.adql.tokens import Word

__all__ = ["query", "statement"]

MAX_SET_OPERATORS = 200
"""UNION, EXCEPT and INTERSECT in one row."""

_SET_OPERATORS: dict[str, type[exp.SetOperation]] = {
    "UNION": exp.Union,
    "EXCEPT": exp.Except,
    "INTERSECT": exp.Intersect,
}


def statement(cursor: Cursor) -> exp.Query:
    """Read the whole text: WITH if there is one, a query, and at most one semicolon."""
    with_ = _with(cursor) if cursor.at("WITH") else None
    tree = query(cursor)
    if with_ is not None:
        tree.set("with_", with_)
    if cursor.token.means(";"):
        semicolon = cursor.advance()
        if cursor.token.word is not Word.END:
            raise cursor.error("Only one query can be sent at a time", semicolon)
    if cursor.token.word is not Word.END:
        cursor.want("the end of the query")
        raise cursor.unexpected()
    return tree


def _with(cursor: Cursor) -> exp.With:
    """<with_clause>: named queries, only before the whole query and never recursive."""
    cursor.expect("WITH")
    named: list[exp.CTE] = []
    while not named or cursor.accept(","):
        identifier = name(cursor, "a name")
        columns: list[exp.Identifier] = []
        if cursor.accept("("):
            columns.append(name(cursor, "a column name"))
            while cursor.accept(","):
                columns.append(name(cursor, "a column name"))
            cursor.expect(")")
        cursor.expect("AS")
        with cursor.deeper():
            cursor.expect("(")
            inner = query(cursor)
            cursor.expect(")")
        named.append(exp.CTE(this=inner, alias=exp.TableAlias(this=identifier, columns=columns)))
    return exp.With(expressions=named)


def query(cursor: Cursor) -> exp.Query:
    """<query_expression>: queries joined by UNION and EXCEPT, then ORDER BY and OFFSET."""
    tree = _set_operation(cursor, ("UNION", "EXCEPT"))
    _tail(cursor, tree)
    return tree


def _set_operation(cursor: Cursor, words: tuple[str, ...]) -> exp.Query:
    """<query_expression> or <query_term>: INTERSECT binds tighter than UNION and EXCEPT."""
    tree = _operand(cursor) if words == ("INTERSECT",) else _set_operation(cursor, ("INTERSECT",))
    count = 0
    while operator := cursor.accept(*words):
        count += 1
        if count > MAX_SET_OPERATORS:
            raise cursor.error(f"More than {MAX_SET_OPERATORS} queries are joined in a row", operator)
        kept = cursor.accept("ALL")
        right = _operand(cursor) if words == ("INTERSECT",) else _set_operation(cursor, ("INTERSECT",))
        tree = _SET_OPERATORS[operator.text](this=tree, expression=right, distinct=kept is None)
        mark(tree, operator.start, operator.end)
    return tree


def _operand(cursor: Cursor) -> exp.Query:
    """<query_primary>: a SELECT, or a query in parentheses."""
    if cursor.at("("):
        if not holds_a_query(cursor, cursor.index + 1):
            cursor.advance()
            cursor.want("SELECT")
            if cursor.token.means("WITH"):
                raise cursor.error("WITH stands before the whole query only", cursor.token)
            raise cursor.unexpected()
        with cursor.deeper():
            cursor.advance()
            inner = query(cursor)
            cursor.expect(")")
        return exp.Subquery(this=inner)
    if cursor.token.means("WITH"):
        raise cursor.error("WITH stands before the whole query only", cursor.token)
    return _select(cursor)


def _tail(cursor: Cursor, tree: exp.Query) -> None:
    """ORDER BY and OFFSET, in this order."""
    if cursor.accept("ORDER"):
        cursor.expect("BY")
        terms = [_order_term(cursor)]
        while cursor.accept(","):
            terms.append(_order_term(cursor))
        tree.set("order", exp.Order(expressions=terms))
    if cursor.accept("OFFSET"):
        count = cursor.accept_word(Word.INTEGER, "an unsigned integer")
        if count is None:
            raise cursor.unexpected()
        if cursor.at("ORDER"):
            raise cursor.error("ORDER BY stands before OFFSET", cursor.token)
        tree.set("offset", exp.Offset(expression=exp.Literal.number(count.text)))


def _order_term(cursor: Cursor) -> exp.Ordered:
    """<order_by_term>: a column, a column's number or a value, and a direction."""
    start = cursor.token.start
    node = cursor.grammar.value(cursor)[1]
    direction = cursor.accept("ASC", "DESC")
    descending = direction is not None and direction.text == "DESC"
    ordered = exp.Ordered(this=node, desc=descending)
    mark(ordered, *cursor.since(start))
    return ordered


def _select(cursor: Cursor) -> exp.Select:
    """<select_query>: SELECT ... FROM ... WHERE ... GROUP BY ... HAVING."""
    start = cursor.expect("SELECT").start
    quantifier = cursor.accept("DISTINCT", "ALL")
    limit = None
    if cursor.accept("TOP"):
        count = cursor.accept_word(Word.INTEGER, "an unsigned integer")
        if count is None:
            raise cursor.unexpected()
        if cursor.token.means("DISTINCT") or cursor.token.means("ALL"):
            raise cursor.error(f"{cursor.token.text} stands before TOP", cursor.token)
        limit = exp.Limit(expression=exp.Literal.number(count.text))
    items = [_select_item(cursor)]
    while cursor.accept(","):
        items.append(_select_item(cursor))
    cursor.expect("FROM")
    first, joins = _from(cursor)
    where = exp.Where(this=cursor.grammar.condition(cursor)) if cursor.accept("WHERE") else None
    group = _group(cursor) if cursor.accept("GROUP") else None
    having = exp.Having(this=cursor.grammar.condition(cursor)) if cursor.accept("HAVING") else None
    distinct = exp.Distinct() if quantifier is not None and quantifier.text == "DISTINCT" else None
    tree = exp.Select(
        distinct=distinct,
        expressions=items,
        limit=limit,
        from_=exp.From(this=first),
        joins=joins,
        where=where,
        group=group,
        having=having,
    )
    mark(tree, start, start + len("SELECT"))
    return tree


def _group(cursor: Cursor) -> exp.Group:
    cursor.expect("BY")
    terms = [cursor.grammar.value(cursor)[1]]
    while cursor.accept(","):
        terms.append(cursor.grammar.value(cursor)[1])
    return exp.Group(expressions=terms)


def _select_item(cursor: Cursor) -> exp.Expr:
    """<select_sublist>: ``*``, ``table.*``, or a value with or without a name."""
    start = cursor.token.start
    if cursor.accept("*"):
        star: exp.Expr = exp.Star()
        mark(star, *cursor.since(start))
        return star
    if cursor.token.word in (Word.NAME, Word.DELIMITED) and _is_qualified_star(cursor):
        parts = dotted(cursor, "a table name", most=3)
        cursor.expect(".")
        cursor.expect("*")
        star = exp.Column(
            this=exp.Star(), **dict(zip(("table", "db", "catalog"), reversed(parts), strict=False))
        )
        mark(star, *cursor.since(start))
        return star
    node = cursor.grammar.value(cursor)[1]
    identifier = alias(cursor, "a name for the column", words=True)
    if identifier is None:
        return node
    named = exp.Alias(this=node, alias=identifier)
    mark(named, *cursor.since(start))
    return named


def _is_qualified_star(cursor: Cursor) -> bool:
    index = cursor.index
    while cursor.tokens[index].word in (Word.NAME, Word.DELIMITED) and cursor.tokens[index + 1].means("."):
        index += 2
    return index > cursor.index and cursor.tokens[index].means("*")


def _from(cursor: Cursor) -> tuple[exp.Expr, list[exp.Join]]:
    """<from_clause>: table references with commas; each a table with its joins."""
    first, joins = _joined(cursor)
    while cursor.accept(","):
        table, more = _joined(cursor)
        if more:
            # A comma binds looser than JOIN, so the joined tables stay together.
            table = _joined_table(table, more)
        joins.append(exp.Join(this=table, kind="CROSS"))
    return first, joins


def _joined_table(table: exp.Expr, joins: list[exp.Join]) -> exp.Subquery:
    table.set("joins", joins)
    return exp.Subquery(this=table)


def _joined(cursor: Cursor) -> tuple[exp.Expr, list[exp.Join]]:
    """<joined_table>: tables joined from left to right."""
    first = _table(cursor)
    joins: list[exp.Join] = []
    while (join := _join(cursor)) is not None:
        joins.append(join)
    return first, joins


def _join(cursor: Cursor) -> exp.Join | None:
    """<qualified_join>; the condition may be missing (then every row meets every row)."""
    start = cursor.token.start
    natural = cursor.accept("NATURAL")
    side = cursor.accept("LEFT", "RIGHT", "FULL")
    if side is not None:
        cursor.accept("OUTER")
    inner = None if side is not None else cursor.accept("INNER")
    if not cursor.at("JOIN"):
        if natural is None and side is None and inner is None:
            return None
        raise cursor.unexpected()
    cursor.advance()
    join = exp.Join(this=_table(cursor))
    mark(join, start, start)
    if side is not None:
        join.set("side", side.text)
    if natural is not None:
        join.set("method", "NATURAL")
    elif cursor.accept("ON"):
        join.set("on", cursor.grammar.condition(cursor))
    elif cursor.accept("USING"):
        cursor.expect("(")
        columns = [name(cursor, "a column name")]
        while cursor.accept(","):
            columns.append(name(cursor, "a column name"))
        cursor.expect(")")
        join.set("using", columns)
    return join


def _table(cursor: Cursor) -> exp.Expr:
    """<table_reference>: a table, a query in parentheses with an alias, or joins in parentheses."""
    start = cursor.token.start
    if cursor.at("("):
        with cursor.deeper():
            opening = cursor.advance()
            if cursor.token.means("WITH"):
                raise cursor.error("WITH stands before the whole query only", cursor.token)
            if holds_a_query(cursor, cursor.index):
                inner = query(cursor)
                cursor.expect(")")
                identifier = alias(cursor, "an alias")
                if identifier is None:
                    cursor.want("a name for this subquery")
                    raise cursor.unexpected()
                derived = exp.Subquery(this=inner, alias=exp.TableAlias(this=identifier))
                mark(derived, *cursor.since(start))
                return derived
            table, joins = _joined(cursor)
            if not joins:
                # A joined table in parentheses may itself stand in parentheses.
                if isinstance(table, exp.Subquery) and table.args.get("alias") is None:
                    cursor.expect(")")
                    return table
                cursor.at("JOIN", "NATURAL", "INNER", "LEFT", "RIGHT", "FULL")
                if cursor.token.means(")"):
                    raise cursor.error("A table alone needs no parentheses", opening, cursor.token)
                raise cursor.unexpected()
            cursor.expect(")")
        return _joined_table(table, joins)
    parts = dotted(cursor, "a table name", most=3)
    table = exp.Table(**dict(zip(("this", "db", "catalog"), reversed(parts), strict=False)))
    mark(table, *cursor.since(start))
    if cursor.token.means("("):
        raise cursor.error("ADQL has no functions that give tables", cursor.token)
    identifier = alias(cursor, "an alias")
    if identifier is not None:
        table.set("alias", exp.TableAlias(this=identifier))
    return table


def holds_a_query(cursor: Cursor, index: int) -> bool:
    """Tell whether a query starts at this token, and not a join in parentheses."""
    outer: list[int] = []
    while cursor.tokens[index].means("("):
        outer.append(index)
        index += 1
    if not cursor.tokens[index].means("SELECT"):
        return False
    for opening in reversed(outer):
        closing = cursor.partner.get(opening)
        if closing is None:
            return True
        after = cursor.tokens[closing + 1]
        if after.word is not Word.END and after.text not in _AFTER_A_QUERY:
            return False
    return True


_AFTER_A_QUERY = frozenset(["UNION", "EXCEPT", "INTERSECT", "ORDER", "OFFSET", ")"])
