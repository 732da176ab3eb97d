"""Conditions: comparisons and what joins them (ADQL 2.1, <search_condition>).

A condition is not a value: ``WHERE CONTAINS(a, b)`` is wrong and ``WHERE 1 = CONTAINS(a, b)`` right.
"""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.cursor import Cursor, mark
from sciplat.adql.tokens import Word

__all__ = ["condition"]

_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    ">": exp.GT,
    "<=": exp.LTE,
    ">=": exp.GTE,
}
_AFTER_A_VALUE = frozenset(
    [*_COMPARISONS, "+", "-", "*", "/", "||", "IN", "BETWEEN", "LIKE", "ILIKE", "NOT", "IS"]
)


def condition(cursor: Cursor) -> exp.Expr:
    """<search_condition>: boolean terms joined by OR."""
    return _row(cursor, "OR", exp.Or)


def _row(cursor: Cursor, word: str, node: type[exp.Connector]) -> exp.Expr:
    def operand() -> exp.Expr:
        return _row(cursor, "AND", exp.And) if word == "OR" else _factor(cursor)

    operands = [operand()]
    while cursor.accept(word):
        operands.append(operand())
    return _balanced(operands, node)


def _balanced(operands: list[exp.Expr], node: type[exp.Connector]) -> exp.Expr:
    """Join operands into a tree as shallow as possible: thousands must not nest thousands deep."""
    while len(operands) > 1:
        pairs = zip(operands[::2], operands[1::2], strict=False)
        joined: list[exp.Expr] = [node(this=left, expression=right) for left, right in pairs]
        if len(operands) % 2 == 1:
            joined.append(operands[-1])
        operands = joined
    return operands[0]


def _factor(cursor: Cursor) -> exp.Expr:
    """<boolean_factor>: a test, or NOT and a test."""
    if cursor.accept("NOT"):
        return exp.Not(this=_wrapped(_test(cursor)))
    return _test(cursor)


def _test(cursor: Cursor) -> exp.Expr:
    """<boolean_primary>: a predicate, or a condition in parentheses."""
    if cursor.at("EXISTS"):
        return _exists(cursor)
    if cursor.token.means("(") and not _starts_a_value(cursor):
        with cursor.deeper():
            cursor.advance()
            inner = condition(cursor)
            cursor.expect(")")
        return exp.Paren(this=inner)
    return _predicate(cursor)


def _starts_a_value(cursor: Cursor) -> bool:
    """Tell whether the parenthesis here holds a value: what follows its end decides."""
    closing = cursor.partner.get(cursor.index)
    if closing is None:
        return False
    return cursor.tokens[closing + 1].text in _AFTER_A_VALUE and cursor.tokens[closing + 1].word in (
        Word.KEYWORD,
        Word.SIGN,
    )


def _exists(cursor: Cursor) -> exp.Expr:
    """<exists_predicate>: EXISTS (query)."""
    start = cursor.advance().start
    node = exp.Exists(this=_subquery(cursor).this)
    mark(node, *cursor.since(start))
    return node


def _subquery(cursor: Cursor) -> exp.Subquery:
    with cursor.deeper():
        cursor.expect("(")
        query = cursor.grammar.query(cursor)
        cursor.expect(")")
    return exp.Subquery(this=query)


def _predicate(cursor: Cursor) -> exp.Expr:
    """<predicate>: two values compared, BETWEEN, IN, LIKE, or IS NULL."""
    first = cursor.token
    kind, left = cursor.grammar.value(cursor)
    node = _comparison(cursor, left, region=kind in "pg")
    if node is None:
        if isinstance(left, exp.Anonymous) and left.name in ("CONTAINS", "INTERSECTS"):
            raise cursor.text.error(
                f"{left.name} gives 1 or 0, so compare it: 1 = {left.name}(...)", *cursor.since(first.start)
            )
        raise cursor.unexpected()
    mark(node, *cursor.since(first.start))
    return node


def _comparison(cursor: Cursor, left: exp.Expr, *, region: bool) -> exp.Expr | None:
    comparison = cursor.operator(*_COMPARISONS)
    if comparison is not None:
        if comparison.text == "=" and cursor.token.means("="):
            raise cursor.error("Two values are compared with one `=`", cursor.token)
        _, right = cursor.grammar.value(cursor)
        return _COMPARISONS[comparison.text](this=left, expression=right)
    cursor.want("a comparison")
    if isinstance(left, exp.Column) and cursor.accept("IS"):
        return _is_null(cursor, left)
    if region:
        return None
    negated = cursor.accept("NOT")
    node: exp.Expr | None = None
    if cursor.accept("BETWEEN"):
        low = cursor.grammar.value(cursor)[1]
        cursor.expect("AND")
        node = exp.Between(this=left, low=low, high=cursor.grammar.value(cursor)[1])
    elif cursor.accept("IN"):
        node = _in(cursor, left)
    elif like := cursor.accept("LIKE", "ILIKE"):
        pattern = cursor.grammar.value(cursor)[1]
        node = (exp.Like if like.text == "LIKE" else exp.ILike)(this=left, expression=pattern)
    elif negated is not None:
        raise cursor.unexpected()
    return exp.Not(this=node) if node is not None and negated is not None else node


def _is_null(cursor: Cursor, left: exp.Expr) -> exp.Expr:
    """<null_predicate>: a column, IS, NOT or not, NULL."""
    negated = cursor.accept("NOT")
    cursor.expect("NULL")
    node: exp.Expr = exp.Is(this=left, expression=exp.Null())
    return exp.Not(this=node) if negated else node


def _in(cursor: Cursor, left: exp.Expr) -> exp.Expr:
    """<in_predicate_value>: a query, or values, in parentheses."""
    if cursor.token.means("(") and _holds_a_query(cursor):
        return exp.In(this=left, query=_subquery(cursor))
    with cursor.deeper():
        cursor.expect("(")
        values = [cursor.grammar.value(cursor)[1]]
        while cursor.accept(","):
            values.append(cursor.grammar.value(cursor)[1])
        cursor.expect(")")
    return exp.In(this=left, expressions=values)


def _holds_a_query(cursor: Cursor) -> bool:
    index = cursor.index
    while cursor.tokens[index].means("("):
        index += 1
    return cursor.tokens[index].means("SELECT")


def _wrapped(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node, exp.Paren | exp.Exists) else exp.Paren(this=node)
