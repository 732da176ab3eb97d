"""What is quick to start imports nothing that is slow to start."""

from __future__ import annotations

import subprocess
import sys

import pytest

WEB = """
import sys, tempfile
from pathlib import Path
from sciplat.config import Settings
from sciplat.instance import Instance
from sciplat.processes import views, web
instance = Instance(Path(tempfile.mkdtemp()), Settings())
for module in (web, views):
    module.create_app(instance)
instance.ingest
"""
BATCH = (
    WEB.replace("views, web", "batch")
    .replace("(web, views)", "(batch,)")
    .replace("instance.ingest", "instance.execute_batch(lambda: None)")
)
HELP = "import sys; from sciplat.cli import main; main(['ingest', '--help'], standalone_mode=False)"
WORKER = "import sys, sciplat.engine.worker, sciplat.services.query"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(WEB, id="web"),
        pytest.param(BATCH, id="batch", marks=pytest.mark.slow),
        pytest.param(HELP, id="help", marks=pytest.mark.slow),
        pytest.param(WORKER, id="query", marks=pytest.mark.slow),
    ],
)
def test_pages_and_queries_never_import_the_butler(code: str) -> None:
    look = f"{code}\nsys.exit([name for name in sys.modules if name.startswith('lsst.daf')] or 0)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


READER = """
import sciplat.client
import sciplat.repository.own, sciplat.repository.remote, sciplat.repository.formatter
"""
SERVER = ("api", "catalogs", "config", "database", "engine", "history", "identity", "instance", "services")


@pytest.mark.slow
def test_who_reads_images_by_http_imports_nothing_of_the_server() -> None:
    pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")
    barred = (
        "duckdb",
        "fastapi",
        "starlette",
        "lsst.pipe",
        "lsst.dax",
        *(f"sciplat.{part}" for part in SERVER),
    )
    look = f"import sys\n{READER}\nsys.exit([name for name in sys.modules if name.startswith({barred})] or 0)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
