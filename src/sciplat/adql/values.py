"""Values: literals, columns, arithmetic, joined texts, CASE and CAST (ADQL 2.1, <value_expression>).

A value is a pair of its kind, a letter that `sciplat.adql.functions` explains, and its node.
"""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.calls import aggregate, call, is_call
from sciplat.adql.cursor import Cursor, mark
from sciplat.adql.names import column
from sciplat.adql.tokens import Token, Word

__all__ = ["Value", "value"]

Value = tuple[str, exp.Expr]

MAX_OPERATORS = 150
"""Operators in one row of an arithmetic expression; every later step walks as deep as the row is long."""

_ARITHMETIC: dict[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div}


def value(cursor: Cursor) -> Value:
    """<value_expression>: a sum, or texts joined by ``||``."""
    start = cursor.token.start
    kind, node = _term(cursor)
    for _ in range(MAX_OPERATORS):
        sign = cursor.operator("+", "-")
        if sign is None:
            return kind, node
        _number(cursor, kind, start, sign)
        right_start = cursor.token.start
        right_kind, right = _term(cursor)
        _number(cursor, right_kind, right_start, sign)
        node = _ARITHMETIC[sign.text](this=node, expression=right)
        mark(node, *cursor.since(start))
        kind = "n"
    raise _too_long(cursor)


def _term(cursor: Cursor) -> Value:
    """<term>: a product of factors."""
    start = cursor.token.start
    kind, node = _factor(cursor)
    for _ in range(MAX_OPERATORS):
        sign = cursor.operator("*", "/")
        if sign is None:
            return kind, node
        _number(cursor, kind, start, sign)
        right_start = cursor.token.start
        right_kind, right = _factor(cursor)
        _number(cursor, right_kind, right_start, sign)
        node = _ARITHMETIC[sign.text](this=node, expression=right)
        mark(node, *cursor.since(start))
        kind = "n"
    raise _too_long(cursor)


def _factor(cursor: Cursor) -> Value:
    """<factor>: a sign and a number, or texts joined by ``||``."""
    start = cursor.token.start
    sign = cursor.operator("+", "-")
    if sign is None:
        return _joined(cursor)
    operand_start = cursor.token.start
    kind, node = _primary(cursor)
    _number(cursor, kind, operand_start, sign)
    if sign.text == "-":
        node = exp.Neg(this=node)
        mark(node, *cursor.since(start))
    if cursor.token.means("||"):
        raise cursor.error("A number with a sign cannot be joined to a text; put it in parentheses", sign)
    return ("i" if kind == "d" else "n"), node


def _joined(cursor: Cursor) -> Value:
    """<character_value_expression>: primaries joined by ``||``."""
    start = cursor.token.start
    kind, node = _primary(cursor)
    if not cursor.token.means("||"):
        return kind, node
    _text(cursor, kind, start)
    count = 0
    while cursor.operator("||"):
        count += 1
        if count > MAX_OPERATORS:
            raise _too_long(cursor)
        right_start = cursor.token.start
        right_kind, right = _primary(cursor)
        _text(cursor, right_kind, right_start)
        node = exp.DPipe(this=node, expression=right, safe=True)
        mark(node, *cursor.since(start))
    return "s", node


def _number(cursor: Cursor, kind: str, start: int, sign: Token) -> None:
    if kind in "spg0":
        what = {"s": "a text", "0": "NULL"}.get(kind, "a region")
        raise cursor.text.error(f"`{sign.text}` takes numbers, and this is {what}", *cursor.since(start))


def _text(cursor: Cursor, kind: str, start: int) -> None:
    if kind in "pg":
        raise cursor.text.error("`||` joins texts, and this is a region", *cursor.since(start))


def _too_long(cursor: Cursor) -> Exception:
    return cursor.error(f"One expression has more than {MAX_OPERATORS} operators in a row", cursor.token)


def _primary(cursor: Cursor) -> Value:
    """<value_expression_primary>, and the functions."""
    token = cursor.token
    match token.word:
        case Word.INTEGER | Word.DECIMAL:
            return _literal(cursor)
        case Word.STRING:
            return _string(cursor)
        case Word.NAME | Word.DELIMITED:
            if token.word is Word.NAME and cursor.peek().means("("):
                return call(cursor)
            return "c", column(cursor)
        case Word.SIGN if token.text == "(":
            return _parenthesis(cursor)
        case Word.KEYWORD if is_call(token) and cursor.peek().means("("):
            return call(cursor)
        case Word.KEYWORD:
            return _keyword(cursor)
        case _:
            cursor.want("a value")
            raise cursor.unexpected()


