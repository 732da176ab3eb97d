"""What the files of images say of their inputs becomes rows, one for each input."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sciplat.repository.provenance import QUANTA
from sciplat.services.obscore import kept_arrow
from sciplat.services.provenance import provenance_rows

INPUTS = st.none() | st.lists(
    st.fixed_dictionaries({"id": st.sampled_from("xyz"), "type": st.just("raw")}), max_size=3
)


@given(st.lists(st.tuples(st.sampled_from([None, "", "q1", "q2"]), INPUTS), max_size=6), st.integers(1, 3))
def test_each_input_has_a_row_and_who_says_nothing_has_none(
    said: list[tuple[str | None, list[dict[str, str]] | None]], chunk: int
) -> None:
    rows = [
        {"_id": f"i{number}", "dataproduct_subtype": "visit_image", "_quantum": quantum, "_inputs": inputs}
        for number, (quantum, inputs) in enumerate(said)
    ]
    images = pa.concat_tables(
        [
            pa.Table.from_pylist(rows[start : start + chunk], kept_arrow())
            for start in range(0, len(rows), chunk)
        ]
        or [kept_arrow().empty_table()]
    )

    made, activities = provenance_rows("dr1", "here", images, QUANTA.empty_table(), [])

    expected = [
        (f"ivo://here/dr1?i{number}", None if used is None else f"ivo://here/dr1?{used['id']}")
        for number, (quantum, inputs) in enumerate(said)
        for used in (inputs or ([None] if quantum else []))
    ]
    found = [(row["obs_publisher_did"], row["used_did"]) for row in made.to_pylist()]
    assert sorted(found, key=str) == sorted(expected, key=str)
    known = {quantum for quantum, inputs in said if quantum is not None and (quantum or inputs)}
    assert activities.num_rows == len(known)
