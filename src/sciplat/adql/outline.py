"""What a query will do, as data: which tables it reads, what limits each reading, and what follows.

It is read from the finished tree, so it tells of what the engine gets and not of what the query says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from sciplat.adql.build import aggregates
from sciplat.adql.catalog import TableSource
from sciplat.adql.limits import Link, Place, Tests, Values, conjuncts, read_tests
from sciplat.adql.resolved import Resolved
from sciplat.adql.tree import nodes
from sciplat.vo.schema import HEALPIX_COLUMN

__all__ = ["Block", "Input", "Outline", "Scan", "Union", "outline_of", "scans_of"]


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of a table."""

    source: TableSource
    alias: str
    """What the SQL calls it."""

    columns: tuple[str, ...]
    """Columns that are read."""

    limits: Mapping[str, Values] = field(default_factory=dict)
    """By column, the only values that are wanted."""

    tests: int = 0
    """Other conditions on its rows, of which nothing more is known."""

    fill: float = 1.0
    """The part of the wanted cells of the sky that the wanted regions fill, 0 to 1."""

    repeated: bool = False
    """It stands in a subquery that looks at a row of the query around it."""

    @property
    def cells(self) -> tuple[tuple[int, int], ...] | None:
        """HEALPix cells of order 29, NESTED, as ranges [low, high); None for the whole sky."""
        values = self.limits.get(HEALPIX_COLUMN)
        if values is None:
            return None
        return tuple((int(low), int(high) + 1) for low, high in values.intervals)


@dataclass(frozen=True, slots=True)
class Block:
    """One SELECT."""

    inputs: tuple[Input, ...]
    links: tuple[Link, ...] = ()
    """Which rows of two inputs meet; where nothing links two inputs, every row meets every row."""

    outer: bool = False
    """Rows of one input are kept that meet no other."""

    tests: int = 0
    """Conditions that look at several inputs and link none."""

    empty: bool = False
    """Its conditions hold for no row."""

    aggregated: bool = False
    groups: tuple[Place | None, ...] = ()
    """What is grouped by; None for a value that is no column."""

    distinct: bool = False
    sorted: bool = False
    limit: int | None = None
    inner: tuple[Outline, ...] = ()
    """Subqueries among its conditions and values."""

    alias: str = ""
    """What the SELECT around calls it."""


@dataclass(frozen=True, slots=True)
class Union:
    """UNION, EXCEPT or INTERSECT of two queries."""

    inputs: tuple[Outline, Outline]
    sorted: bool = False
    limit: int | None = None
    alias: str = ""


Outline = Block | Union
Input = Scan | Outline


def scans_of(outline: Input) -> Iterator[Scan]:
    """Yield every reading of a table, in the order of the query."""
    match outline:
        case Scan():
            yield outline
        case Union(inputs=(one, other)):
            yield from scans_of(one)
            yield from scans_of(other)
        case Block(inputs=inputs, inner=inner):
            for each in (*inputs, *inner):
                yield from scans_of(each)


def outline_of(resolved: Resolved) -> Outline:
    """Return what the finished tree of ``resolved`` will do."""
    reader = _Reader(
        {relation.alias: relation.source for relation in resolved.relations if relation.source is not None}
    )
    for reference in resolved.references:
        reader.columns.setdefault(reference.relation.alias, {})[reference.field.column.name] = None
    with_ = resolved.tree.args.get("with_")
    for cte in with_.expressions if with_ is not None else ():
        reader.named[cte.alias] = reader.query(cte.this)
    return reader.query(resolved.tree)


