"""ADQL in, DuckDB SQL out.

The names here are imported when they are first used: a linter needs the parser alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciplat.adql.catalog import Catalog, RowFilter, TableSource
    from sciplat.adql.parser import Check, check, parse
    from sciplat.adql.translation import Translation, translate

__all__ = ["Catalog", "Check", "RowFilter", "TableSource", "Translation", "check", "parse", "translate"]

_MODULES = {
    **dict.fromkeys(("Catalog", "RowFilter", "TableSource"), "catalog"),
    **dict.fromkeys(("Check", "check", "parse"), "parser"),
    **dict.fromkeys(("Translation", "translate"), "translation"),
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
