from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from sciplat.catalogs.store import CatalogStore
from sciplat.demo import State, is_ready, make, state
from sciplat.instance import Instance
from sciplat.services.ingest import IngestService

pytestmark = pytest.mark.slow

SMALL = ("Visit", "CcdVisit")
TABLES_ALONE = ("gaia", "simwide")


@pytest.fixture
def instance(tmp_path: Path) -> SimpleNamespace:
    """The two parts of an instance that making the demo data needs."""
    catalogs = CatalogStore(tmp_path / "catalogs")
    ingest = IngestService(catalogs, work=tmp_path / "work")
    ingest.prepare()
    return SimpleNamespace(catalogs=catalogs, ingest=ingest)


@pytest.fixture
def two_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the two smallest tables."""
    module = importlib.import_module("sciplat.demo.make")
    parts = tuple(part for part in module._parts() if part.name in SMALL)
    monkeypatch.setattr(module, "_parts", lambda: parts)


def test_an_empty_instance_has_no_demo_data(instance: SimpleNamespace) -> None:
    assert state(instance) is State.ABSENT
    assert not is_ready(instance)
    assert not is_ready(instance, TABLES_ALONE)


@pytest.mark.usefixtures("two_tables")
def test_both_tables_are_public_described_and_counted(instance: SimpleNamespace) -> None:
    make(instance, surveys=TABLES_ALONE)

    schema = instance.catalogs.snapshot().schema("simwide")
    assert is_ready(instance, TABLES_ALONE)
    assert state(instance) is State.MAKING  # sim1 is not there
    assert schema.public
    assert "SIMULATED" in schema.description
    assert {table.name: table.rows for table in schema.tables} == {"Visit": 20, "CcdVisit": 3780}
    assert schema.tables[1].keys[0].target_table == "simwide.Visit"
    assert schema.tables[1].primary_key == ("visitId", "detector")


@pytest.mark.usefixtures("two_tables")
def test_what_is_there_is_not_made_again(instance: SimpleNamespace) -> None:
    make(instance, surveys=TABLES_ALONE)
    before = instance.catalogs.snapshot().revision

    make(instance, surveys=TABLES_ALONE)

    assert instance.catalogs.snapshot().revision == before


@pytest.mark.usefixtures("two_tables")
def test_what_was_broken_off_goes_on(instance: SimpleNamespace) -> None:
    def breaks(stage: str, fraction: float | None) -> None:
        if stage == "simwide.CcdVisit":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(instance, breaks, surveys=TABLES_ALONE)
    assert state(instance, TABLES_ALONE) is State.MAKING
    first = instance.catalogs.snapshot().file("simwide", "Visit")

    make(instance, surveys=TABLES_ALONE)

    assert is_ready(instance, TABLES_ALONE)
    assert instance.catalogs.snapshot().file("simwide", "Visit") == first


@pytest.mark.usefixtures("two_tables")
def test_tables_of_another_version_are_replaced(
    instance: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(instance, surveys=TABLES_ALONE)
    first = instance.catalogs.snapshot().file("simwide", "Visit")
    module = importlib.import_module("sciplat.demo.simwide_schema")
    monkeypatch.setattr(module, "VERSION_NOTE", "Demo data, version 2.")
    module.simwide_table.cache_clear()

    assert state(instance) is State.ABSENT
    make(instance, surveys=TABLES_ALONE)

    assert instance.catalogs.snapshot().file("simwide", "Visit") != first
    module.simwide_table.cache_clear()


@pytest.mark.usefixtures("two_tables")
def test_progress_grows_to_one(instance: SimpleNamespace) -> None:
    told: list[tuple[str, float | None]] = []

    make(instance, lambda stage, fraction: told.append((stage, fraction)), surveys=TABLES_ALONE)

    fractions = [fraction for _, fraction in told if fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0


def test_everything_is_made_and_found(demo_home: Path) -> None:
    instance = Instance.open(demo_home)

    snapshot = instance.catalogs.snapshot()
    rows = {
        table.qualified_name: table.rows
        for name in ("gaia", "simwide")
        for table in snapshot.schema(name).tables
    }
    assert rows["gaia.gaia_source"] == 482_176
    assert rows["simwide.Object"] == 200_000
    assert rows["simwide.ForcedSource"] == 4_000_000
    assert is_ready(instance, TABLES_ALONE)
