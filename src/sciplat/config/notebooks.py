"""The settings of notebooks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sciplat.config.group import Group

__all__ = ["NotebookSettings"]


class NotebookSettings(Group):
    """How notebooks are started."""

    spawner: Literal["same-user", "system-users"] = Field(
        default="same-user",
        description="Whose rights notebooks have. `same-user`: those of whoever runs the instance, so that "
        "only `admin` may start them. `system-users`: each user those of the account of the same name on "
        "this machine; root must run the instance.",
    )
    host: str = Field(
        default="",
        max_length=253,
        pattern=r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$",
        description="The host name of notebooks, which is never that of the Portal: the page of a notebook "
        "may run anybody's script.",
        json_schema_extra={"allowed_text": "a host name", "default_text": "`nb.` before the host of `url`"},
    )
    days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="How long the token is good that a lab starts with; later it has to be started anew.",
    )
