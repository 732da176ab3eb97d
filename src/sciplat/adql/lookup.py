"""What the names of tables mean: those of the catalog, and the queries of WITH."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlglot import exp

from sciplat.adql.catalog import Catalog, Names, TableSource
from sciplat.adql.cursor import span
from sciplat.adql.functions import nearest
from sciplat.adql.kinds import kind_of_column
from sciplat.adql.resolved import Resolved
from sciplat.adql.scope import Field, Relation, named, quoted
from sciplat.vo.names import TAP_UPLOAD

__all__ = ["Lookup"]


@dataclass(slots=True)
class Lookup:
    """Finds the tables of one query, and gives each its name in the engine."""

    resolved: Resolved
    catalog: Catalog
    queries: dict[str, tuple[str, Relation]] = field(default_factory=dict)
    """The queries of WITH, by their folded name."""

    aliases: set[str] = field(default_factory=set)

    def define(self, identifier: exp.Identifier, fields: tuple[Field, ...]) -> str:
        """Remember a query of WITH under its name; return what the engine calls it."""
        alias = self.alias(identifier.name)
        relation = Relation(identifier.name, alias, fields, names=named(fields))
        self.queries[identifier.name.casefold()] = (identifier.name, relation)
        return alias

    def alias(self, name: str) -> str:
        """Return a name for the engine that no other table of the query has."""
        alias, count = name, 1
        while alias.casefold() in self.aliases:
            count += 1
            alias = f"{name}_{count}"
        self.aliases.add(alias.casefold())
        return alias

    def table(self, node: exp.Table) -> tuple[exp.Table, Relation]:
        """Return the engine's node of a table after FROM, and what it offers.

        Raises
        ------
        ADQLError
            There is none of its name (``unknown_table``), or more than one.
        """
        called = node.args.get("alias")
        query = self._query(node)
        if query is not None:
            table = exp.Table(this=quoted(query.alias))
            relation = replace(query, name=called.this.name if called else query.name)
        else:
            source = self._source(node)
            table = _engine_table(source)
            fields, names = self._fields(source)
            relation = Relation(
                called.this.name if called else source.table.name,
                "",
                fields,
                None if called else source.table.schema,
                source,
                names,
            )
            if source not in self.resolved.sources:
                self.resolved.sources.append(source)
        relation = replace(relation, alias=self.alias(relation.name))
        table.set("alias", exp.TableAlias(this=quoted(relation.alias)))
        table.meta["span"] = span(node)
        self.resolved.relations.append(relation)
        return table, relation

    def _fields(self, source: TableSource) -> tuple[tuple[Field, ...], Names[Field]]:
        # A table of a thousand columns takes a millisecond to describe, so this is done once a catalog.
        kept: tuple[tuple[Field, ...], Names[Field]] | None = self.catalog.kept.get(id(source))
        if kept is None:
            fields = tuple(Field(c, c.name, kind_of_column(c)) for c in source.table.columns)
            kept = self.catalog.kept[id(source)] = (fields, named(fields))
        return kept

    def _query(self, node: exp.Table) -> Relation | None:
        if node.args.get("db") is not None:
            return None
        found = self.queries.get(node.name.casefold())
        if found is None or (node.this.args.get("quoted") and found[0] != node.name):
            return None
        return found[1]

    def _source(self, node: exp.Table) -> TableSource:
        schema = node.args.get("db")
        written = ".".join(part.name for part in (node.args.get("catalog"), schema, node.this) if part)
        found = (
            []
            if node.args.get("catalog")
            else list(
                self.catalog.find(
                    node.name,
                    delimited=bool(node.this.args.get("quoted")),
                    schema=schema.name if schema is not None else None,
                    schema_delimited=schema is not None and bool(schema.args.get("quoted")),
                )
            )
        )
        if len(found) == 1:
            return found[0]
        if found:
            names = " or ".join(sorted(source.table.qualified_name for source in found))
            raise self.resolved.error(node, f"{written} can be {names}: write the schema's name before it")
        names_known = [*self.catalog.names(), *(name for name, _ in self.queries.values())]
        close = nearest(written, names_known)
        if not close and schema is None:
            tails = {source.table.name: source.table.qualified_name for source in self.catalog.sources}
            close = [tails[tail] for tail in nearest(written, tails)]
        hint = f". Did you mean {' or '.join(close)}?" if close else ""
        # What comes with a query is nobody else's: signing in would not bring it.
        is_upload = schema is not None and schema.name.upper() == TAP_UPLOAD
        raise self.resolved.error(node, f"There is no table {written}{hint}", unknown_table=not is_upload)


def _engine_table(source: TableSource) -> exp.Table:
    parts = [quoted(part) for part in reversed(source.relation)]
    return exp.Table(**dict(zip(("this", "db", "catalog"), parts, strict=False)))
