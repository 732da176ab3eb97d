"""The schemas that IVOA documents obey, from Debian's STILTS."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

_JAR = Path("/usr/share/java/starlink-ttools.jar")
_FOLDER = "uk/ac/starlink/ttools/taplint"

# The ends of the addresses by which the schemas import one another, and the files that they mean.
_FILES = {
    "xlink.xsd": "xlink.xsd",
    "xml.xsd": "xmlnamespace.xsd",
    "VOResource/v1.0": "VOResource-v1.1.xsd",
    "VOResource-v1.0.xsd": "VOResource-v1.1.xsd",
    "VODataService/v1.1": "VODataService-v1.2.xsd",
    "stc-v1.30.xsd": "stc-v1.30.xsd",
}
_SCHEMAS = {
    "http://www.ivoa.net/xml/UWS/v1.0": "UWS-v1.1.xsd",
    "http://www.ivoa.net/xml/VOSITables/v1.0": "VOSITables-v1.1.xsd",
    "http://www.ivoa.net/xml/VOSIAvailability/v1.0": "VOSIAvailability-v1.0.xsd",
    "http://www.ivoa.net/xml/VOSICapabilities/v1.0": "VOSICapabilities-v1.0.xsd",
    "http://www.ivoa.net/xml/VODataService/v1.1": "VODataService-v1.2.xsd",
    "http://www.ivoa.net/xml/TAPRegExt/v1.0": "TAPRegExt-v1.0-Erratum1.xsd",
}


class _Local(etree.Resolver):
    def __init__(self, files: zipfile.ZipFile) -> None:
        self._files = files

    def resolve(self, url: str, public_id: str, context: Any) -> Any:
        name = _SCHEMAS.get(url) or next((name for end, name in _FILES.items() if url.endswith(end)), None)
        assert name is not None, url
        return self.resolve_string(self._files.read(f"{_FOLDER}/{name}"), context, base_url=url)


@pytest.fixture(scope="session")
def assert_valid() -> Callable[[bytes], None]:
    """Return a function that holds a document against its schema; skips where there are no schemas."""
    if not _JAR.exists():
        pytest.skip("The schemas of the VO come with STILTS, which is not installed")
    imports = "".join(f'<xs:import namespace="{name}" schemaLocation="{name}"/>' for name in _SCHEMAS)
    whole = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    parser = etree.XMLParser(no_network=True)
    with zipfile.ZipFile(_JAR) as files:
        parser.resolvers.add(_Local(files))
        schema = etree.XMLSchema(etree.fromstring(whole.encode(), parser))

    def check(content: bytes) -> None:
        schema.assertValid(etree.fromstring(content))

    return check


@pytest.fixture(scope="session")
def golden() -> Callable[[str, bytes], None]:
    """Return a function that holds a document against the one we promised (``UPDATE_GOLDEN=1`` writes it)."""

    def check(name: str, content: bytes) -> None:
        path = Path(__file__).parent / "golden" / name
        if os.environ.get("UPDATE_GOLDEN") == "1":
            path.write_bytes(content)
        assert content.decode() == path.read_text()

    return check
