"""What the TAP service says of itself."""

from __future__ import annotations

from sciplat.adql.functions import OPTIONAL_SYSTEM
from sciplat.adql.user_functions import USER_DEFINED
from sciplat.config import QuerySettings
from sciplat.tables.formats import output_formats
from sciplat.vo.capabilities import (
    ADQL_FEATURES,
    ADQL_GEOMETRY,
    ADQL_UDF,
    DataLimit,
    Feature,
    FeatureList,
    Language,
    TAPCapability,
    TimeLimit,
    capabilities_document,
    vosi_capabilities,
)

__all__ = ["capabilities_of"]

_DATA_MODELS = (("ivo://ivoa.net/std/ObsCore#core-1.1", "ObsCore-1.1"),)
_GEOMETRY = (
    *sorted(OPTIONAL_SYSTEM),
    "AREA",
    "CENTROID",
    "CONTAINS",
    "COORD1",
    "COORD2",
    "COORDSYS",
    "DISTANCE",
    "INTERSECTS",
)

_UDFS = tuple(Feature(form, function.description) for function in USER_DEFINED for form in function.forms)

_ADQL = Language(
    name="ADQL",
    versions=(("2.1", "ivo://ivoa.net/std/ADQL#v2.1"), ("2.0", "ivo://ivoa.net/std/ADQL#v2.0")),
    description="ADQL 2.1. CASE expressions are an extension.",
    features=(
        FeatureList(ADQL_UDF, _UDFS),
        FeatureList(ADQL_GEOMETRY, tuple(Feature(name) for name in _GEOMETRY)),
        FeatureList(ADQL_FEATURES["string"], (Feature("LOWER"), Feature("UPPER"), Feature("ILIKE"))),
        FeatureList(ADQL_FEATURES["sets"], (Feature("UNION"), Feature("EXCEPT"), Feature("INTERSECT"))),
        FeatureList(ADQL_FEATURES["common-table"], (Feature("WITH"),)),
        FeatureList(ADQL_FEATURES["type"], (Feature("CAST"),)),
        FeatureList(ADQL_FEATURES["unit"], (Feature("IN_UNIT"),)),
        FeatureList(ADQL_FEATURES["offset"], (Feature("OFFSET"),)),
    ),
)


_UPLOAD_METHODS = tuple(
    f"ivo://ivoa.net/std/TAPRegExt#upload-{method}" for method in ("inline", "http", "https")
)


def capabilities_of(url: str, settings: QuerySettings) -> bytes:
    """Return the capabilities document of the TAP service at ``url``, with the limits in force."""
    return capabilities_document(
        vosi_capabilities(url, examples=True),
        tap=TAPCapability(
            url=url,
            languages=(_ADQL,),
            formats=output_formats(),
            data_models=_DATA_MODELS,
            retention=TimeLimit(default=settings.result_days * 86400, hard=settings.result_days_max * 86400),
            execution=TimeLimit(default=settings.async_seconds, hard=settings.async_seconds_max),
            upload_methods=_UPLOAD_METHODS,
            upload=DataLimit("byte", default=settings.upload_bytes, hard=settings.upload_bytes),
            output=DataLimit("row", default=settings.max_rows, hard=settings.max_rows),
        ),
    )
