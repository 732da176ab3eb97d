"""What an operator can set: one ``sciplat.yaml`` an instance, overridden by the environment."""

from __future__ import annotations

from sciplat.config.home import default_home
from sciplat.config.settings import LogSettings, QuerySettings, Settings

__all__ = ["LogSettings", "QuerySettings", "Settings", "default_home"]
