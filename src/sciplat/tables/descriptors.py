"""Service descriptors: what can be asked with the rows of a VOTable (DataLink 1.1, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from sciplat.tables.document import Input, Service
from sciplat.vo.xml import element

__all__ = ["descriptor"]


def descriptor(service: Service, field_ids: Sequence[str]) -> ET.Element:
    """Return the RESOURCE that describes a service, to a document whose FIELDs have these IDs."""
    said = {
        "standardID": service.standard,
        "accessURL": service.url,
        "contentType": service.content_type,
    }
    about = element("DESCRIPTION", text=service.description) if service.description else None
    return element(
        "RESOURCE",
        {"type": "meta", "utype": service.about, "ID": service.id, "name": service.name},
        about,
        *(_param(name, value) for name, value in said.items() if value is not None),
        element("GROUP", {"name": "inputParams"}, *(_input(each, field_ids) for each in service.inputs)),
    )


def _param(name: str, value: str) -> ET.Element:
    return element("PARAM", {"name": name, "datatype": "char", "arraysize": "*", "value": value})


def _input(asked: Input, field_ids: Sequence[str]) -> ET.Element:
    attributes = {
        "name": asked.name,
        "datatype": asked.datatype,
        "arraysize": asked.arraysize,
        "unit": asked.unit,
        "ucd": asked.ucd,
        "xtype": asked.xtype,
        "ref": None if asked.column is None else field_ids[asked.column],
        "value": asked.value,
    }
    about = element("DESCRIPTION", text=asked.description) if asked.description else None
    return element("PARAM", attributes, about, _values(asked))


def _values(asked: Input) -> ET.Element | None:
    ends = [
        element(tag, {"value": value})
        for tag, value in (("MIN", asked.least), ("MAX", asked.most))
        if value is not None
    ]
    options = [element("OPTION", {"value": value}) for value in asked.options]
    return element("VALUES", None, *ends, *options) if ends or options else None
