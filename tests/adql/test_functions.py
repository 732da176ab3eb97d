"""Functions beyond ADQL: the examples of the IVOA's catalogue, and what no function may do."""

import itertools
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciplat.adql import translate
from sciplat.adql.functions import AGGREGATES, FUNCTIONS
from sciplat.adql.reference import portal_functions, reference_page
from sciplat.engine.gate import check
from sciplat.errors import ADQLError

ONE_ROW = "FROM Object WHERE objectId = 1000"  # n is -3, band 'g', flag true

# The examples of the catalogue, version 1.2, and some of ours.
EXAMPLES = [
    ("ivo_nocasematch('abcabc', 'ab%')", 1),
    ("ivo_nocasematch('ABcabc', 'ab__bc')", 1),
    ("ivo_nocasematch('abcabc', '%BC')", 1),
    ("ivo_nocasematch('abcabc', 'ABCABC')", 1),
    ("ivo_nocasematch('abcabc', 'abcab')", 0),
    ("ivo_nocasematch(NULL, 'abcab')", None),
    ("ivo_hasword('Miller and Urey have', 'miller')", 1),
    ("ivo_hasword('shown that a primordial', 'soup')", 0),
    ("ivo_hasword('shown that a primordial', 'shown primordial')", 1),
    ("ivo_hasword('shown that a primordial', 'shown soup')", 0),
    ("ivo_hasword('stars, galaxies; dust', 'Dust  STARS')", 1),
    ("ivo_hashlist_has('red#green#blue', 'red')", 1),
    ("ivo_hashlist_has('Red#green#blue', 'red')", 1),
    ("ivo_hashlist_has('red#green#blue', 're')", 0),
    ("ivo_hashlist_has('red#green#blue', 'red#green')", 0),
    ("ivo_interval_overlaps(-3, -2, 2, 3)", 0),
    ("ivo_interval_overlaps(-2, 55.3, 2, 3)", 1),
    ("ivo_interval_overlaps(2, 3, -2, 55.3)", 1),
    ("ivo_interval_overlaps(-2, 55.3, 3, 2)", 0),
    ("ivo_interval_overlaps(-2, 2, 2, 3)", 1),
    ("ivo_to_jd(CAST('2000-01-02T12:00:00' AS TIMESTAMP))", 2451546.0),
    ("ivo_to_jd('1910-12-31T06:00:00')", 2419036.75 + 0.0),
    ("ivo_to_jd(NULL)", None),
    ("ivo_to_mjd(CAST('2000-01-02T12:00:00' AS TIMESTAMP))", 51545.5),
    ("ivo_to_mjd('1910-12-31T06:00:00')", 19036.25),
    ("ivo_to_mjd(NULL)", None),
    ("ivo_hms_to_degrees('3:34:45.4')", 53.689166666666667),
    ("ivo_hms_to_degrees('3h34m45.4s')", 53.689166666666667),
    ("ivo_hms_to_degrees('3H34M45.4S')", 53.689166666666667),
    ("ivo_hms_to_degrees('033445.4')", 53.689166666666667),
    ("ivo_hms_to_degrees('03:60:00')", None),
    ("ivo_hms_to_degrees('nothing')", None),
    ("ivo_dms_to_degrees('42:9:6.768')", 42.15188),
    ("ivo_dms_to_degrees('42d9m6.768s')", 42.15188),
    ("ivo_dms_to_degrees('42D9M6.768S')", 42.15188),
    ("ivo_dms_to_degrees('-00:15:00')", -0.25),
    ("ivo_dms_to_degrees('+00:15:00')", 0.25),
    ("ivo_dms_to_degrees('-0d15m0s')", -0.25),
    ("ivo_dms_to_degrees('+0d15m0s')", 0.25),
    ("ivo_dms_to_degrees('-001500')", -0.25),
    ("ivo_dms_to_degrees('1:2')", None),
    ("ivo_dms_to_degrees(NULL)", None),
    ("bit_and(12, 10)", 8),
    ("bit_or(12, 10)", 14),
    ("bit_xor(12, 10)", 6),
    ("bit_not(5)", -6),
    ("bit_and(n, 1) + 1", 2),
    ("bit_and(flag, 3)", 1),
    ("2 * bit_or(1, 2)", 6),
    ("scisql_nanojanskyToAbMag(3631e9)", 0.0),
    ("scisql_nanojanskyToAbMag(0)", None),
    ("scisql_nanojanskyToAbMagSigma(100, 1)", 2.5 / math.log(10) / 100),
    ("scisql_abMagToNanojansky(31.4)", 1.0),
    ("scisql_abMagToNanojanskySigma(31.4, 0.1)", 0.1 * math.log(10) / 2.5),
    ("scisql_fluxToAbMag(3.631e-20)", 0.0),
    ("scisql_abMagToFlux(0)", 10**-19.44),
    ("scisql_abMagToFluxSigma(0, 0.1)", 10**-19.44 * 0.1 * math.log(10) / 2.5),
]


