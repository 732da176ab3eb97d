"""The Butler of a release, by HTTP: what a notebook or a script elsewhere reads with."""

from __future__ import annotations

from lsst.daf.butler import Butler, ButlerConfig
from lsst.daf.butler._butler_instance_options import ButlerInstanceOptions
from lsst.daf.butler.remote_butler._factory import RemoteButlerFactory

from sciplat.repository.storage import register

__all__ = ["remote_butler"]


class _Nobody:
    """Credentials of somebody who shows none; the Butler has no such provider of its own."""

    def get_server_headers(self) -> dict[str, str]:
        return {}

    def get_datastore_headers(self) -> dict[str, str]:
        return {}


def remote_butler(url: str, token: str | None, *, collections: str) -> Butler:
    """Return a Butler that reads a release by HTTP, with the rights of whose token this is, or of nobody.

    Parameters
    ----------
    url
        Of the repository, ``https://HOST/api/butler/repo/RELEASE``.
    token
        Sent there alone; files are fetched with addresses that need none.
    collections
        Where datasets are looked for, unless it is said otherwise.
    """
    register()
    factory = RemoteButlerFactory.create_factory_from_config(ButlerConfig(f"{url}/butler.yaml"))
    options = ButlerInstanceOptions(collections=collections)
    if token is not None:
        return factory.create_butler_for_access_token(token, butler_options=options)
    return factory._create_butler(auth=_Nobody(), butler_options=options)  # noqa: SLF001
