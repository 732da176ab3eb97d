"""The storage classes of what pipeline tasks read and write, made known wherever a task is defined."""

from __future__ import annotations

from sciplat.repository.storage import EXPOSURE, register

__all__ = ["EXPOSURE", "TABLE"]

register()

TABLE = "ArrowAstropy"
"""The storage class of tables: Parquet in the repository, ``astropy.table.Table`` in memory."""
