"""The settings, each with its default, its limits and what it does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field

from sciplat.config.group import Group
from sciplat.config.history import HistorySettings
from sciplat.config.machine import cores, memory_bytes
from sciplat.config.notebooks import NotebookSettings
from sciplat.config.read import read_settings

__all__ = ["BatchSettings", "ImageSettings", "LogSettings", "QuerySettings", "Settings"]

_MEGABYTE = 1_000_000


def _memory_mb(others: Mapping[str, Any]) -> int:
    workers: int = others.get("sync_workers", 1) + others.get("job_workers", 1)
    return max(100, min(800, memory_bytes() // 4 // workers // _MEGABYTE))


class LogSettings(Group):
    """What the processes write into their logs."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important kind of message that is written."
    )


class QuerySettings(Group):
    """What queries may use."""

    sync_workers: int = Field(
        default_factory=lambda: max(2, cores()),
        ge=1,
        le=1024,
        description="How many synchronous queries run at once, each in a process of its own.",
        json_schema_extra={"default_text": "the number of processors, at least 2"},
    )
    job_workers: int = Field(
        default_factory=lambda: max(1, cores()),
        ge=1,
        le=1024,
        description="How many queries of asynchronous jobs run at once, each in a process of its own.",
        json_schema_extra={"default_text": "the number of processors"},
    )
    memory_mb: int = Field(
        default_factory=_memory_mb,
        ge=100,
        le=10_000_000,
        description="How much memory (megabytes) the engine may use for one query before it works on disk.",
        json_schema_extra={
            "default_text": "a quarter of the machine's memory shared out among `sync_workers` and "
            "`job_workers`, from 100 to 800"
        },
    )
    sync_seconds: int = Field(
        default=60, ge=1, le=86_400, description="How long a synchronous query may run in the engine."
    )
    cache_seconds: int = Field(
        default=300,
        ge=0,
        le=86_400,
        description="How long the result of a synchronous query is kept, for its asker alone, and given "
        "again without running the query while the tables have not changed; 0 keeps none.",
    )
    cache_memory_mb: int = Field(
        default=64, ge=0, le=1_000_000, description="Memory (megabytes) for small results that are kept so."
    )
    cache_disk_mb: int = Field(
        default=1000, ge=0, le=10_000_000, description="Disk (megabytes) for large results that are kept so."
    )
    short_seconds: float = Field(
        default=1.0,
        gt=0,
        le=3600,
        description="A query that is expected to use more of the processors' time than that, or does, is "
        "a heavy one: heavy ones never take the last worker, and give way to others.",
    )
    queue_seconds: int = Field(
        default=30,
        ge=0,
        le=3600,
        description="How long a synchronous query waits for a free worker before it is sent away.",
    )
    sync_queries_per_user: int = Field(
        default=60,
        ge=1,
        le=10_000,
        description="How many synchronous queries of one user may be at work or wait; more are sent away. "
        "The next to run is one of the user for whom the fewest are at work.",
    )
    sync_queries_anonymous: int = Field(
        default=120,
        ge=1,
        le=10_000,
        description="How many of all who have not signed in, who count as one user; from one address no more "
        "than of one user, but for this machine's own.",
    )
    async_seconds: int = Field(
        default=3600,
        ge=1,
        le=31_536_000,
        description="How long a job may run that asks for no execution duration.",
    )
    async_seconds_max: int = Field(
        default=86_400,
        ge=1,
        le=31_536_000,
        description="The longest execution duration that a job may ask for.",
    )
    max_rows: int = Field(
        default=20_000_000,
        ge=1,
        le=10**12,
        description="The most rows of a result; one that is cut says `OVERFLOW`.",
    )
    max_bytes: int = Field(
        default=6_000_000_000,
        ge=1_000_000,
        le=10**15,
        description="The most bytes of a result on disk; one that is cut says `OVERFLOW`.",
    )
    upload_mb: int = Field(
        default=100,
        ge=1,
        le=100_000,
        description="How large (megabytes) the tables may be together that somebody sends with a query.",
    )
    upload_seconds: int = Field(
        default=60,
        ge=1,
        le=86_400,
        description="How long (seconds) fetching a table that a query names may take, and how much of a "
        "processor's time reading it, at least: as many seconds as `query.upload_mb` has megabytes are "
        "allowed in any case, which is enough for every format.",
    )
    upload_hosts: str = Field(
        default="",
        max_length=4000,
        description="Hosts, separated by spaces, from which tables may be fetched although they are on a "
        "private network. All others must be on the open Internet.",
        json_schema_extra={"allowed_text": "host names or addresses, separated by spaces"},
    )
    running_jobs_per_user: int = Field(
        default=10,
        ge=1,
        le=10_000,
        description="How many jobs of one user run at once; others wait in the queue.",
    )
    anonymous_jobs: int = Field(
        default=1000,
        ge=0,
        le=1_000_000,
        description="How many jobs of all people together who have not signed in may wait or run at once. As "
        "many more are kept that were not started; then the oldest of those gives way.",
    )
    result_days: int = Field(
        default=7,
        ge=1,
        le=3650,
        description="How long a job and its result are kept, where its owner says nothing. No owner may ask "
        "for more than four times that.",
    )
    spool_disk_fraction: float = Field(
        default=0.2,
        gt=0,
        le=0.9,
        description="The part of the disk that the results of jobs may fill together, 0 to 1; all workers "
        "together may put down as much while they sort and join. What people who have not signed in ask "
        "for may fill half of it. Results of synchronous queries that are being fetched may fill half as "
        "much beside it; when they do, one that does not fit in memory is cut and says `OVERFLOW`.",
    )

    @property
    def upload_bytes(self) -> int:
        """How large the tables of a query may be together, in bytes."""
        return self.upload_mb * _MEGABYTE

    @property
    def result_days_max(self) -> int:
        """For how many days a job and its result may be kept at most."""
        return 4 * self.result_days


