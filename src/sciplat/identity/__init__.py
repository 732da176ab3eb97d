"""Who may come in: users, their passwords and sign-in links, tokens and what each opens."""

from __future__ import annotations

from sciplat.identity.models import Credential, IssuedToken, Scope, Token, TokenKind, User
from sciplat.identity.store import IdentityStore

__all__ = ["Credential", "IdentityStore", "IssuedToken", "Scope", "Token", "TokenKind", "User"]
