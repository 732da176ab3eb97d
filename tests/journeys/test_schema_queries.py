"""What clients with a panel of their own ask before a person asks anything: Firefly, Aladin and TOPCAT.

The queries are those that the programs send; they take TAP_SCHEMA through /sync, and not VOSI.
"""

from __future__ import annotations

import io
import urllib.parse
import urllib.request

import pytest
import requests
from astropy.io.votable import parse_single_table
from astropy.table import Table
from support.running import Platform
from support.votlint import votlint

pytestmark = pytest.mark.journey


def answered(platform: Platform, query: str, start: str = "REQUEST=doQuery&LANG=ADQL") -> Table:
    """Ask as a Java program does: one GET with the query in its address, and no format."""
    address = f"{platform.tap}/sync?{start}&QUERY={urllib.parse.quote_plus(query)}"
    with urllib.request.urlopen(address, timeout=60) as answer:
        content = answer.read()
    assert votlint(content) == ""
    return parse_single_table(io.BytesIO(content)).to_table(use_names_over_ids=True)


def firefly(platform: Platform, query: str) -> Table:
    return answered(platform, query, "REQUEST=doQuery&LANG=ADQL&RUNID=TAP_SCHEMA")


def test_firefly_joins_schemas_and_tables(platform: Platform) -> None:
    found = firefly(
        platform,
        "SELECT * FROM tap_schema.schemas INNER JOIN tap_schema.tables "
        "ON tap_schema.tables.schema_name = tap_schema.schemas.schema_name",
    )

    # It finds columns by their names, in any case, and sorts by the two of these that may be absent.
    assert {"schema_name", "table_name", "table_type", "utype", "table_index"} <= set(found.colnames)
    descriptions = [name for name in found.colnames if name.startswith("description")]
    assert len(descriptions) == 2
    row = next(row for row in found if row["table_name"] == "gaia.gaia_source")
    assert row["schema_name"] == "gaia"
    assert row[descriptions[0]] != row[descriptions[1]]
    assert all(row["table_name"].startswith(f"{row['schema_name']}.") for row in found)


@pytest.mark.parametrize("what", ["schemas", "tables"])
def test_firefly_reads_both_alone_where_joins_fail(platform: Platform, what: str) -> None:
    found = firefly(platform, f"SELECT * FROM tap_schema.{what}")

    assert {"schema_name", "description", "utype"} <= set(found.colnames)
    assert "gaia" in set(found["schema_name"])


def test_firefly_reads_the_columns_of_a_table(platform: Platform) -> None:
    address = (
        f"{platform.tap}/sync?REQUEST=doQuery&LANG=ADQL&RUNID=TAP_SCHEMA&"
        "QUERY=SELECT+*+FROM+TAP_SCHEMA.columns+WHERE+table_name+like+'simwide.Object'"
    )
    found = Table.read(io.BytesIO(requests.get(address, timeout=60).content), format="votable")

    wanted = {"column_name", "description", "unit", "datatype", "ucd", "utype", "principal", "column_index"}
    assert wanted <= set(found.colnames)
    found.sort("column_index")
    assert found["column_name"][0] == "objectId"
    by_ucd = {row["ucd"]: row["column_name"] for row in found if row["principal"]}
    assert by_ucd["pos.eq.ra;meta.main"] == "coord_ra"
    assert by_ucd["pos.eq.dec;meta.main"] == "coord_dec"


def test_firefly_reads_the_keys(platform: Platform) -> None:
    found = firefly(
        platform,
        "SELECT tap_schema.keys.key_id, tap_schema.keys.from_table, tap_schema.keys.target_table, "
        "tap_schema.keys.description, tap_schema.key_columns.from_column, "
        "tap_schema.key_columns.target_column "
        "FROM tap_schema.keys INNER JOIN tap_schema.key_columns "
        "ON tap_schema.keys.key_id = tap_schema.key_columns.key_id",
    )

    assert ("simwide.ForcedSource", "simwide.Object", "objectId") in {
        (row["from_table"], row["target_table"], row["from_column"]) for row in found
    }


def test_firefly_searches_around_the_rows_of_an_upload(platform: Platform) -> None:
    mine = io.BytesIO()
    Table({"ra": [25.6, 200.0], "dec": [0.3, 80.0], "name": ["here", "far"]}).write(mine, format="votable")
    form = {
        "LANG": "ADQL",
        "REQUEST": "doQuery",
        "RUNID": "simwide.Object - 127",
        "MAXREC": "50000",
        "UPLOAD": "upload_table,param:upload_table",
        "QUERY": (
            "SELECT s.objectId, s.coord_ra, s.coord_dec,  ut.name  "
            "FROM simwide.Object AS s, TAP_UPLOAD.upload_table AS ut  "
            "WHERE CONTAINS(POINT('ICRS', s.coord_ra, s.coord_dec), CIRCLE('ICRS', ut.ra, ut.dec, 0.02))=1 "
            "      AND (s.coord_ra > 0)"
        ),
    }
    job = requests.post(
        f"{platform.tap}/async",
        form,
        files={"upload_table": mine.getvalue()},
        timeout=60,
        allow_redirects=False,
    ).headers["Location"]
    requests.post(f"{job}/phase", {"PHASE": "RUN"}, timeout=60)
    platform.wait_for(lambda: requests.get(f"{job}/phase", timeout=60).text == "COMPLETED", what="the job")

    found = Table.read(
        io.BytesIO(requests.get(f"{job}/results/result", timeout=60).content), format="votable"
    )
    assert len(found) > 3
    assert set(found["name"]) == {"here"}


