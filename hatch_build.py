"""Put the built Portal into the wheel, or say that it has not been built."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "src/sciplat/portal/static"


class PortalBuildHook(BuildHookInterface[Any]):  # the interface that hatchling asks for
    """Add the front end's files, which git does not track, to a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Refuse a wheel without the Portal; an editable install reads the folder itself."""
        if self.target_name != "wheel" or version == "editable":
            return
        if not (Path(self.root) / STATIC / "index.html").is_file():
            if os.environ.get("SKIP_FRONTEND") == "1":
                return
            raise FileNotFoundError(
                f"{STATIC} holds no Portal: build it with `make wheel` (or `npm ci && npm run build` in "
                "frontend/), or set SKIP_FRONTEND=1 for a wheel without pages"
            )
        # The stamp of `make` is not part of the Portal.
        build_data["artifacts"] += [f"/{STATIC}/**", f"!/{STATIC}/.built"]