class ImageSettings(Group):
    """What reading images may use."""

    butler_seconds: int = Field(
        default=30,
        ge=1,
        le=3600,
        description="How long (seconds) what one request of a Butler client asks of the database may take.",
    )
    tiles_mb: int = Field(
        default=4000,
        ge=0,
        le=100_000_000,
        description="Disk (megabytes) for tiles and pictures of images that viewers have asked for; those "
        "that nobody asked for longest go first, and all can be made again. 0 keeps none.",
    )
    converted_mb: int = Field(
        default=20_000,
        ge=0,
        le=100_000_000,
        description="Disk (megabytes) for images in files of others that had to be put together into one; "
        "those that nobody asked for longest go first, and all can be made again. What was asked "
        "for within ten minutes stays, even if it is more.",
    )
    cutouts_at_once: int = Field(
        default_factory=lambda: 2 * cores(),
        ge=1,
        le=1024,
        description="How many cutouts are made at once; more wait.",
        json_schema_extra={"default_text": "twice the number of processors"},
    )
    queue_seconds: int = Field(
        default=30, ge=0, le=3600, description="How long a cutout waits for its turn before it is sent away."
    )


class BatchSettings(Group):
    """What jobs that cut out of images may use."""

    jobs: int = Field(
        default=2,
        ge=1,
        le=64,
        description="How many such jobs run at once. Long ones leave a place to short ones, where there is "
        "more than one.",
    )
    jobs_per_user: int = Field(
        default=2,
        ge=1,
        le=10_000,
        description="How many such jobs of one user run at once; others wait in the queue.",
    )
    positions: int = Field(
        default=100_000,
        ge=1,
        le=100_000_000,
        description="How many rows the table of a job that cuts out around positions may have.",
    )
    pieces: int = Field(
        default=500_000,
        ge=1,
        le=100_000_000,
        description="How many cutouts such a job may make.",
    )
    results: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="How many cutouts a job of SODA may make, each of which is a result of its own.",
    )
    max_mb: int = Field(
        default=20_000,
        ge=1,
        le=100_000_000,
        description="How large the archive of such a job may be, in MB.",
    )


