"""ADQL and the SQL it becomes, as written down in pairs.sql: a comment, the ADQL, the SQL.

``pytest --update-golden`` writes the SQL anew; look at the difference before it is committed.
"""

import re
from pathlib import Path

import pytest

from sciplat.adql import translate

FILE = Path(__file__).with_name("pairs.sql")
BLOCK = re.compile(r"-- (?P<title>[^\n]+)\n(?P<adql>.+?;)\n(?P<sql>.*?;)?\n", re.DOTALL)


def blocks():
    return [match.groupdict() for match in BLOCK.finditer(FILE.read_text())]


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block["title"])
def test_this_adql_becomes_this_sql(block, catalog, connection):
    sql = translate(block["adql"], catalog).sql

    assert f"{sql};" == block["sql"]
    connection.execute(sql)


def test_the_file_can_be_written_anew(request, catalog):
    if not request.config.getoption("--update-golden", default=False):
        pytest.skip("only with --update-golden")
    text = "\n".join(
        f"-- {block['title']}\n{block['adql']}\n{translate(block['adql'], catalog).sql};\n"
        for block in blocks()
    )
    FILE.write_text(text)
