"""The table of observations, made of the exposures of releases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sciplat.catalogs.store import CatalogStore
from sciplat.engine.build import BuildLimits, open_generation
from sciplat.errors import NotFoundError
from sciplat.services import describe
from sciplat.services.access import Visitor
from sciplat.services.ingest import IngestService
from sciplat.services.obsplan import obsplan_table
from sciplat.services.plan import PlanService, Query, QueryLimits

NOBODY = Visitor.anonymous()


@pytest.fixture
def exposures(tmp_path: Path) -> Path:
    file = tmp_path / "Visit.csv"
    file.write_text(
        "visit,band,ra,dec,expTime,obsStartMJD\n1,u,25.5,0.25,30.0,60000.5\n2,N501,26.5,-0.25,60.0,60001.5\n"
    )
    return file


def observations(store: CatalogStore, tmp_path: Path) -> list[dict[str, object]]:
    file = store.snapshot().file("ivoa", "obsplan")
    with open_generation(file, BuildLimits(tmp_path / "sort")) as generation:
        names = [column.name for column in obsplan_table().columns]
        rows = generation.rows(names).read_all().to_pylist()
    return sorted(rows, key=lambda row: row["obs_id"])


def tables(store: CatalogStore) -> set[str]:
    schema = store.snapshot().schema("ivoa")
    return set() if schema is None else {table.name for table in schema.tables}


def test_an_exposure_is_an_observation(
    store: CatalogStore, service: IngestService, exposures: Path, tmp_path: Path
) -> None:
    service.ingest("dr1", "Visit", [exposures], public=True)

    first, second = observations(store, tmp_path)

    assert first["obs_id"] == "1"
    assert first["obs_collection"] == first["_schema"] == "dr1"
    assert (first["s_ra"], first["s_dec"]) == (25.5, 0.25)
    assert (first["t_min"], first["t_exptime"]) == (60000.5, 30.0)
    assert first["t_max"] == pytest.approx(60000.5 + 30 / 86400)
    assert (first["em_min"], first["em_max"]) == (324e-9, 395e-9)
    assert first["execution_status"] == "Performed"
    assert second["em_min"] is None  # nobody knows that band


@pytest.mark.slow
def test_it_follows_what_is_published(
    store: CatalogStore, service: IngestService, exposures: Path, tmp_path: Path
) -> None:
    service.ingest("dr1", "Visit", [exposures])
    before = store.snapshot().file("ivoa", "obsplan")
    service.describe_release("dr1", "The first")
    assert store.snapshot().file("ivoa", "obsplan") == before  # exposures are as they were
    service.ingest("dr2", "Visit", [exposures])
    assert {row["obs_collection"] for row in observations(store, tmp_path)} == {"dr1", "dr2"}
    service.drop("dr1", "Visit")
    assert {row["obs_collection"] for row in observations(store, tmp_path)} == {"dr2"}
    service.drop("dr2", "Visit")
    with pytest.raises(NotFoundError):
        store.snapshot().file("ivoa", "obsplan")


@pytest.mark.slow
def test_observations_of_a_private_release_are_hidden(
    store: CatalogStore, service: IngestService, exposures: Path
) -> None:
    service.ingest("dr1", "Visit", [exposures], public=True)
    service.ingest("secret", "Visit", [exposures])
    plans = PlanService(store, QueryLimits(seconds=60, rows=1000, bytes=1_000_000))

    plan = plans.plan(Query("SELECT * FROM ivoa.obsplan"), visitor=NOBODY)

    assert "'dr1'" in plan.statement.sql
    assert "'secret'" not in plan.statement.sql


def test_a_table_of_other_columns_is_left_alone(
    store: CatalogStore, service: IngestService, tmp_path: Path
) -> None:
    file = tmp_path / "Visit.csv"
    file.write_text("visit,purpose\n1,tourism\n")
    service.ingest("dr1", "Visit", [file])
    assert "obsplan" not in tables(store)


@pytest.mark.slow
def test_a_home_of_before_gets_the_table_when_it_is_started(
    store: CatalogStore, service: IngestService, exposures: Path
) -> None:
    service.ingest("dr1", "Visit", [exposures])
    with store.edit() as edit:
        edit.drop_table("ivoa", "obsplan")
    service.prepare()
    assert "obsplan" in tables(store)


@pytest.mark.slow
def test_a_table_of_an_older_form_is_made_anew_when_the_instance_is_started(
    store: CatalogStore, service: IngestService, exposures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = replace(obsplan_table(), utype=None)
    with monkeypatch.context() as patch:
        patch.setattr(describe, "obsplan_table", lambda: older)
        service.ingest("dr1", "Visit", [exposures])
    service.prepare()
    (table,) = [table for table in store.snapshot().schema("ivoa").tables if table.name == "obsplan"]
    assert table.utype == obsplan_table().utype