class RowsSettings(Group):
    """What filtering, sorting and plotting the rows of results may use."""

    workers: int = Field(
        default=2,
        ge=1,
        le=64,
        description="How many questions about rows the engine works at at once; a large one leaves a worker "
        "to others, where there is more than one. They start when they are first needed.",
    )
    seconds: int = Field(
        default=60, ge=1, le=3600, description="How long one question about rows may take in the engine."
    )
    at_once: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="How many questions of one user the engine may work at or have waiting; more are sent "
        "away. All who have not signed in count as one user.",
    )
    cache_mb: int = Field(
        default=4000,
        ge=100,
        le=100_000_000,
        description="Disk (megabytes) for what is known of every row: sorted orders, filters, and values of "
        "axes. Those that nobody asked for longest go first, and all can be made again.",
    )
    cubes_mb: int = Field(
        default=400,
        ge=50,
        le=1_000_000,
        description="Memory (megabytes) for the figures from which brushes are answered; one set of charts "
        "may have half of it.",
    )


class Settings(Group):
    """One instance's settings; those of the instance itself stand at the top of the file."""

    name: str = Field(
        default="sciplat",
        min_length=1,
        max_length=80,
        description="What this instance is called in titles and greetings.",
    )
    authority: str = Field(
        default="sciplat.local",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,99}$",
        description="The IVOA authority in identifiers of images, `ivo://AUTHORITY/RELEASE?ID`. An "
        "observatory sets the one that it has registered, before it ingests images.",
        json_schema_extra={"allowed_text": "letters, digits, `.`, `_` and `-`, at least 3"},
    )
    host: str = Field(
        default="127.0.0.1",
        pattern=r"^[A-Za-z0-9.:_-]{1,253}$",
        description="The address or host name on which the front door listens. The default lets only this "
        "machine in; `0.0.0.0` lets in everybody who can reach it.",
        json_schema_extra={"allowed_text": "an IP address or a host name"},
    )
    port: int = Field(
        default=8080,
        ge=1,
        le=65_535,
        description="The port of the front door: Portal and API are at `http://HOST:PORT/`.",
    )
    url: str = Field(
        default="",
        max_length=300,
        pattern=r"^(https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?)?$",
        description="The address at which people reach the Portal, where the front door can't know it: "
        "behind a proxy of the observatory, or under a name. Notebooks are told apart from the Portal by it.",
        json_schema_extra={
            "allowed_text": "`http://` or `https://`, a host name, and a port if need be",
            "default_text": "`http://HOST:PORT`, with `localhost` for an address of this machine",
        },
    )
    session_days: int = Field(
        default=30, ge=1, le=3650, description="How long a browser stays signed in without signing in again."
    )
    log: LogSettings = Field(default_factory=LogSettings, description="What the processes write.")
    query: QuerySettings = Field(default_factory=QuerySettings, description="What queries may use.")
    images: ImageSettings = Field(default_factory=ImageSettings, description="What reading images may use.")
    batch: BatchSettings = Field(
        default_factory=BatchSettings, description="What jobs that cut out of images may use."
    )
    notebooks: NotebookSettings = Field(
        default_factory=NotebookSettings, description="How notebooks are started."
    )
    rows: RowsSettings = Field(
        default_factory=RowsSettings, description="What filtering and plotting rows of results may use."
    )
    history: HistorySettings = Field(
        default_factory=HistorySettings, description="How much is remembered of what users ask."
    )

    @classmethod
    def load(cls, home: Path, environment: Mapping[str, str] | None = None) -> Self:
        """Read ``sciplat.yaml`` in ``home`` and the environment's overrides.

        No file, or an empty one, means the defaults.

        Parameters
        ----------
        home
            The instance's home.
        environment
            Instead of the process's own; ``SCIPLAT_PORT`` and ``SCIPLAT_QUERY__SYNC_SECONDS``
            are read from it.

        Raises
        ------
        ConfigError
            A setting is unknown or wrong, or the file can't be read; the message says where.
        """
        return read_settings(cls, home / "sciplat.yaml", os.environ if environment is None else environment)