@pytest.mark.parametrize(("call", "value"), EXAMPLES, ids=[call for call, _ in EXAMPLES])
def test_a_function_gives_what_its_catalogue_says(run, call, value):
    ((found,),) = run(f"SELECT {call} {ONE_ROW}")

    if value is None or isinstance(value, int):
        assert found == value
    else:
        assert found == pytest.approx(value, rel=1e-10, abs=1e-4 if "31e" in call else 0)


def test_texts_of_many_rows_are_joined_in_order(run):
    assert run("SELECT ivo_string_agg(band, '/') FROM Object WHERE objectId < 1004") == [("g/g/i/r",)]
    assert run("SELECT ivo_string_agg(NULL, ',') FROM Object") == [(None,)]
    assert run(
        "SELECT flag, ivo_string_agg(band, ',') FROM Object WHERE objectId < 1003 GROUP BY flag "
        "HAVING ivo_string_agg(band, ',') <> '' ORDER BY flag"
    ) == [(False, "i,r"), (True, "g")]


def test_a_histogram_counts_every_value_once(run):
    ((bins,),) = run("SELECT ivo_histogram(n, -2, 2, 4) FROM Object WHERE objectId < 1007")

    assert bins == [1, 1, 1, 1, 1, 2]  # -3 below, -2 ... 1, and 2 and 3 from the upper limit on
    ((with_null,),) = run("SELECT ivo_histogram(r_psfFlux / (n - n), 0, 1, 2) FROM Object WHERE n = 1")
    assert with_null[1:] == [0, 0, 0]
    assert sum(with_null) == run("SELECT COUNT(*) FROM Object WHERE n = 1")[0][0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ivo_histogram(n, 2, 2, 4)", "upper limit"),
        ("ivo_histogram(n, 0, 1, 0)", "1 to 10,000 bins"),
        ("ivo_histogram(n, 0, n, 5)", "Its form is ivo_histogram(val, lower, upper, nbins)"),
        ("ivo_string_agg(band, band)", "Its form is ivo_string_agg(expression, 'delimiter')"),
        ("scisql_percentile(n, 101)", "0 to 100"),
        ("bit_and(r_psfFlux, 1)", "An integer is needed"),
        ("bit_and(1.5, 1)", "An integer is needed"),
        ("ivo_to_jd('never')", "A time such as"),
        ("ivo_to_jd(n)", "A time is needed here, and this is an integer"),
        ("ivo_hasword(POINT(1, 2), 'x')", "Its form is"),
        ("SUM(stddev(n))", "SUM takes no other aggregate, and stddev is one"),
        ("stddev(COUNT(*))", "stddev takes no other aggregate, and COUNT is one"),
    ],
)
def test_a_wrong_call_is_refused_in_words(catalog, call, message):
    with pytest.raises(ADQLError, match=r"\w") as caught:
        translate(f"SELECT {call} FROM Object", catalog)

    assert message in caught.value.message


@pytest.mark.parametrize("place", ["WHERE stddev(n) > 1", "GROUP BY stddev(n)"])
def test_an_aggregate_beyond_adql_stands_only_where_others_can(catalog, place):
    with pytest.raises(ADQLError, match="stddev cannot"):
        translate(f"SELECT COUNT(*) FROM Object {place}", catalog)


