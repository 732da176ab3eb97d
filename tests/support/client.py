"""What asks one server."""

from __future__ import annotations

from typing import Any

import requests

__all__ = ["Client"]


class Client:
    """Asks one server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=120, **more)
