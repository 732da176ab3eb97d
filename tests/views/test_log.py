"""A log leads to one state, whoever does what, and what was done can be taken back."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples
from views.doing import ACTORS, operation

from sciplat.errors import (
    ConflictError,
    LimitError,
    NotFoundError,
    PermissionDeniedError,
    SciplatError,
    UsageError,
)
from sciplat.views import log as views_log
from sciplat.views.log import MOST_OPERATION_BYTES, RECENT, Log
from sciplat.views.references import broken
from sciplat.views.state import EMPTY, applied, fingerprint, inverse, patch_from_json, patch_to_json, value_at
from sciplat.wire.operations import OPERATION, to_json
from sciplat.wire.view_state import ViewState

NOW = datetime(2026, 11, 22, tzinfo=UTC)
JOB = {"kind": "job", "job": "abc"}


def log() -> Log:
    return Log(EMPTY, 0, ())


def do(log: Log, actor: str = "ada", **said: object):
    entry = log.next(f"id-{log.revision}", OPERATION.validate_python(said), actor=actor, moment=NOW)
    log.append(entry)
    return entry


def at(log: Log, *path: str):
    return value_at(log.state, ("entities", *path))


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whoever_follows_the_log_has_the_same_state(seed: int) -> None:
    rng = random.Random(seed)
    made, seen = log(), EMPTY
    done = []
    for number in range(60):
        before = made.state
        try:
            entry = made.next(str(number), operation(rng, made.state), actor=rng.choice(ACTORS), moment=NOW)
        except SciplatError:
            continue
        made.append(entry)
        done.append(entry)
        told = json.loads(json.dumps(entry.to_json()))
        seen = applied(seen, patch_from_json(told["patch"]))
        assert fingerprint(seen) == fingerprint(made.state)
        assert applied(made.state, entry.back) == before
        assert json.loads(entry.text) == told
        assert to_json(OPERATION.validate_python(told["operation"])) == entry.operation
        assert broken(made.state) is None
        ViewState.model_validate(made.state)
    again = log()
    for entry in done:
        operation_again = OPERATION.validate_python(entry.operation)
        again.append(again.next(entry.id, operation_again, actor=entry.actor, moment=entry.moment))
    assert fingerprint(again.state) == fingerprint(made.state)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_who_takes_back_all_that_was_done_alone_is_where_it_began(seed: int) -> None:
    rng = random.Random(seed)
    made = log()
    for number in range(40):
        chosen = operation(rng, made.state)
        if re.match(r"action|highlight|undo|redo", chosen.op):
            continue
        try:
            made.append(made.next(str(number), chosen, actor="ada", moment=NOW))
        except SciplatError:
            continue
    full, count = made.state, made.revision
    for _ in range(count):
        do(made, op="undo")
    assert made.state == EMPTY
    with pytest.raises(ConflictError, match="nothing of yours left"):
        do(made, op="undo")
    for _ in range(count):
        do(made, op="redo")
    assert made.state == full
    with pytest.raises(ConflictError, match="nothing of yours to do again"):
        do(made, op="redo")


def test_changes_are_taken_back_in_their_order() -> None:
    made = log()
    do(made, op="table.open", target="T1", source=JOB)
    patch = (
        *patch_from_json([{"path": ["title"], "value": "a"}, {"path": ["title"], "value": "b"}]),
        *patch_from_json([{"path": ["entities", "T1"]}]),
    )

    assert applied(applied(made.state, patch), inverse(made.state, patch)) == made.state
    assert patch_from_json(patch_to_json(patch)) == patch


def test_undo_takes_back_ones_own_and_not_what_another_has_changed_since() -> None:
    made = log()
    do(made, op="table.open", target="T1", source=JOB)
    do(made, op="table.filter", target="T1", condition="ra > 1")
    do(made, "bob", op="table.sort", target="T1", by=[{"column": "ra"}])

    assert do(made, op="undo").of == 2
    assert at(made, "T1", "condition") is None
    assert at(made, "T1", "sort") == [{"column": "ra", "descending": False}]
    do(made, op="redo")
    do(made, "bob", op="table.filter", target="T1", condition="dec > 1")
    with pytest.raises(ConflictError, match=r"bob has changed T1\.condition since"):
        do(made, op="undo")
    do(made, op="undo", force=True)
    assert at(made, "T1", "condition") is None


def test_what_cannot_be_without_a_table_goes_and_comes_with_it() -> None:
    made = log()
    do(made, op="table.open", target="T1", source=JOB)
    do(made, op="sky.open", target="S1")
    do(made, op="chart.add", target="C1", table="T1", form="histogram", x={"expression": "ra"})
    do(made, op="layer.add", target="L1", on="S1", table="T1", ra="ra", dec="dec")
    before = made.state
    do(made, op="close", target="T1")

    assert list(made.state["entities"]) == ["S1"]
    do(made, op="undo")
    assert made.state == before


@pytest.mark.parametrize(
    ("error", "message", "said"),
    [
        (ConflictError, "already", {"op": "table.open", "target": "T1", "source": JOB}),
        (NotFoundError, "no table 'T2'", {"op": "table.filter", "target": "T2", "condition": None}),
        (UsageError, "'S1' is a sky", {"op": "table.filter", "target": "S1", "condition": None}),
        (
            NotFoundError,
            "no table 'T9'",
            {"op": "chart.add", "target": "C", "table": "T9", "form": "density"},
        ),
        (NotFoundError, "no derived column 'q'", {"op": "table.underive", "target": "T1", "name": "q"}),
        (NotFoundError, "has no 'X'", {"op": "close", "target": "X"}),
    ],
)
def test_what_cannot_be_done_says_why(error: type[SciplatError], message: str, said: dict) -> None:
    made = log()
    do(made, op="table.open", target="T1", source=JOB)
    do(made, op="sky.open", target="S1")

    with pytest.raises(error, match=message):
        do(made, **said)
    assert made.revision == 2


HERE = {"kind": "point", "on": "I1", "ra": 25.6, "dec": 0.3, "x": 10.5, "y": 7, "value": 3.25}


def test_a_tool_is_its_registrants_unless_it_is_open_to_others() -> None:
    made = log()
    do(made, op="action.register", target="A1", title="Forced photometry", trigger="point")

    with pytest.raises(PermissionDeniedError, match="Only ada may use"):
        do(made, "bob", op="action.invoke", target="U1", action="A1", where=HERE)
    with pytest.raises(PermissionDeniedError, match="a tool of ada"):
        do(made, "bob", op="action.unregister", target="A1")
    do(made, op="action.invoke", target="U1", action="A1", where=HERE)
    with pytest.raises(PermissionDeniedError, match="a tool of ada"):
        do(made, "bob", op="action.progress", target="U1", state="done")
    do(made, op="action.progress", target="U1", state="running", fraction=0.5, message="43 of 87 visits")
    assert (at(made, "U1", "state"), at(made, "U1", "fraction")) == ("running", 0.5)
    do(made, op="action.register", target="A2", title="Any", trigger="row", open_to="editors")
    do(
        made,
        "bob",
        op="action.invoke",
        target="U2",
        action="A2",
        where={"kind": "row", "table": "T", "row": 1},
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"where": {"kind": "row", "table": "T1", "row": 1}}, "used on a point, not row"),
        ({"input": {"radius": 500}}, "10 or less"),
        ({"input": {"radius": -1}}, "0 or more"),
        ({"input": {"radius": "1; DROP"}}, "a number"),
        ({"input": {"radius": True}}, "a number"),
        ({"input": {"radius": 1, "band": "q"}}, "one of g, r"),
        ({"input": {"radius": 1, "fast": 1}}, "true or false"),
        ({"input": {"radius": 1, "note": False}}, "text"),
        ({"input": {"radius": 1, "other": 1}}, "no parameter 'other'"),
        ({"input": {}}, "needs 'radius'"),
    ],
)
def test_what_a_tool_did_not_ask_for_never_reaches_it(said: dict, why: str) -> None:
    made = log()
    parameters = {
        "radius": {"kind": "number", "unit": "arcsec", "minimum": 0, "maximum": 10},
        "band": {"kind": "choice", "choices": ["g", "r"], "default": "r"},
        "fast": {"kind": "switch"},
        "note": {"kind": "text", "default": ""},
    }
    do(made, op="action.register", target="A1", title="t", trigger="point", parameters=parameters)

    with pytest.raises(UsageError, match=why):
        do(made, **({"op": "action.invoke", "target": "U1", "action": "A1", "where": HERE} | said))
    do(made, op="action.invoke", target="U1", action="A1", where=HERE, input={"radius": 2.5, "fast": True})


def test_of_uses_of_tools_that_ended_only_the_last_stay() -> None:
    made = log()
    do(made, op="action.register", target="A1", title="t", trigger="point")
    for number in range(25):
        do(made, op="action.invoke", target=f"U{number}", action="A1", where=HERE)
        do(made, op="action.progress", target=f"U{number}", state="done")

    uses = [name for name in made.state["entities"] if name.startswith("U")]
    assert uses == [f"U{number}" for number in range(5, 25)]


def test_nothing_is_taken_back_that_something_else_needs() -> None:
    made = log()
    do(made, op="table.open", target="T1", source=JOB)
    do(made, "bob", op="chart.add", target="C1", table="T1", form="scatter")
    with pytest.raises(ConflictError, match="C1 needs T1"):
        do(made, op="undo")
    do(made, "bob", op="close", target="C1")
    do(made, op="close", target="T1")
    with pytest.raises(ConflictError, match="C1 needs T1"):
        do(made, "bob", op="undo")

    do(made, op="table.open", target="T2", source=JOB)
    do(made, op="table.filter", target="T2", condition="ra > 1")
    do(made, "bob", op="close", target="T2")
    with pytest.raises(ConflictError, match="bob has changed"):
        do(made, op="undo")
    with pytest.raises(ConflictError, match="no T2 any more"):
        do(made, op="undo", force=True)


def test_an_operation_and_a_view_have_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    made = log()
    text = "y" * (MOST_OPERATION_BYTES - 1000)
    with pytest.raises(LimitError, match="at most 256 kB"):
        do(made, op="layout.set", layout={"x": text + "y" * 1000})
    for number in range(7):
        do(made, op="sky.open", target=f"S{number}")
    do(made, op="layout.set", layout={"x": text})
    monkeypatch.setattr(views_log, "MOST_STATE_BYTES", 3 * len(text) // 2)
    with pytest.raises(LimitError, match="close what is not needed"):
        do(made, op="action.register", target="A1", title="t", trigger="row", parameters=many_choices())
    do(made, op="layout.set", layout={})
    do(made, op="action.register", target="A1", title="t", trigger="row", parameters=many_choices())
    monkeypatch.undo()
    for _ in range(20):
        do(made, op="layout.set", layout={"x": text})

    assert made.after(made.revision - 6) is not None
    assert made.after(1) is None


def many_choices() -> dict:
    """Return parameters that take 200 kB."""
    choices = [f"{number:0200}" for number in range(100)]
    return {f"p{number}": {"kind": "choice", "choices": choices} for number in range(12)}


def test_what_is_not_said_of_a_chart_stays() -> None:
    made = log()
    do(made, op="table.open", target="T1", source=JOB)
    axes = {"x": {"expression": "mjd"}, "y": {"expression": "flux", "error": "fluxErr"}}
    do(made, op="chart.add", target="C1", table="T1", form="scatter", **axes)
    do(made, op="chart.update", target="C1", y={"expression": "flux / fluxErr"})

    assert at(made, "C1", "x", "expression") == "mjd"
    assert at(made, "C1", "y", "expression") == "flux / fluxErr"
    do(made, op="chart.update", target="C1", y=None)
    assert at(made, "C1", "y") is None


def test_a_log_knows_its_last_operations_by_their_ids_and_from_a_revision_on() -> None:
    made = log()
    first = do(made, op="view.rename", title="a")
    for number in range(RECENT):
        do(made, op="view.rename", title=str(number))

    assert made.known(first.id) is None
    assert made.known(f"id-{RECENT}") is not None
    assert made.after(0) is None
    assert made.after(RECENT + 2) is None
    assert [entry.revision for entry in made.after(RECENT - 1) or ()] == [RECENT, RECENT + 1]
    assert made.after(RECENT + 1) == []