def test_statistics_are_those_of_the_textbook(run):
    import statistics

    values = [row[0] for row in run("SELECT r_psfFlux FROM Object WHERE n = 2")]
    ((stddev, median, percentile),) = run(
        "SELECT stddev(r_psfFlux), scisql_median(r_psfFlux), scisql_percentile(r_psfFlux, 50) "
        "FROM Object WHERE n = 2"
    )

    assert stddev == pytest.approx(statistics.stdev(values))
    assert median == percentile == pytest.approx(statistics.median(values))


def test_normal_random_numbers_are_normal(run):
    values = [row[0] for row in run("SELECT ivo_normal_random(10, 2) FROM Object")]

    mean = sum(values) / len(values)
    assert mean == pytest.approx(10, abs=0.3)  # ten standard errors
    assert sum((value - mean) ** 2 for value in values) / len(values) == pytest.approx(4, rel=0.25)


NESTED = ["LOG", "LOG10", "SQRT", "ASIN", "scisql_nanojanskyToAbMag", "ABS"]


@pytest.mark.parametrize("name", NESTED)
def test_calls_that_nest_deep_do_not_double_at_each_level(catalog, connection, name):
    sql = translate(f"SELECT {f'{name}(' * 35}n{')' * 35} FROM Object", catalog).sql

    assert len(sql) < 20_000
    connection.execute(sql).fetchall()


def test_a_random_number_is_drawn_once_for_each_call(run):
    # Drawn twice, the test would say yes to one number and the root would get another.
    assert run("SELECT COUNT(*) FROM Object WHERE SQRT(RAND() - 0.5) < 0") == [(0,)]
    assert run("SELECT COUNT(*) FROM Object WHERE LOG(RAND() - 0.5) > 0") == [(0,)]


def test_a_seed_gives_each_row_the_same_number_again(run):
    first, again = (run("SELECT objectId, RAND(42) FROM Object ORDER BY objectId") for _ in range(2))
    other = run("SELECT objectId, RAND(43) FROM Object ORDER BY objectId")
    few = run("SELECT objectId, RAND(42) FROM Object WHERE n = 2 ORDER BY objectId")

    assert first == again
    assert first != other
    assert set(few) < set(first)
    values = [value for _, value in first]
    assert len(set(values)) == len(values)
    assert 0 <= min(values) < 0.01
    assert 0.99 < max(values) < 1
    assert sum(values) / len(values) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    "tables",
    [
        "Object AS a, ForcedSource AS b WHERE a.objectId = b.objectId",
        "(SELECT TOP 30 * FROM Object) AS q",
        "TAP_SCHEMA.tables",
        "TAP_UPLOAD.targets",
        "Object a JOIN Object b ON DISTANCE(a.coord_ra, a.coord_dec, b.coord_ra, b.coord_dec) < 0.01",
        "Object a LEFT JOIN TAP_UPLOAD.targets t ON DISTANCE(a.coord_ra, a.coord_dec, t.ra, t.dec) < 0.1",
        "Object WHERE RAND(7) < 0.5",
        "Object WHERE n IN (SELECT visit FROM ForcedSource WHERE RAND(7) < 0.5)",
        "Object ORDER BY RAND(7)",
    ],
)
def test_a_seed_works_whatever_is_queried(run, tables):
    assert sorted(run(f"SELECT RAND(42) FROM {tables}")) == sorted(run(f"SELECT RAND(42) FROM {tables}"))


def test_a_seed_needs_rows(catalog):
    with pytest.raises(ADQLError, match="here are groups"):
        translate("SELECT band, RAND(42) FROM Object GROUP BY band", catalog)
    assert translate("SELECT band, AVG(RAND(42)) FROM Object GROUP BY band", catalog)


_ARGUMENTS = {
    "n": ["n", "NULL", "1.5", "'3'", "objectId", "r_psfFlux", "flag"],
    "i": ["n", "NULL", "7", "'3'", "objectId", "flag"],
    "t": ["band", "NULL", "'x'", "'a''b'", "n", "flag"],
    "d": ['"when"', "NULL", "'2025-06-30T04:05:06'"],
}
_WRITTEN = {"n": "50", "i": "5", "t": "', '"}


