"""What journeys look up before they begin."""

from __future__ import annotations

import requests

from support.running import Platform

__all__ = ["image_identifier"]


def image_identifier(platform: Platform, release: str, token: str | None = None) -> str:
    """The identifier of the first image of a release."""
    found = requests.get(
        f"{platform.tap}/sync",
        {
            "QUERY": "SELECT obs_publisher_did FROM ivoa.ObsCore "
            f"WHERE obs_collection='{release}' ORDER BY t_min",
            "LANG": "ADQL",
            "FORMAT": "csv",
        },
        headers={} if token is None else {"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    return found.text.split()[1]
