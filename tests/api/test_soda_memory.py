"""An image of two gigabytes is cut, sent whole, and made a picture of within 500 MB."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from astropy.io import fits

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from support.coadds import sky_in
from support.running import copy_home

from sciplat.instance import Instance
from sciplat.services.access import Visitor

SIDE = 22_500
LIMIT_MB = 500

CHILD = """
    import re
    import sys
    from pathlib import Path

    import anyio

    from sciplat.instance import Instance
    from sciplat.processes.images import create_app

    home, identifier = sys.argv[1:]
    app = create_app(Instance.open(Path(home)))


    async def ask(query: str) -> None:
        seen = {"bytes": 0}

        async def receive():
            await anyio.sleep_forever()

        async def send(message):
            seen["status"] = message.get("status", seen.get("status"))
            seen["bytes"] += len(message.get("body", b""))

        scope = {
            "type": "http", "asgi": {"spec_version": "2.4"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": "/api/soda/sync", "raw_path": b"/api/soda/sync", "root_path": "",
            "query_string": f"ID={identifier}&{query}".encode(), "headers": [(b"host", b"127.0.0.1")],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }
        await app(scope, receive, send)
        peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
        print(seen["status"], seen["bytes"], peak, flush=True)


    async def main() -> None:
        async with app.router.lifespan_context(app):
            await ask("CIRCLE=25.6+0.3+0.01")
            await ask("PLANES=image")
            await ask("RESPONSEFORMAT=image/png&SIZE=500")


    anyio.run(main)
"""


@pytest.mark.slow
def test_a_large_image_is_served_in_little_memory(skies: Path, tmp_path: Path) -> None:
    instance = Instance.open(copy_home(skies, tmp_path / "home"))
    sky = sky_in(instance, "wide")
    path = instance.images.locate.identified(sky.did(sky.visit_id), visitor=Visitor.anonymous()).path
    with fits.open(path) as hdus:
        header = hdus["IMAGE"].header.copy()
    for name in ("CHECKSUM", "DATASUM"):
        header.remove(name, ignore_missing=True)
    layout = {"XTENSION": "IMAGE", "BITPIX": -32, "NAXIS": 2, "NAXIS1": SIDE, "NAXIS2": SIDE}
    large = fits.Header([*layout.items(), ("PCOUNT", 0), ("GCOUNT", 1)])
    large.extend(header.cards, unique=True)
    size = 4 * SIDE * SIDE
    with path.open("wb") as file:
        file.write(fits.PrimaryHDU().header.tostring().encode())
        file.write(large.tostring().encode())
        # Zeros that take no room on the disk.
        file.truncate(file.tell() + size + -size % 2880)
    assert path.stat().st_size > 2_000_000_000

    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(instance.home), sky.did(sky.visit_id)],
        check=True,
        capture_output=True,
        text=True,
    )

    piece, whole, picture = (tuple(map(int, line.split())) for line in child.stdout.splitlines())
    assert (piece[0], whole[0], picture[0]) == (200, 200, 200)
    assert piece[1] < 100_000_000
    assert whole[1] > size
    assert max(piece[2], whole[2], picture[2]) < LIMIT_MB, child.stdout
