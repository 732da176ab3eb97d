"""What an image is taken for: what its profile says, and what its header lets guess."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sciplat.errors import IngestError
from sciplat.images.layout import Foreign, Layout, outline, pixels_of
from sciplat.images.search import stem_of
from sciplat.images.told import told
from sciplat.repository.dataset_types import DATASET_TYPES
from sciplat.repository.records import Footprint
from sciplat.services.image_profile import Entry, Profile

__all__ = ["Image", "look", "number_of"]

_NAMESPACE = uuid.UUID("6f5aa0c8-8c1e-5e0a-9d3f-0a8a8c2f9f17")
_TYPES = ("visit_image", "raw", "difference_image")
"""Those whose data ID is an instrument's observation."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image that can be taken."""

    entry: Entry
    footprint: Footprint
    id: uuid.UUID
    """Of its dataset: the same for the same pixels in the same release."""

    content: str
    """SHA-256 of its file, and which HDU."""

    facts: str = field(default="")
    """A digest of all that is known of it."""

    @property
    def data_id(self) -> dict[str, Any]:
        """What tells its dataset from others of the type."""
        facts = self.entry.facts
        of = "exposure" if facts["dataset_type"] == "raw" else "visit"
        return {"instrument": facts["instrument"], of: facts["exposure"], "detector": facts["detector"]}

    @property
    def place(self) -> tuple[str, ...]:
        """What only one dataset can have."""
        return (self.entry.facts["dataset_type"], *(str(value) for value in self.data_id.values()))


def look(release: str, layout: Layout, known: Profile, digests: dict[Path, str]) -> Image:
    """Return what an image is: what the profile says goes before any guess.

    Parameters
    ----------
    digests
        The SHA-256 of files, which is added to.

    Raises
    ------
    ImageFileError
        It cannot be read, or lies nowhere on the sky.
    IngestError
        It cannot be what the profile says.
    """
    said = known.entries.get((layout.image.file, layout.image.hdu))
    if said is not None:
        layout = said.over(Entry(layout)).layout
    content = f"{_sha256(layout.image.file, digests)}[{layout.image.hdu}]"
    with pixels_of(layout) as pixels:
        corners = outline(pixels.wcs, pixels.box.shape)
        entry = _guess(layout, pixels, known, content)
    if said is not None:
        entry = said.over(entry)
    if entry.facts["dataset_type"] not in _TYPES:
        kind = entry.facts["dataset_type"]
        others = " (coadds need a skymap, which a file does not have)" if kind in DATASET_TYPES else ""
        raise IngestError(f"it cannot be a {kind}{others}; it can be {', '.join(_TYPES)}")
    number = uuid.uuid5(_NAMESPACE, f"{release}\n{content}")
    image = Image(entry, Footprint(entry.facts["detector"], corners), number, content)
    planes = (layout.mask, layout.variance, layout.wcs)
    contents = [None if plane is None else _sha256(plane.file, digests) for plane in planes]
    return replace(image, facts=json.dumps(contents))


def _guess(layout: Layout, pixels: Foreign, known: Profile, content: str) -> Entry:
    rules = known.rules
    found = told(pixels.header, stem_of(layout.image.file), rules.keywords)
    facts: dict[str, Any] = {"dataset_type": "visit_image"}
    sources: dict[str, str] = {}
    for name, each in found.items():
        facts[name], sources[name] = each.value, each.source
    if "detector" not in facts:
        facts["detector"], sources["detector"] = layout.image.hdu, "the number of the HDU"
    if "detector_name" not in facts:
        facts["detector_name"] = str(facts["detector"])
    for name, value in rules.facts.items():
        facts[name], sources[name] = value, "all files of the profile"
    if facts["physical_filter"] in rules.bands:
        facts["band"], sources["band"] = rules.bands[facts["physical_filter"]], "bands of the profile"
    facts["detector_name"], facts["band"] = facts["detector_name"][:32], facts["band"][:32]
    if "name" in facts:
        facts["name"] = facts["name"][:64]
    return _with_exposure(Entry(layout, facts, sources), content)


def _with_exposure(entry: Entry, content: str) -> Entry:
    """Return an entry with a number of the exposure that is the same whenever and wherever it is taken in."""
    facts = entry.facts
    if "exposure" in facts:
        return replace(entry, facts={"name": stem_of(entry.key[0])[:64], **facts})
    if "name" in facts:
        key, source = facts["name"], f"made of {entry.sources.get('name', 'the name')}"
    elif "begin" in facts and facts["begin"].tai.mjd % 1 != 0:
        key, source = facts["begin"].tai.isot, "made of the time"
    else:
        key, source = content, "made of the file's content"
    number = number_of(facts["instrument"], facts["physical_filter"], key)
    return replace(
        entry,
        facts={"name": stem_of(entry.key[0])[:64], **facts, "exposure": number},
        sources={"name": "the file's name", **entry.sources, "exposure": source},
    )


def number_of(*words: str) -> int:
    """Return a number of at most 15 digits that follows from words."""
    digest = hashlib.sha256("\n".join(words).encode()).digest()
    return int.from_bytes(digest[:8], "big") % 10**15


def _sha256(path: Path, digests: dict[Path, str]) -> str:
    if path not in digests:
        with path.open("rb") as file:
            digests[path] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests[path]
