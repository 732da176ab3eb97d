"""Examples as a page that people read and clients understand (DALI 1.1, section 2.3).

The page is XHTML with RDFa Lite. An example is a query (TAP 1.1, section 2.4) or has parameters (SODA 1.0,
section 2.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from sciplat.vo.xml import element, fragment

__all__ = ["Example", "examples_document"]

_VOCABULARY = "http://www.ivoa.net/rdf/examples#"

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; padding: .75rem 1rem; border: 1px solid #8884; border-radius: .5rem; }
nav ul { padding-left: 1.2rem; }
li > b { margin-right: .6rem; }
code { overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; font-size: 1.2rem; }
"""


@dataclass(frozen=True, slots=True)
class Example:
    """A request to learn from."""

    name: str
    about: str
    """What it does and how, for people."""

    query: str | None = None
    capability: str | None = None
    """The identifier of the standard capability that is asked."""

    parameters: tuple[tuple[str, str], ...] = ()
    """Names and values; a name may come again."""

    address: str | None = None
    """Where a browser gets its answer."""


def examples_document(title: str, about: str, examples: Iterable[Example]) -> bytes:
    """Return the page; the first example can be reached by the fragment ``#example-1``, and so on."""
    numbered = [(f"example-{number}", each) for number, each in enumerate(examples, start=1)]
    links = (
        element("li", None, element("a", {"href": f"#{anchor}"}, text=each.name)) for anchor, each in numbered
    )
    page = element(
        "html",
        {"xmlns": "http://www.w3.org/1999/xhtml", "lang": "en"},
        element(
            "head",
            None,
            element("title", text=title),
            element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
            element("style", text=_STYLE),
        ),
        element(
            "body",
            {"vocab": _VOCABULARY},
            element("h1", text=title),
            element("p", text=about),
            element("nav", None, element("ul", None, *links)),
            *(_section(anchor, each) for anchor, each in numbered),
        ),
    )
    return b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n' + fragment(page) + b"\n"


def _section(anchor: str, example: Example) -> ET.Element:
    return element(
        "div",
        {"typeof": "example", "id": anchor, "resource": f"#{anchor}"},
        element("h2", {"property": "name"}, text=example.name),
        element("p", text=example.about),
        None if example.query is None else element("pre", {"property": "query"}, text=example.query),
        element("ul", None, *map(_parameter, example.parameters)) if example.parameters else None,
        None if example.capability is None else _capability(example.capability),
        None if example.address is None else _answer(example.address),
    )


def _parameter(parameter: tuple[str, str]) -> ET.Element:
    key, value = parameter
    return element(
        "li",
        {"property": "generic-parameter", "typeof": "keyval"},
        element("b", {"property": "key"}, text=key),
        element("code", {"property": "value"}, text=value),
    )


def _capability(identifier: str) -> ET.Element:
    return element("p", None, element("small", {"property": "capability"}, text=identifier))


def _answer(address: str) -> ET.Element:
    return element("p", None, element("a", {"href": address}, text="See the answer"))
