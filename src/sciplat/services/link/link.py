"""Link: what belongs to a dataset or to a row of a catalog (DataLink 1.1).

Only tables are asked: what is linked to may be served by a process that is down just now.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from sciplat.errors import AuthenticationError, NotFoundError, SciplatError
from sciplat.services.access import Visitor
from sciplat.services.link.image import Image, image_links
from sciplat.services.link.models import Link, Links, failure
from sciplat.services.link.row import MOST_IMAGES, RowAsked, images_query, row_links, row_query
from sciplat.services.plan import Query
from sciplat.services.query import QueryService
from sciplat.tables.document import Service
from sciplat.vo.schema import Table

__all__ = ["MOST_IDENTIFIERS", "LinkService"]

MOST_IDENTIFIERS = 500
"""Of one request; of the others nothing is said but that they are left out."""

_AT_ONCE = 100
_DATASET = re.compile(r"ivo://(?P<authority>[^/?#]+)/(?P<release>[^/?#]+)\?(?P<id>[^?#=]+)")
_ROW = re.compile(r"ivo://(?P<authority>[^/?#]+)/(?P<release>[^/?#]+)/(?P<table>[^/?#]+)\?(?P<key>[^#]*)")
_IMAGE = (
    'obs_publisher_did, obs_collection, dataproduct_subtype, obs_id, "_bytes", s_ra, s_dec, s_fov, '
    '"_s_region", em_min, em_max, t_min, t_max, lsst_band, lsst_detector'
)


class LinkService:
    """Says what belongs to what, to each visitor of what this one may see."""

    def __init__(self, asking: QueryService, *, authority: str) -> None:
        """Ask the tables through ``asking``; ``authority`` is that of identifiers."""
        self._asking = asking
        self._authority = authority

    def links(
        self, identifiers: Sequence[str], *, visitor: Visitor, origin: str, table: str | None = None
    ) -> Links:
        """Return the links of each identifier, in the order in which they were given.

        Parameters
        ----------
        identifiers
            ``ivo://AUTHORITY/RELEASE?UUID`` is a dataset, ``ivo://AUTHORITY/RELEASE/TABLE?KEY`` a row of a
            catalog by the only column of its primary key.
        table
            ``RELEASE.TABLE``, of which then each identifier is a key.
        origin
            Of the addresses, ``https://host``.

        Raises
        ------
        AuthenticationError, NotFoundError
            ``table`` is none of this visitor's.
        """
        each = list(dict.fromkeys(identifiers))
        taken = each[:MOST_IDENTIFIERS]
        of_table = None if table is None else self._asking.table(table, visitor)
        found: dict[str, Iterator[Link]] = {}
        services: list[Service] = []
        datasets, rows = [], []
        for identifier in taken:
            asked = self._row(identifier, of_table, visitor)
            if isinstance(asked, RowAsked):
                rows.append(asked)
            elif isinstance(asked, Link):
                found[identifier] = iter((asked,))
            else:
                datasets.append(identifier)
        images = {image.did.lower(): image for image in self._images(datasets, visitor)}
        relatives = self._relatives([image.did for image in images.values()], visitor)
        for identifier in datasets:
            image = images.get(identifier.strip().lower())
            if image is None:
                found[identifier] = iter((failure(identifier, _unknown(identifier, visitor)),))
            else:
                made, descriptors = image_links(identifier, image, relatives, origin)
                found[identifier] = iter(made)
                services += descriptors
        for asked in rows:
            try:
                made, descriptors = self._of_row(asked, visitor, origin)
            except SciplatError as error:
                made, descriptors = [failure(asked.identifier, str(error))], []
            found[asked.identifier] = iter(made)
            services += descriptors
        return Links(
            tuple(link for identifier in taken for link in found[identifier]),
            tuple(services),
            overflow=len(each) > len(taken),
        )

    def _row(self, identifier: str, of_table: Table | None, visitor: Visitor) -> RowAsked | Link | None:
        """Return the row that is asked for, why there is none, or None where it is no row."""
        key = identifier
        if of_table is None:
            parts = _ROW.fullmatch(identifier.strip())
            if parts is None:
                if _DATASET.fullmatch(identifier.strip()) is None:
                    return failure(
                        identifier,
                        f"UsageFault: {identifier[:200]!r} identifies nothing here: a dataset is "
                        f"ivo://{self._authority}/RELEASE?ID, as obs_publisher_did in ivoa.ObsCore has it, a "
                        f"row of a catalog ivo://{self._authority}/RELEASE/TABLE?KEY",
                    )
                return None
            if parts["authority"].lower() != self._authority.lower():
                return failure(identifier, _unknown(identifier, visitor))
            try:
                of_table = self._asking.table(f"{parts['release']}.{unquote(parts['table'])}", visitor)
            except (NotFoundError, AuthenticationError):
                return failure(identifier, _unknown(identifier, visitor))
            key = unquote(parts["key"])
        asked = RowAsked.of(identifier, of_table, key)
        return failure(identifier, _unknown(identifier, visitor)) if asked is None else asked

    def _images(self, identifiers: Iterable[str], visitor: Visitor) -> Iterator[Image]:
        wanted = [identifier.strip() for identifier in identifiers]
        for start in range(0, len(wanted), _AT_ONCE):
            listed = ", ".join(_text(each.lower()) for each in wanted[start : start + _AT_ONCE])
            rows = self._rows(
                f"SELECT {_IMAGE} FROM ivoa.ObsCore WHERE LOWER(obs_publisher_did) IN ({listed})", visitor
            )
            yield from map(Image.of, rows)

    def _relatives(
        self, identifiers: Sequence[str], visitor: Visitor
    ) -> Mapping[str, Sequence[tuple[str, Image]]]:
        """Return the images that others were made of and those that were made of them, by identifier."""
        found: dict[str, list[tuple[str, Image]]] = defaultdict(list)
        columns = ", ".join(f"o.{name.strip()}" for name in _IMAGE.split(","))
        for start in range(0, len(identifiers), _AT_ONCE):
            listed = ", ".join(_text(each) for each in identifiers[start : start + _AT_ONCE])
            for semantics, here, there in (
                ("#progenitor", "obs_publisher_did", "used_did"),
                ("#derivation", "used_did", "obs_publisher_did"),
            ):
                rows = self._rows(
                    f"SELECT p.{here} AS linked, {columns} FROM ivoa.provenance AS p "
                    f"JOIN ivoa.ObsCore AS o ON p.{there} = o.obs_publisher_did "
                    f"WHERE p.{here} IN ({listed}) ORDER BY o.obs_publisher_did",
                    visitor,
                )
                for row in rows:
                    found[row["linked"]].append((semantics, Image.of(row)))
        return found

    def _of_row(self, asked: RowAsked, visitor: Visitor, origin: str) -> tuple[list[Link], list[Service]]:
        rows = self._rows(row_query(asked), visitor)
        if not rows:
            return [failure(asked.identifier, _unknown(asked.identifier, visitor))], []
        where = images_query(asked, rows[0])
        images = [] if where is None else self._rows(f"SELECT TOP {MOST_IMAGES} {_IMAGE} {where}", visitor)
        schemas = self._asking.schemas(visitor)
        return row_links(
            asked, rows[0], [Image.of(each) for each in images], schemas, self._authority, origin
        )

    def _rows(self, adql: str, visitor: Visitor) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._asking.rows(Query(adql), visitor=visitor).to_pylist()
        return rows


def _unknown(identifier: str, visitor: Visitor) -> str:
    more = " If it is private, sign in or send a token." if visitor.user is None else ""
    return f"NotFoundFault: there is no {identifier[:200]!r} here.{more}"


def _text(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"
