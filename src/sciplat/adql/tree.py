"""A walk over the tree of a query, quicker than sqlglot's own."""

from __future__ import annotations

from sqlglot import exp

__all__ = ["nodes"]


def nodes(root: exp.Expr, *, queries: bool = True) -> list[exp.Expr]:
    """Return a tree's nodes, each before those inside it, without the identifiers that names are made of.

    Most nodes of a query are identifiers, and no rule asks for them: this takes a third of the time of
    sqlglot's own walk. Without ``queries``, queries are returned and not entered, unless one is the root.
    """
    found: list[exp.Expr] = []
    stack = [root]
    while stack:
        node = stack.pop()
        found.append(node)
        if isinstance(node, exp.Column | exp.Literal):
            continue
        if not queries and node is not root and isinstance(node, exp.Query):
            continue
        for value in node.args.values():
            inside = value if isinstance(value, list) else (value,)
            stack += [
                node for node in inside if isinstance(node, exp.Expr) and not isinstance(node, exp.Identifier)
            ]
    return found
