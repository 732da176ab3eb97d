"""``/api/metadata``: tables, their columns, and how these belong together, as JSON."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter

from sciplat.api.dependencies import Asking
from sciplat.api.policy import Visiting
from sciplat.services.relations import relations_of
from sciplat.wire.metadata import ColumnMetadata, ColumnRelation, TableMetadata

__all__ = ["router"]

router = APIRouter(prefix="/api/metadata", tags=["metadata"])


@router.get("/{name}")
def table_metadata(name: str, visitor: Visiting, asking: Asking) -> TableMetadata:
    """Answer all that is known of a table that the asker can query."""
    table = asking.table(name, visitor)
    return TableMetadata(
        name=table.qualified_name,
        description=table.description,
        utype=table.utype,
        rows=table.rows,
        primary_key=list(table.primary_key),
        columns=[
            ColumnMetadata.model_validate(column, from_attributes=True)
            for column in table.columns
            if not column.hidden
        ],
        relations=[
            ColumnRelation.model_validate(asdict(relation))
            for relation in relations_of(table, asking.schemas(visitor))
        ],
    )
