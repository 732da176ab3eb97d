"""Under which addresses people reach an instance."""

from __future__ import annotations

from urllib.parse import urlsplit

from sciplat.config.settings import Settings

__all__ = ["notebooks_url", "portal_url"]

_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "0.0.0.0", "::", "::1"})  # noqa: S104  names


def portal_url(settings: Settings, *, port: int) -> str:
    """Return the origin of Portal and API, as browsers write it."""
    if settings.url:
        return settings.url
    host = "localhost" if settings.host in _THIS_MACHINE else settings.host
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def notebooks_url(settings: Settings, *, port: int) -> str:
    """Return the origin of notebooks, another one."""
    portal = urlsplit(portal_url(settings, port=port))
    host = settings.notebooks.host or f"nb.{portal.hostname}"
    return f"{portal.scheme}://{host}:{portal.port}" if portal.port else f"{portal.scheme}://{host}"
