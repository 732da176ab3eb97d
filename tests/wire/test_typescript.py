"""The front end's types of views are those of the models."""

from __future__ import annotations

from pathlib import Path

from sciplat.wire.typescript import types

FILE = Path(__file__).parents[2] / "frontend" / "src" / "wire" / "view.ts"


def test_the_types_of_the_front_end_are_fresh() -> None:
    assert FILE.read_text() == types(), "run: python -m sciplat.wire.typescript > frontend/src/wire/view.ts"


def test_what_is_chosen_is_a_type_of_its_own() -> None:
    made = types()

    assert 'op: "table.filter";' in made
    assert "condition: string | null;" in made
    assert "source: JobSource | UploadSource;" in made
    assert "corners: [number, number][];" in made
    assert "parameters?: Record<string, Parameter>;" in made
