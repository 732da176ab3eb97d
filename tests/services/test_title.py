"""What lists show of jobs."""

from __future__ import annotations

import pytest

from sciplat.jobs.models import BULK_CUTOUT, CUTOUT, QUERY
from sciplat.services.title import title_of


@pytest.mark.parametrize(
    ("kind", "parameters", "title"),
    [
        (QUERY, [("LANG", "ADQL"), ("QUERY", "-- mine\nSELECT\n  1")], "SELECT 1"),
        (QUERY, [("LANG", "ADQL")], ""),
        (BULK_CUTOUT, [("RELEASE", "r"), ("QUERY", "SELECT 2")], "SELECT 2"),
        (BULK_CUTOUT, [("JOB", "k9")], "Result of job k9"),
        (CUTOUT, [("ID", "ivo://a/r?1"), ("CIRCLE", "1 2 3")], "CIRCLE 1 2 3 of ivo://a/r?1"),
        (CUTOUT, [("ID", "ivo://a/r?1"), ("POS", "RANGE 1 2 3 4")], "RANGE 1 2 3 4 of ivo://a/r?1"),
        (
            CUTOUT,
            [("ID", "ivo://a/r?1"), ("ID", "ivo://a/r?2"), ("BAND", "1 2")],
            "All of 2 images, the first ivo://a/r?1",
        ),
    ],
)
def test_a_title_says_in_one_line_what_a_job_is_about(
    kind: str, parameters: list[tuple[str, str]], title: str
) -> None:
    assert title_of(kind, parameters) == title
