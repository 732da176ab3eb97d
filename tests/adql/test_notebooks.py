"""The queries of Rubin's tutorial notebooks, on the tables that Rubin's own schemas describe."""

import json
import os
import re
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from sciplat.adql import Catalog, TableSource, translate
from sciplat.errors import ADQLError
from sciplat.services.tap_schema import tap_schema
from sciplat.tables import felis
from sciplat.tables.felis import from_felis
from sciplat.vo.schema import Column, Datatype, Table

CORPUS = Path(os.environ.get("SCIPLAT_SHARED", "../shared")) / "adql" / "corpus.jsonl"

RELEASES = {
    "dp02_dc2_catalogs": ["dp02_dc2", "dp02_obscore"],
    "dp03_catalogs_10yr": ["dp03_10yr"],
    "dp1": ["dp1"],
    "dp2": ["dp2", "dp2_prompt"],
    "ivoa": ["ivoa_obscore"],
}
"""Which of Rubin's schema files describe which release."""

UPLOADED = ["ra", "dec", "id", "name", "mjd", "objid", "objectId", "denomination", "mpc_designation",
            "mpc_desig1", "mpc_desig2"]  # fmt: skip

STALE = {
    "There is no table observations": "a database of the telescope, which TAP doesn't offer",
}


def _tables():
    package = files("lsst.sdm.schemas")
    for release, names in RELEASES.items():
        for name in names:
            with package.joinpath(f"{name}.yaml").open() as file:
                found = [table["name"] for table in yaml.safe_load(file)["tables"]]
            for table in found:
                yield from_felis(Path(str(package.joinpath(f"{name}.yaml"))), release, table)
    yield from tap_schema().tables
    for name in ("ut", "ut1", "ut2", "ut3"):
        yield Table("TAP_UPLOAD", name, tuple(Column(c, Datatype.DOUBLE) for c in UPLOADED))


def _with_regions(table):
    """Rubin's schema has regions as text in STC-S; tables of an instance have them as polygons."""
    columns = (
        replace(column, datatype=Datatype.DOUBLE, arraysize="*", xtype="polygon")
        if column.name == "s_region"
        else column
        for column in table.columns
    )
    return replace(table, columns=tuple(columns))


@pytest.fixture(scope="module")
def catalog():
    seen: dict[str, Table] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(felis, "_load", cache(felis._load))
        for table in _tables():
            seen.setdefault(table.qualified_name.lower(), _with_regions(table))
    return Catalog(TableSource(table, (table.schema, "main", table.name)) for table in seen.values())


_PLACE = re.compile(r"\{\{[^{}]*\}\}|\{(?:[^{}]|\{[^{}]*\})*\}")


def filled(query: str) -> str:
    """Return a template with something in its places that may stand there."""

    def fill(match: re.Match[str]) -> str:
        name, before, after = match[0].lower(), query[: match.start()].rstrip(), query[match.end() :]
        if "polygon" in name:
            return "61, -38, 63, -38, 62, -36"
        if "coords" in name:
            return "62.0, -37.0"
        if "band" in name or after.startswith("_"):
            return "r"
        if before.upper().endswith(" IN"):
            return "(1, 2)"
        if "sql" in name:
            return "1 = 1"
        return "-37" if "dec" in name else "10"

    return _PLACE.sub(fill, query)


def queries():
    if not CORPUS.exists():
        return []
    rows = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    return [row["q"] for row in rows if row["kind"].startswith("rubin-notebook")]


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.exists(), reason=f"{CORPUS} is not there")
def test_every_query_of_rubins_notebooks_translates(catalog):
    wrong, stale = {}, {}
    for query in queries():
        try:
            translate(filled(query), catalog)
        except ADQLError as error:
            known = any(error.message.startswith(start) for start in STALE)
            (stale if known else wrong)[query] = error.message

    assert len(queries()) > 150
    assert wrong == {}
    assert len(stale) == 1, stale
