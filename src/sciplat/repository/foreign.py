"""How the Butler reads exposures that lie in files of others, where these are.

What the repository keeps is a small file with the `Layout`: a mask beside the image, weights in a third
file, all that a profile may say, is then one dataset. It is read only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lsst.daf.butler import FormatterV2

from sciplat.images.layout import Layout, pixels_of
from sciplat.images.wcs import shifted
from sciplat.repository.storage import asked_box

__all__ = ["SUFFIX", "LayoutFormatter", "read_layout_file", "write_layout_file"]

SUFFIX = ".layout.json"


def write_layout_file(path: Path, layout: Layout, facts: dict[str, Any]) -> None:
    """Write where the planes of an exposure lie, and what else is known of it."""
    path.write_text(json.dumps({"layout": layout.to_json(), **facts}, indent=1), encoding="utf-8")


def read_layout_file(path: Path) -> dict[str, Any]:
    """Return what `write_layout_file` wrote, with ``layout`` as a `Layout`."""
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {**facts, "layout": Layout.from_json(facts["layout"])}


class LayoutFormatter(FormatterV2):
    """Reads exposures whose planes lie in files of others: whole, by component, by box."""

    supported_extensions = frozenset({".json", SUFFIX})
    can_read_from_local_file = True

    def read_from_local_file(self, path: str, component: str | None = None, expected_size: int = -1) -> Any:
        """Return the exposure, a component of it, or either for a box.

        Raises
        ------
        ImageFileError
            A file is damaged, or is not there any more.
        UsageError
            The box is not wholly inside.
        """
        layout: Layout = read_layout_file(Path(path))["layout"]
        box = asked_box(self.file_descriptor.parameters)
        with pixels_of(layout) as exposure:
            match component:
                case None:
                    return exposure.read(box)
                case "image":
                    return exposure.image(box)
                case "mask":
                    return exposure.mask(box)
                case "variance":
                    return exposure.variance(box)
                case "wcs":
                    return exposure.wcs if box is None else shifted(exposure.wcs, box.x0, box.y0)
                case "header":
                    return exposure.header
                case "bbox":
                    return box or exposure.box
                case "planes":
                    return exposure.planes(exposure.mask())
                case _:  # a PSF, which no foreign file has
                    return None