@dataclass(slots=True)
class _Reader:
    sources: Mapping[str, TableSource]
    columns: dict[str, dict[str, None]] = field(default_factory=dict)
    named: dict[str, Outline] = field(default_factory=dict)

    def query(self, node: exp.Expr) -> Outline:
        """Read a query."""
        match node:
            case exp.Subquery():
                limit = _limit(node)
                return self.query(node.this) if limit is None else replace(self.query(node.this), limit=limit)
            case exp.SetOperation():
                # A row of a hundred leans to the left.
                return Union(
                    (self.query(node.this), self.query(node.expression)),
                    sorted=node.args.get("order") is not None,
                    limit=_limit(node),
                )
            case _:
                assert isinstance(node, exp.Select)
                return self._select(node)

    def _select(self, node: exp.Select) -> Block:
        tests: list[exp.Expr] = []
        inputs = list(self._from(node, tests))
        where = node.args.get("where")
        if where is not None:
            tests += conjuncts(where.this)
        own = {each.alias for each in inputs}
        found = read_tests(tests, next(iter(own)) if len(own) == 1 else None)
        around = _aliases(found) - own
        inputs = [_limited(each, found, repeated=bool(around)) for each in inputs]
        group = node.args.get("group")
        items = [item.unalias() for item in node.expressions]
        joins = node.args.get("joins") or ()
        return Block(
            tuple(inputs),
            tuple(link for link in found.links if {link.one[0], link.other[0]} <= own),
            outer=any(join.args.get("side") for join in joins),
            tests=sum(count for aliases, count in found.others.items() if len(aliases & own) != 1),
            empty=found.never,
            aggregated=group is not None or any(_aggregates(item) for item in items),
            groups=tuple(_grouped(term) for term in group.expressions) if group is not None else (),
            distinct=node.args.get("distinct") is not None,
            sorted=node.args.get("order") is not None,
            limit=_limit(node),
            inner=tuple(self._inner([*tests, *items, node.args.get("having"), node.args.get("order")])),
        )

    def _from(self, node: exp.Expr, tests: list[exp.Expr]) -> Iterator[Input]:
        """Yield what a FROM reads; tables in parentheses are as good as tables without."""
        if isinstance(node, exp.Select):
            yield from self._from(node.args["from_"].this, tests)
        elif isinstance(node, exp.Subquery) and not node.alias:  # a query in FROM has an alias
            yield from self._from(node.this, tests)
        else:
            yield self._input(node)
        for join in node.args.get("joins") or ():
            yield from self._from(join.this, tests)
            tests += conjuncts(join.args.get("on"))

    def _input(self, node: exp.Expr) -> Input:
        alias = str(node.alias)
        if isinstance(node, exp.Table):
            source = self.sources.get(alias)
            if source is None:
                return replace(self.named[node.name], alias=alias)
            return Scan(source, alias, tuple(self.columns.get(alias, ())))
        query = node.this
        if isinstance(query, exp.Select) and isinstance(query.expressions[0], exp.Star):
            # Written by a rule of ours: the same table with fewer rows, or more columns.
            inner = query.args["from_"].this
            if not inner.alias:
                inner = inner.copy()
                inner.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
            where = query.args.get("where")
            tests = read_tests(conjuncts(where.this if where is not None else None), alias)
            return _limited(self._input(inner), tests, repeated=False)
        return replace(self.query(query), alias=alias)

    def _inner(self, places: list[exp.Expr | None]) -> Iterator[Outline]:
        for place in places:
            if place is None or isinstance(place, exp.Column | exp.Literal):
                continue
            found = [place] if isinstance(place, exp.Query) else nodes(place, queries=False)
            yield from (self.query(each) for each in found if isinstance(each, exp.Query))


def _aliases(tests: Tests) -> set[str]:
    """Return every table that some conditions look at."""
    found = {alias for alias, _ in tests.limits}
    found.update(*tests.others)
    for link in tests.links:
        found |= {link.one[0], link.other[0]}
    return found - {""}


def _limited(found: Input, tests: Tests, *, repeated: bool) -> Input:
    """Return an input with what conditions say of it alone."""
    own = sum(
        count for aliases, count in tests.others.items() if found.alias in aliases and len(aliases) == 1
    )
    if isinstance(found, Scan):
        limits = dict(found.limits)
        for name, values in tests.of(found.alias).items():
            limits[name] = limits[name] & values if name in limits else values
        return replace(
            found,
            limits=limits,
            tests=found.tests + own,
            fill=min(found.fill, tests.fill.get(found.alias, 1.0)),
            repeated=repeated,
        )
    if isinstance(found, Block):
        return replace(found, tests=found.tests + own + len(tests.of(found.alias)))
    return found


def _aggregates(item: exp.Expr) -> bool:
    return not isinstance(item, exp.Column) and bool(aggregates(item))


def _grouped(term: exp.Expr) -> Place | None:
    return (term.text("table"), term.name) if isinstance(term, exp.Column) else None


def _limit(node: exp.Expr) -> int | None:
    limit = node.args.get("limit")
    return None if limit is None else int(limit.expression.name)
