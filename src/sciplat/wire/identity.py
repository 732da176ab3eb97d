# SPDX-License-Identifier: BSD-3-Clause
"""Who is signed in, and the tokens of a user."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, SecretStr

__all__ = [
    "InstanceResponse",
    "MeResponse",
    "PasswordRequest",
    "SessionRequest",
    "TokenCreatedResponse",
    "TokenListResponse",
    "TokenRequest",
    "TokenResponse",
    "UserInfoResponse",
    "UserResponse",
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UserResponse(BaseModel):
    """A user who has signed in."""

    name: str
    is_admin: bool
    scopes: list[str]


class InstanceResponse(BaseModel):
    """The deployed platform."""

    name: str
    version: str


class MeResponse(BaseModel):
    """Who is asking, and whom."""

    user: UserResponse | None
    instance: InstanceResponse


class SessionRequest(_Request):
    """Sign in: with a one-time link's code, or with name and password."""

    link: SecretStr | None = None
    username: str | None = Field(default=None, max_length=200)
    password: SecretStr | None = Field(default=None, max_length=1024)


class PasswordRequest(_Request):
    """Choose a password."""

    password: SecretStr = Field(max_length=1024)
    current: SecretStr | None = Field(default=None, max_length=1024)
    """The password until now; not needed in a session that began with a one-time link."""


class TokenRequest(_Request):
    """Make a token."""

    name: str = Field(max_length=100)
    scopes: list[str]
    expires_days: float | None = Field(default=None, gt=0, le=3650)


class TokenResponse(BaseModel):
    """A token as it is listed: never with its secret."""

    key: str
    name: str
    scopes: list[str]
    created: datetime
    expires: datetime | None


class TokenListResponse(BaseModel):
    """The asker's tokens, newest first."""

    tokens: list[TokenResponse]


class TokenCreatedResponse(BaseModel):
    """A new token: the only time that its text is shown."""

    token: str
    key: str


class UserInfoResponse(BaseModel):
    """Who a user is, for a client of OAuth."""

    sub: str
    """The user's name, which is never another user's (OpenID Connect Core 1.0, section 2)."""
