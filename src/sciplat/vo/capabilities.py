"""What a service can do, as a document (VOSI 1.1, section 4; TAPRegExt 1.0; TAP 1.1, section 2.4).

No interface says a ``securityMethod``: whoever may need to sign in learns it from the challenges of a 401,
which clients follow, and not from here, where a wrong method keeps them out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from sciplat.vo.xml import document, element

__all__ = [
    "ADQL_FEATURES",
    "ADQL_GEOMETRY",
    "ADQL_UDF",
    "Capability",
    "ConeSearchCapability",
    "DataLimit",
    "Feature",
    "FeatureList",
    "Interface",
    "Language",
    "OutputFormat",
    "TAPCapability",
    "TimeLimit",
    "capabilities_document",
    "vosi_capabilities",
]

_FEATURES = "ivo://ivoa.net/std/TAPRegExt#features"
ADQL_GEOMETRY = f"{_FEATURES}-adqlgeo"
"""The kind of the geometry functions."""
ADQL_UDF = f"{_FEATURES}-udf"
"""The kind of functions beyond ADQL, given by their signatures."""
ADQL_FEATURES = {
    kind: f"{_FEATURES}-adql-{kind}"
    for kind in ("string", "sets", "common-table", "type", "unit", "bitwise", "offset")
}
"""The kinds of optional features of ADQL 2.1 (its appendix on TAPRegExt), by their last word."""


@dataclass(frozen=True, slots=True)
class Interface:
    """Where and how one capability is reached."""

    url: str
    use: Literal["full", "base", "dir"] = "full"
    kind: Literal["vs:ParamHTTP", "vr:WebBrowser"] = "vs:ParamHTTP"
    version: str | None = None
    role: str | None = "std"


@dataclass(frozen=True, slots=True)
class Capability:
    """One standard that a service follows."""

    standard_id: str
    interfaces: tuple[Interface, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """One optional feature of a language: a function's name or signature, an operator, a clause."""

    form: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class FeatureList:
    """Features of one kind, e.g. `ADQL_GEOMETRY`."""

    kind: str
    features: tuple[Feature, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """A language in which a service can be asked."""

    name: str
    versions: tuple[tuple[str, str | None], ...]
    """Pairs of a version and its IVOA identifier, e.g. ``("2.1", "ivo://ivoa.net/std/ADQL#v2.1")``."""

    description: str | None = None
    features: tuple[FeatureList, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """A format in which a service can answer."""

    mime: str
    aliases: tuple[str, ...] = ()
    ivo_id: str | None = None


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A time that is given unless asked for, and the longest that can be asked for, in seconds."""

    default: int | None = None
    hard: int | None = None


@dataclass(frozen=True, slots=True)
class DataLimit:
    """An amount that is given unless asked for, and the most that can be asked for."""

    unit: Literal["row", "byte"]
    default: int | None = None
    hard: int | None = None


@dataclass(frozen=True, slots=True)
class TAPCapability:
    """What a TAP service can do beyond what every TAP service does."""

    url: str
    """The base, without ``/sync`` and ``/async``."""

    languages: tuple[Language, ...]
    formats: tuple[OutputFormat, ...]
    upload_methods: tuple[str, ...] = ()
    """IVOA identifiers, e.g. ``ivo://ivoa.net/std/TAPRegExt#upload-inline``."""

    data_models: tuple[tuple[str, str], ...] = ()
    """Pairs of an IVOA identifier and a name, e.g. ObsCore's."""

    retention: TimeLimit | None = None
    """How long a job and its results are kept."""

    execution: TimeLimit | None = None
    """How long a job may run."""

    output: DataLimit | None = None
    upload: DataLimit | None = None


@dataclass(frozen=True, slots=True)
class ConeSearchCapability:
    """What a cone search can do (SimpleDALRegExt 1.1, section 3.1)."""

    url: str
    """To which parameters are added after a question mark."""

    max_rows: int
    """The most rows of an answer."""


def vosi_capabilities(
    base_url: str, *, tables: bool = True, examples: bool = False
) -> tuple[Capability, ...]:
    """Return the capabilities that tell about a service itself, at their fixed places under its base."""
    resources = [
        Capability("ivo://ivoa.net/std/VOSI#capabilities", (Interface(f"{base_url}/capabilities"),)),
        Capability("ivo://ivoa.net/std/VOSI#availability", (Interface(f"{base_url}/availability"),)),
    ]
    if tables:
        listed = Interface(f"{base_url}/tables", version="1.1")
        resources.append(Capability("ivo://ivoa.net/std/VOSI#tables-1.1", (listed,)))
    if examples:
        page = Interface(f"{base_url}/examples", kind="vr:WebBrowser", role=None)
        resources.append(Capability("ivo://ivoa.net/std/DALI#examples", (page,)))
    return tuple(resources)


def capabilities_document(
    capabilities: Iterable[Capability],
    *,
    tap: TAPCapability | None = None,
    cone_search: ConeSearchCapability | None = None,
) -> bytes:
    """Return the document at ``/capabilities``."""
    made = [] if tap is None else [_tap(tap)]
    made += [] if cone_search is None else [_cone_search(cone_search)]
    made += [
        element(
            "capability",
            {"standardID": capability.standard_id},
            *(_interface(interface) for interface in capability.interfaces),
        )
        for capability in capabilities
    ]
    namespaces = {
        "xmlns:vosi": "http://www.ivoa.net/xml/VOSICapabilities/v1.0",
        "xmlns:vr": "http://www.ivoa.net/xml/VOResource/v1.0",
        "xmlns:vs": "http://www.ivoa.net/xml/VODataService/v1.1",
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "xmlns:cs": None if cone_search is None else "http://www.ivoa.net/xml/ConeSearch/v1.0",
        "xmlns:tr": None if tap is None else "http://www.ivoa.net/xml/TAPRegExt/v1.0",
    }
    return document(element("vosi:capabilities", namespaces, *made))


def _interface(interface: Interface) -> ET.Element:
    return element(
        "interface",
        {"xsi:type": interface.kind, "role": interface.role, "version": interface.version},
        element("accessURL", {"use": interface.use}, text=interface.url),
    )


def _tap(tap: TAPCapability) -> ET.Element:
    return element(
        "capability",
        {"standardID": "ivo://ivoa.net/std/TAP", "xsi:type": "tr:TableAccess"},
        _interface(Interface(tap.url, use="base", version="1.1")),
        *(element("dataModel", {"ivo-id": ivo_id}, text=name) for ivo_id, name in tap.data_models),
        *map(_language, tap.languages),
        *map(_format, tap.formats),
        *(element("uploadMethod", {"ivo-id": ivo_id}) for ivo_id in tap.upload_methods),
        _limits("retentionPeriod", tap.retention),
        _limits("executionDuration", tap.execution),
        _limits("outputLimit", tap.output),
        _limits("uploadLimit", tap.upload),
    )


def _cone_search(cone: ConeSearchCapability) -> ET.Element:
    return element(
        "capability",
        {"standardID": "ivo://ivoa.net/std/ConeSearch", "xsi:type": "cs:ConeSearch"},
        _interface(Interface(f"{cone.url}?", use="base")),
        element("maxSR", text="180.0"),
        element("maxRecords", text=str(cone.max_rows)),
        element("verbosity", text="true"),
    )


def _language(language: Language) -> ET.Element:
    return element(
        "language",
        None,
        element("name", text=language.name),
        *(element("version", {"ivo-id": ivo_id}, text=version) for version, ivo_id in language.versions),
        None if language.description is None else element("description", text=language.description),
        *(
            element("languageFeatures", {"type": each.kind}, *map(_feature, each.features))
            for each in language.features
        ),
    )


def _feature(feature: Feature) -> ET.Element:
    description = feature.description
    return element(
        "feature",
        None,
        element("form", text=feature.form),
        None if description is None else element("description", text=description),
    )


def _format(output: OutputFormat) -> ET.Element:
    aliases = (element("alias", text=alias) for alias in output.aliases)
    return element("outputFormat", {"ivo-id": output.ivo_id}, element("mime", text=output.mime), *aliases)


def _limits(tag: str, limit: TimeLimit | DataLimit | None) -> ET.Element | None:
    if limit is None:
        return None
    unit = {"unit": limit.unit} if isinstance(limit, DataLimit) else None
    values = (("default", limit.default), ("hard", limit.hard))
    return element(
        tag, None, *(element(name, unit, text=str(value)) for name, value in values if value is not None)
    )
