"""Rows that the asker may see: TAP_SCHEMA shows each user only what that user can query."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.resolved import Resolved
from sciplat.adql.scope import quoted

__all__ = ["visible_rows"]


def visible_rows(resolved: Resolved) -> None:
    """Put a subselect with the rule in place of each table that has one."""
    rules = {
        relation.alias: relation.source.only
        for relation in resolved.relations
        if relation.source is not None and relation.source.only is not None
    }
    if not rules:
        return
    for table in list(resolved.tree.find_all(exp.Table)):
        rule = rules.get(table.alias)
        if rule is None:
            continue
        alias, joins = table.args["alias"], table.args.get("joins")
        table.set("alias", None)
        table.set("joins", None)
        values = [exp.Literal.string(value) for value in sorted(rule.values)]
        column = exp.Column(this=quoted(rule.column))
        test = exp.In(this=column, expressions=values) if values else exp.Boolean(this=False)
        inner = exp.Select(
            expressions=[exp.Star()], from_=exp.From(this=table.copy()), where=exp.Where(this=test)
        )
        table.replace(exp.Subquery(this=inner, alias=alias, joins=joins))