def _calls(combine):
    for function in FUNCTIONS.values():
        if function.sql is None or not function.takes:
            continue
        if function.name == "ivo_histogram":
            yield from (f"ivo_histogram({value}, -1, 5.5, 3)" for value in _ARGUMENTS["n"])
            continue
        for arguments in combine([_ARGUMENTS[letter] for letter in function.takes]):
            call = f"{function.name}({', '.join(arguments)})"
            kinds = [_kind(argument) for argument in arguments]
            if function.accepts("".join(kinds)):
                yield call
        literal = [_WRITTEN[letter] for letter in function.takes[1:]]
        if function.aggregate and literal:
            yield from (f"{function.name}({v}, {', '.join(literal)})" for v in _ARGUMENTS[function.takes[0]])


def _every(choices):
    return itertools.product(*choices)


def _each_once(choices):
    """Every choice of every place, beside the first and the last ones of the others."""
    for ends in zip(*((of_place[0], of_place[-1]) for of_place in choices), strict=True):
        for place, of_place in enumerate(choices):
            yield from ((*ends[:place], choice, *ends[place + 1 :]) for choice in of_place)


def _kind(argument):
    if argument == "NULL":
        return "0"
    return (
        "l" if argument[0] == "'" else ("d" if argument.isdigit() else "f" if argument[0].isdigit() else "c")
    )


@pytest.mark.parametrize(
    ("combine", "least"), [(_each_once, 300), pytest.param(_every, 3000, marks=pytest.mark.slow)]
)
def test_every_call_that_is_accepted_runs_and_passes_the_gate(catalog, connection, combine, least):
    calls = list(dict.fromkeys(_calls(combine)))
    assert len(calls) > least
    for together in _groups(calls, 25):
        try:
            _run_and_check(together, catalog, connection)
        except Exception:
            for call in together:  # which one is it?
                _run_and_check([call], catalog, connection)
            raise


def _groups(calls, size):
    """Calls of one query, for its plan costs more than they do; aggregates by themselves."""
    aggregates = {function.name for function in FUNCTIONS.values() if function.aggregate}
    for kind in (True, False):
        alike = [call for call in calls if (call.partition("(")[0] in aggregates) is kind]
        yield from (alike[start : start + size] for start in range(0, len(alike), size))


def _run_and_check(calls, catalog, connection):
    columns = ", ".join(f"{call} AS x{place}" for place, call in enumerate(calls))
    query = f'SELECT {columns} FROM (SELECT TOP 30 * FROM Object) AS o, odd."Odd Names"'
    sql = translate(query, catalog).sql
    check(connection, sql, ["memory"])
    connection.execute(sql).fetchall()


@given(st.integers(-(2**62), 2**62), st.integers(-(2**62), 2**62))
def test_bits_are_those_of_python(connection, catalog, x, y):
    sql = translate(f"SELECT TOP 1 bit_and({x}, {y}), bit_or({x}, {y}), bit_xor({x}, {y}), bit_not({x}) "
                    "FROM Object", catalog).sql  # fmt: skip

    assert connection.execute(sql).fetchall() == [(x & y, x | y, x ^ y, ~x)]


def test_the_reference_page_is_fresh():
    page = Path(__file__).parents[2] / "docs" / "reference" / "functions.md"

    assert page.read_text() == reference_page(), (
        "run: python -m sciplat.adql.reference > docs/reference/functions.md"
    )


PORTAL = Path(__file__).parents[2] / "frontend" / "src" / "adql"


def test_the_portals_list_of_functions_is_fresh():
    assert (PORTAL / "user-functions.ts").read_text() == portal_functions(), (
        "run: python -m sciplat.adql.reference portal > frontend/src/adql/user-functions.ts"
    )


def test_the_portal_completes_every_function_of_adql_and_no_other():
    offered = {name.upper() for name in re.findall(r'f\("(\w+)\(', (PORTAL / "words.ts").read_text())}

    own = {name for name, function in FUNCTIONS.items() if not function.forms}
    # CAST is no function of the table, and REGION is read only to be refused.
    assert offered == (own | AGGREGATES | {"CAST"}) - {"REGION"}
