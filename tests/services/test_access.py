"""What a visitor may do."""

from datetime import UTC, datetime

import pytest

from sciplat.errors import AuthenticationError, PermissionDeniedError
from sciplat.identity import Scope, Token, TokenKind, User
from sciplat.services.access import Visitor, may_read_release
from sciplat.vo.schema import Schema

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PUBLIC, PRIVATE = Schema("gaia", public=True), Schema("dp1")


def user(*scopes: Scope) -> User:
    return User("vera", frozenset(scopes), NOW, has_password=True)


def with_token(*scopes: Scope) -> Visitor:
    token = Token("key", "vera", TokenKind.USER, "", frozenset(scopes), NOW, None, None)
    return Visitor(user(*Scope), frozenset(scopes), token)


def test_nobody_is_asked_to_sign_in() -> None:
    with pytest.raises(AuthenticationError):
        Visitor.anonymous().require(Scope.READ_TAP)
    Visitor.anonymous().require(Scope.READ_TAP, unless_anonymous=True)


def test_a_visitor_who_lacks_a_scope_is_told_which() -> None:
    visitor = with_token(Scope.READ_IMAGE)

    visitor.require(Scope.READ_IMAGE)
    for unless_anonymous in (False, True):
        with pytest.raises(PermissionDeniedError, match="scope read:tap, which your token does not have"):
            visitor.require(Scope.READ_TAP, unless_anonymous=unless_anonymous)
    with pytest.raises(PermissionDeniedError, match="your session"):
        Visitor(user(), frozenset()).require(Scope.READ_TAP)


def test_public_releases_are_for_everybody_and_private_ones_for_those_signed_in() -> None:
    for visitor, private in [
        (Visitor.anonymous(), False),
        (with_token(Scope.READ_IMAGE), False),
        (with_token(Scope.READ_TAP), True),
    ]:
        assert may_read_release(visitor, PUBLIC)
        assert may_read_release(visitor, PRIVATE) is private
