"""Operations as several people do them at random."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from sciplat.views.state import State
from sciplat.wire.operations import OPERATION

ACTORS = ("ada", "bob", "eve")
_EXPRESSIONS = ("g - r", "ra", "flux / fluxErr")


def operation(rng: random.Random, state: State) -> Any:
    """Return something that may be done to a view; some of it is refused."""
    entities = state["entities"]
    assert isinstance(entities, Mapping)
    names = [*entities, "T0", "nothing"]
    target = rng.choice(names)
    expression = rng.choice(_EXPRESSIONS)
    said: dict[str, Any] = rng.choice(
        [
            {"op": "view.rename", "title": rng.choice("abc")},
            {"op": "layout.set", "layout": {"main": [rng.choice(names)]}},
            {"op": "close", "target": target},
            {"op": "undo", "force": rng.random() < 0.2},
            {"op": "undo"},
            {"op": "redo"},
            {
                "op": "table.open",
                "target": f"T{rng.randrange(4)}",
                "source": {"kind": "job", "job": "abc"},
            },
            {"op": "table.derive", "target": target, "name": rng.choice("xyz"), "expression": expression},
            {"op": "table.underive", "target": target, "name": rng.choice("xyz")},
            {"op": "table.filter", "target": target, "condition": rng.choice([None, "ra > 5", "dec < 3"])},
            {"op": "table.sort", "target": target, "by": [{"column": rng.choice("xyz")}]},
            {"op": "table.columns", "target": target, "columns": rng.choice([None, ["x"], ["y", "x"]])},
            {
                "op": "select",
                "target": target,
                "selection": rng.choice([None, {"kind": "rows", "rows": [1, 2]}]),
            },
            {"op": "highlight", "target": target, "row": rng.choice([None, 1, 2])},
            {
                "op": "chart.add",
                "target": f"C{rng.randrange(4)}",
                "table": target,
                "form": "scatter",
                "x": {"expression": expression},
            },
            {"op": "chart.update", "target": target, "y": rng.choice([None, {"expression": expression}])},
            {
                "op": "image.open",
                "target": f"I{rng.randrange(3)}",
                "source": {"kind": "dataset", "id": "ivo://x/y?z"},
            },
            {"op": "image.render", "target": target, "stretch": rng.choice(["log", "linear"])},
            {"op": "image.mask", "target": target, "plane": rng.choice(["CR", "SAT"]), "visible": True},
            {"op": "sky.open", "target": f"S{rng.randrange(2)}", "ra": 25.6},
            {"op": "sky.update", "target": target, "dec": 0.3},
            {
                "op": "layer.add",
                "target": f"L{rng.randrange(3)}",
                "on": target,
                "table": rng.choice(names),
                "ra": "ra",
                "dec": "dec",
            },
            {"op": "layer.update", "target": target, "visible": False},
            {"op": "action.register", "target": f"A{rng.randrange(2)}", "title": "t", "trigger": "point"},
            {
                "op": "action.invoke",
                "target": f"U{rng.randrange(4)}",
                "action": target,
                "where": {"kind": "point", "on": "S0"},
            },
            {"op": "action.progress", "target": target, "state": "done"},
            {"op": "action.unregister", "target": target},
        ]
    )
    return OPERATION.validate_python(said)