@pytest.mark.parametrize(
    "condition",
    [
        "CONTAINS(POINT('J2000', ra, dec), CIRCLE('J2000', 56.75, 24.12, 1.0)) = 1",
        "CONTAINS(POINT('ICRS', ra, dec), BOX('ICRS', 56.75, 24.12, 1.0, 1.0))=1",
        """CONTAINS (POINT('J2000' , ra , dec),
        POLYGON('J2000' , 55.75 , 24.12 , 55.75 , 25.12 , 56.75 , 24.12))=1""",
    ],
    ids=["circle", "box", "polygon"],
)
def test_fireflys_own_examples_run(platform: Platform, condition: str) -> None:
    assert len(answered(platform, f"SELECT * FROM gaia.gaia_source \nWHERE {condition}")) > 0


ALADIN = "REQUEST=doQuery&LANG=ADQL"


def test_aladin_counts_the_columns_and_reads_them(platform: Platform) -> None:
    counted = answered(platform, "SELECT COUNT(*) FROM TAP_SCHEMA.columns", ALADIN)
    columns = answered(platform, "SELECT * FROM TAP_SCHEMA.columns", ALADIN)
    tables = answered(platform, "SELECT * FROM TAP_SCHEMA.tables", ALADIN)

    assert counted[0][0] == len(columns)
    assert set(columns["table_name"]) == set(tables["table_name"])
    wanted = {"table_name", "column_name", "description", "unit", "ucd", "utype", "datatype", "size"}
    assert wanted | {"principal", "indexed", "std"} <= set(columns.colnames)


def test_aladin_follows_keys_from_their_target(platform: Platform) -> None:
    found = answered(
        platform,
        "SELECT target_table, from_table, target_column, from_column FROM TAP_SCHEMA.keys "
        "JOIN TAP_SCHEMA.key_columns ON TAP_SCHEMA.keys.key_id = TAP_SCHEMA.key_columns.key_id "
        "WHERE target_table ='simwide.Object'",
        ALADIN,
    )

    assert "simwide.ForcedSource" in set(found["from_table"])


@pytest.mark.parametrize("prefix", ["", "gaia.gaia_source."])
def test_aladins_form_searches_a_cone(platform: Platform, prefix: str) -> None:
    found = answered(
        platform,
        f"SELECT TOP 9999 * FROM gaia.gaia_source WHERE CONTAINS(POINT('ICRS', {prefix}ra, {prefix}dec), "
        "CIRCLE('ICRS', 56.75, 24.12, 0.5)) = 1 AND phot_g_mean_mag BETWEEN 2 AND 9",
        f"{ALADIN}&FORMAT=votable&MAXREC=2000",
    )

    assert len(found) > 5


TOPCAT = (
    "SELECT schema_name, description, utype FROM TAP_SCHEMA.schemas",
    "SELECT schema_name, table_name, table_type, description, utype FROM TAP_SCHEMA.tables",
    """SELECT table_name, column_name, description, unit, ucd, utype, datatype, "size", principal, indexed,
    std FROM TAP_SCHEMA.columns WHERE table_name = 'gaia.gaia_source'""",
    "SELECT key_id, from_table, target_table, description, utype FROM TAP_SCHEMA.keys",
    "SELECT key_id, from_column, target_column FROM TAP_SCHEMA.key_columns",
    "SELECT COUNT(*) AS nrow FROM TAP_SCHEMA.columns",
)


@pytest.mark.parametrize("query", TOPCAT)
def test_topcat_reads_the_schema(platform: Platform, query: str) -> None:
    assert len(answered(platform, query)) > 0


def test_the_document_of_one_table_has_the_keys_of_the_document_of_all(platform: Platform) -> None:
    alone = requests.get(f"{platform.tap}/tables/simwide.Source", timeout=60).text
    named = requests.get(f"{platform.tap}/tables", {"tables": "simwide.Source"}, timeout=60).text

    for document in (alone, named):
        assert document.count("<foreignKey>") > 0
        assert "<targetTable>simwide.CcdVisit</targetTable>" in document
    assert "esatapplus" not in alone + named
