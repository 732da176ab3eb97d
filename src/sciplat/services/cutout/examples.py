"""Show examples of cutouts: pieces to learn from of the images that there are, each of which can be had."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from sciplat.catalogs.store import CatalogStore
from sciplat.services.access import Visitor, may_see_images
from sciplat.vo.examples import Example
from sciplat.vo.soda import ASYNC, SYNC

__all__ = ["cutout_examples"]

_MOST_RELEASES = 5
"""That have examples; they are the same for all."""

_COADD = "deep_coadd"
_COLUMNS = (
    *("obs_publisher_did", "dataproduct_subtype", "s_ra", "s_dec", "s_fov"),
    *("em_min", "lsst_band", "lsst_tract", "lsst_patch"),
)


def cutout_examples(
    catalogs: CatalogStore, visitor: Visitor, *, authority: str, address: str
) -> tuple[Example, ...]:
    """Return examples about the images that ``visitor`` can see.

    Parameters
    ----------
    authority
        Of identifiers.
    address
        Of SODA's synchronous resource.
    """
    seen = (name for name, public in catalogs.snapshot().images.items() if may_see_images(visitor, public))
    made: list[Example] = []
    for release in sorted(seen)[:_MOST_RELEASES]:
        known = catalogs.manifest().release(release)
        if known is not None and known.observations is not None:
            words = _words(catalogs.folder / release / known.observations, f"ivo://{authority}/{release}")
            made += _filled({"release": release, **words}, address)
    return tuple(made)


@cache
def _templates() -> tuple[Mapping[str, Any], ...]:
    text = files("sciplat.services").joinpath("profiles/cutout_examples.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text))


def _filled(words: Mapping[str, str], address: str) -> Iterator[Example]:
    for template in _templates():
        if template["needs"] not in words:
            continue
        parameters = tuple(
            (name, each.format(**words))
            for name, values in template["parameters"].items()
            for each in ([values] if isinstance(values, str) else values)
        )
        is_job = template.get("jobs", False)
        yield Example(
            template["name"].format(**words),
            template["about"].strip(),
            capability=ASYNC if is_job else SYNC,
            parameters=parameters,
            address=None if is_job else f"{address}?{urlencode(parameters)}",
        )


def _words(file: Path, identifier: str) -> dict[str, str]:
    """Return what stands in the examples of a release, by what is written beside its images."""
    rows = pq.read_table(file, columns=list(_COLUMNS))
    rows = rows.filter(pc.is_valid(rows["s_fov"]))
    if not rows.num_rows:
        return {}
    kinds = rows["dataproduct_subtype"]
    visits = rows.filter(pc.equal(kinds, "visit_image"))
    image = (visits if visits.num_rows else rows).slice(0, 1).to_pylist()[0]
    ra, dec, reach = image["s_ra"], image["s_dec"], image["s_fov"] / 50
    width = reach / max(0.02, math.cos(math.radians(dec)))
    return {
        "image": image["obs_publisher_did"],
        **{name: f"{value:.6f}" for name, value in (("ra", ra), ("dec", dec))},
        **{name: f"{value:.6f}" for name, value in (("radius", reach), ("near", reach / 2))},
        **{name: f"{value % 360:.6f}" for name, value in (("ra1", ra - width), ("ra2", ra + width))},
        **{
            name: f"{min(90.0, max(-90.0, value)):.6f}"
            for name, value in (("dec1", dec - reach), ("dec2", dec + reach))
        },
        **_of_coadds(rows.filter(pc.equal(kinds, _COADD)), identifier),
    }


def _of_coadds(rows: pa.Table, identifier: str) -> dict[str, str]:
    rows = rows.filter(pc.and_(pc.is_valid(rows["lsst_patch"]), pc.is_valid(rows["lsst_band"])))
    if not rows.num_rows:
        return {}
    patches = rows.group_by(["lsst_tract", "lsst_patch"]).aggregate([("lsst_band", "count_distinct")])
    most = patches.sort_by([("lsst_band_count_distinct", "descending")]).slice(0, 1).to_pylist()[0]
    here = rows.filter(
        pc.and_(
            pc.equal(rows["lsst_tract"], most["lsst_tract"]),
            pc.equal(rows["lsst_patch"], most["lsst_patch"]),
        )
    ).sort_by("em_min")
    bands = list(dict.fromkeys(here["lsst_band"].to_pylist()))
    first = here.slice(0, 1).to_pylist()[0]
    # Red is the band of the longest waves.
    colours = f"{identifier}?{_COADD}/{','.join(reversed(bands[-3:]))}"
    return {
        "coadd": f"{identifier}?{_COADD}/{bands[len(bands) // 2]}",
        **({"colours": colours} if len(bands) >= 3 else {}),
        "x": f"{first['s_ra']:.6f}",
        "y": f"{first['s_dec']:.6f}",
        "around": f"{first['s_fov'] / 20:.6f}",
    }