def _keyword(cursor: Cursor) -> Value:
    token = cursor.token
    if token.text in ("COUNT", "MIN", "MAX", "AVG", "SUM") and cursor.peek().means("("):
        return aggregate(cursor)
    if token.text == "NULL":
        cursor.advance()
        return "0", exp.Null()
    if token.text in ("TRUE", "FALSE"):
        cursor.advance()
        return "c", exp.Boolean(this=token.text == "TRUE")
    if token.text == "CAST" and cursor.peek().means("("):
        return _cast(cursor)
    if token.text == "CASE":
        return _case(cursor)
    cursor.want("a value")
    raise cursor.unexpected()


def _literal(cursor: Cursor) -> Value:
    token = cursor.advance()
    after = cursor.token
    if after.word in (Word.INTEGER, Word.DECIMAL) and after.glued:
        raise cursor.error(f"{token.text}{after.text} is no number", token, after)
    node = exp.Literal.number(token.text)
    mark(node, token.start, token.end)
    return ("d" if token.word is Word.INTEGER else "f"), node


def _string(cursor: Cursor) -> Value:
    """<character_string_literal>: texts that stand beside one another are one text."""
    first = cursor.advance()
    parts = [first.text]
    while cursor.token.word is Word.STRING:
        parts.append(cursor.advance().text)
    node = exp.Literal.string("".join(parts))
    mark(node, *cursor.since(first.start))
    return "l", node


def _parenthesis(cursor: Cursor) -> Value:
    with cursor.deeper():
        opening = cursor.advance()
        if cursor.token.means("SELECT"):
            raise cursor.error(
                "A subquery can stand after FROM, IN and EXISTS only; join its table instead", cursor.token
            )
        kind, inner = value(cursor)
        cursor.expect(")")
    node = exp.Paren(this=inner)
    mark(node, *cursor.since(opening.start))
    # A literal in parentheses is no longer a literal, where a function asks for one.
    return {"d": "n", "f": "n", "i": "n", "l": "s"}.get(kind, kind), node


def _cast(cursor: Cursor) -> Value:
    """<cast_specification>: CAST(value AS type)."""
    start = cursor.token.start
    with cursor.deeper():
        cursor.advance()
        cursor.advance()
        _, operand = value(cursor)
        cursor.expect("AS")
        kind, target = _type(cursor)
        cursor.expect(")")
    node = exp.Cast(this=operand, to=target)
    mark(node, *cursor.since(start))
    return kind, node


_TYPES: dict[str, tuple[str, str]] = {
    "SMALLINT": ("n", "SMALLINT"),
    "INTEGER": ("n", "INT"),
    "BIGINT": ("n", "BIGINT"),
    "REAL": ("n", "FLOAT"),
    "TIMESTAMP": ("c", "TIMESTAMP"),
    "CHAR": ("s", "CHAR"),
    "VARCHAR": ("s", "VARCHAR"),
    "DOUBLE": ("n", "DOUBLE"),
    "POINT": ("p", "POINT"),
    "CIRCLE": ("g", "CIRCLE"),
    "POLYGON": ("g", "POLYGON"),
}


_LONGEST_SIZE = 9
"""Digits: what is longer than the engine's texts can be does not reach it."""


def _type(cursor: Cursor) -> tuple[str, exp.DataType]:
    token = cursor.token
    if not cursor.at(*_TYPES):
        raise cursor.unexpected()
    cursor.advance()
    kind, name = _TYPES[token.text]
    if token.text == "DOUBLE":
        cursor.expect("PRECISION")
    sizes: list[exp.Expr] = []
    if token.text in ("CHAR", "VARCHAR") and cursor.accept("("):
        size = cursor.accept_word(Word.INTEGER, "an integer")
        if size is None:
            raise cursor.unexpected()
        if len(size.text) > _LONGEST_SIZE:
            raise cursor.error(f"A text has fewer than {10**_LONGEST_SIZE:,} characters", size)
        sizes.append(exp.DataTypeParam(this=exp.Literal.number(size.text)))
        cursor.expect(")")
    if name in ("POINT", "CIRCLE", "POLYGON"):
        return kind, exp.DataType(this=exp.DType.USERDEFINED, kind=name)
    return kind, exp.DataType(this=exp.DType[name], expressions=sizes)


def _case(cursor: Cursor) -> Value:
    """CASE, an extension: ADQL 2.1 reserves the word and has no such expression; SQL-92, 6.9."""
    start = cursor.token.start
    with cursor.deeper():
        cursor.advance()
        operand = None if cursor.at("WHEN") else value(cursor)[1]
        branches: list[exp.Expr] = []
        while cursor.accept("WHEN") if branches else cursor.expect("WHEN"):
            test = value(cursor)[1] if operand is not None else cursor.grammar.condition(cursor)
            cursor.expect("THEN")
            branches.append(exp.If(this=test, true=value(cursor)[1]))
        otherwise = value(cursor)[1] if cursor.accept("ELSE") else None
        cursor.expect("END")
    node = exp.Case(this=operand, ifs=branches, default=otherwise)
    mark(node, *cursor.since(start))
    return "c", node
