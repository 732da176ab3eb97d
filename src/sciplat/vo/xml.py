"""Small XML trees, made safe for any text, and written as documents.

Names carry their prefix as text (``uws:job``) and the root declares the prefixes that it uses, so
a document looks the same wherever it is made. Nothing is parsed here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

__all__ = ["clean", "document", "element", "escaped", "fragment"]

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_PLAIN = re.compile("[A-Za-z0-9_./:~ -]*")


def escaped(text: str) -> str:
    """Return ``text`` as it stands between tags or double quotes, for documents too long for a tree."""
    return text if _PLAIN.fullmatch(text) else escape(clean(text), {'"': "&quot;"})


def clean(text: str) -> str:
    """Return ``text`` with U+FFFD in place of each character that XML 1.0 (section 2.2) forbids."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def element(
    tag: str,
    attributes: Mapping[str, str | None] | None = None,
    *children: ET.Element | None,
    text: str | None = None,
) -> ET.Element:
    """Return one element; attributes and children that are None are left out."""
    made = ET.Element(tag)
    for name, value in (attributes or {}).items():
        if value is not None:
            made.set(name, clean(value))
    if text is not None:
        made.text = clean(text)
    made.extend(child for child in children if child is not None)
    return made


def document(root: ET.Element) -> bytes:
    """Return the whole document, indented, in UTF-8."""
    ET.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + fragment(root) + b"\n"


def fragment(part: ET.Element) -> bytes:
    """Return one element as it stands inside a document."""
    return ET.tostring(part, encoding="unicode").encode()
