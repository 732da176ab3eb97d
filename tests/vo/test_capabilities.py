from __future__ import annotations

import io
from collections.abc import Callable

from pyvo.io.vosi import parse_capabilities

from sciplat.tables.formats import FORMATS, output_formats
from sciplat.vo.capabilities import (
    ADQL_FEATURES,
    ADQL_GEOMETRY,
    ADQL_UDF,
    DataLimit,
    Feature,
    FeatureList,
    Language,
    TAPCapability,
    TimeLimit,
    capabilities_document,
    vosi_capabilities,
)

BASE = "http://127.0.0.1:8080/api/tap"
ADQL = Language(
    "ADQL",
    (("2.1", "ivo://ivoa.net/std/ADQL#v2.1"), ("2.0", "ivo://ivoa.net/std/ADQL#v2.0")),
    "The Astronomical Data Query Language",
    (
        FeatureList(ADQL_GEOMETRY, (Feature("POINT"), Feature("CIRCLE"))),
        FeatureList(
            ADQL_UDF, (Feature("ivo_healpix_index(hpxOrder INTEGER, ra REAL, dec REAL) -> BIGINT", "NESTED"),)
        ),
        FeatureList(ADQL_FEATURES["sets"], (Feature("UNION"),)),
    ),
)
TAP = TAPCapability(
    BASE,
    (ADQL,),
    output_formats(),
    upload_methods=tuple(f"ivo://ivoa.net/std/TAPRegExt#upload-{each}" for each in ("inline", "http")),
    data_models=(("ivo://ivoa.net/std/ObsCore#core-1.1", "ObsCore-1.1"),),
    retention=TimeLimit(default=604_800, hard=604_800),
    execution=TimeLimit(default=3600, hard=86_400),
    output=DataLimit("row", hard=20_000_000),
    upload=DataLimit("byte", hard=100_000_000),
)


def test_the_capabilities_are_as_promised_and_obey_the_schema(
    assert_valid: Callable[[bytes], None], golden: Callable[[str, bytes], None]
) -> None:
    content = capabilities_document(vosi_capabilities(BASE, examples=True), tap=TAP)

    golden("capabilities.xml", content)
    assert_valid(content)


def test_pyvo_finds_the_language_the_formats_and_the_limits() -> None:
    content = capabilities_document(vosi_capabilities(BASE), tap=TAP)

    tap, *others = parse_capabilities(io.BytesIO(content))

    assert [each.standardid for each in others] == [
        "ivo://ivoa.net/std/VOSI#capabilities",
        "ivo://ivoa.net/std/VOSI#availability",
        "ivo://ivoa.net/std/VOSI#tables-1.1",
    ]
    assert tap.interfaces[0].version == "1.1"
    assert tap.interfaces[0].accessurls[0].content == BASE
    assert tap.get_adql().get_feature(ADQL_GEOMETRY, "CIRCLE")
    assert [each.ivo_id for each in tap.outputformats] == [each.ivo_id for each in FORMATS]
    assert (tap.executionduration.default, tap.executionduration.hard) == (3600, 86_400)
    assert tap.outputlimit.hard.content == 20_000_000
    assert tap.uploadlimit.hard.unit == "byte"


def test_no_interface_says_how_to_sign_in() -> None:
    assert b"securityMethod" not in capabilities_document(vosi_capabilities(BASE), tap=TAP)


def test_a_service_without_tap_has_no_word_of_tap(assert_valid: Callable[[bytes], None]) -> None:
    content = capabilities_document(vosi_capabilities("http://127.0.0.1/api/sia"))

    assert_valid(content)
    assert b"TAPRegExt" not in content
