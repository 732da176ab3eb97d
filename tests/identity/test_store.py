"""Users, tokens and links: what is good, what is no more, and that nothing secret is kept or shown."""

import itertools
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect

from sciplat.errors import (
    AuthenticationError,
    ConflictError,
    LimitError,
    NotFoundError,
    PermissionDeniedError,
    UsageError,
)
from sciplat.identity import Credential, IdentityStore, IssuedToken, Scope, TokenKind
from sciplat.identity import passwords as passwords_module
from sciplat.identity.names import RESERVED, is_user_name
from sciplat.identity.tables import metadata

TAP = frozenset({Scope.READ_TAP})


class Clock(Protocol):
    def __call__(self) -> datetime: ...

    def advance(self, **span: float) -> None: ...


PASSWORD = "correct horse battery"


def session(store: IdentityStore, name: str) -> IssuedToken:
    return store.create_session(name, lifetime=timedelta(days=30), began="password")


# Users


def test_the_administrator_is_there_from_the_beginning(store: IdentityStore) -> None:
    (admin,) = store.users()

    assert (admin.name, admin.is_admin, admin.has_password) == ("admin", True, False)
    assert store.needs_sign_in_link()
    store.set_password("admin", PASSWORD)
    assert not store.needs_sign_in_link()


def test_a_user_may_all_but_administer_and_has_a_folder_of_its_own(
    store: IdentityStore, tmp_path: Path
) -> None:
    user = store.create_user("vera.r-2")

    assert not user.is_admin
    assert user.scopes == frozenset(Scope) - {Scope.ADMIN_INSTANCE}
    assert store.user("vera.r-2") == user
    for folder in (tmp_path / "workspace", tmp_path / "workspace" / "vera.r-2"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_user_is_added_once(store: IdentityStore) -> None:
    store.create_user("vera")

    with pytest.raises(ConflictError, match="vera"):
        store.create_user("vera")
    with pytest.raises(ConflictError, match="admin"):
        store.create_user("admin")


@pytest.mark.parametrize(
    "name",
    [
        *("", "Vera", "1vera", "-vera", ".vera", "..", "../vera", "vera/x", "vera x", "vera\n", "vera\0"),
        *(
            "véra",
            "\u0432era",
            "\uff56era",
            "vera\u200b",
            "v" * 33,
            "v" * 10_000_000,
            "12",
            *sorted(RESERVED),
        ),
    ],
    ids=lambda name: repr(name[:20]),
)
def test_names_that_could_mislead_are_refused(store: IdentityStore, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="can't be called") as caught:
        store.create_user(name)

    assert len(str(caught.value)) < 300
    assert [path.name for path in (tmp_path / "workspace").iterdir()] == ["admin"]


@given(st.text(max_size=40))
def test_a_name_stays_one_plain_folder(name: str) -> None:
    if is_user_name(name):
        assert name.isascii()
        assert name == name.lower()
        assert (Path("/home") / name).parent == Path("/home")


def test_a_link_where_a_users_folder_should_be_is_refused(store: IdentityStore, tmp_path: Path) -> None:
    (tmp_path / "workspace" / "vera").symlink_to(tmp_path)

    with pytest.raises(ConflictError, match="is a link"):
        store.create_user("vera")
    assert [user.name for user in store.users()] == ["admin"]


# Tokens


def test_a_token_opens_what_it_says(store: IdentityStore) -> None:
    store.create_user("vera")
    issued = store.create_token("vera", scopes=TAP, name="my script")

    credential = store.authenticate(issued.text)

    assert credential == Credential(store.user("vera"), issued.token, TAP)
    assert (issued.token.name, issued.token.kind) == ("my script", TokenKind.USER)
    assert issued.text.startswith("sp-")


def test_texts_that_are_no_token_open_nothing(store: IdentityStore) -> None:
    issued = store.create_token("admin", scopes=TAP)
    other = store.create_token("admin", scopes=TAP)
    key, _, secret = issued.text.partition(".")
    wrong = [
        *("", "sp-", "admin", "sp-.", ".", "\ud800", "é" * 48, "x" * 1_000_000, issued.text.upper()),
        *(issued.text[:-1], issued.text + "A", " " + issued.text, issued.text + "\n", issued.text[3:]),
        *(key, secret, f"{key}.", f"{key}.{'A' * 22}", f"{key}.{other.text.partition('.')[2]}"),
        *(f"sp-{'A' * 22}.{secret}", f"sp-{'%' * 22}.{secret}", f"{key}.{secret}".replace("sp-", "gt-")),
    ]

    for text in wrong:
        with pytest.raises(AuthenticationError):
            store.authenticate(text)


def test_an_expired_token_opens_nothing_from_that_moment(store: IdentityStore, clock: Clock) -> None:
    issued = store.create_token("admin", scopes=TAP, expires=clock() + timedelta(days=30))
    clock.advance(days=30, microseconds=-1)
    store.authenticate(issued.text)

    clock.advance(microseconds=1)

    with pytest.raises(AuthenticationError):
        store.authenticate(issued.text)
    assert store.tokens("admin") == ()


def test_a_revoked_token_opens_nothing_at_once_in_every_process(store: IdentityStore, tmp_path: Path) -> None:
    issued = store.create_token("admin", scopes=TAP)
    other = IdentityStore.open(tmp_path)
    other.authenticate(issued.text)

    store.revoke(issued.token.key)

    with pytest.raises(AuthenticationError):
        other.authenticate(issued.text)
    other.close()
    with pytest.raises(NotFoundError):
        store.revoke(issued.token.key)


def test_a_user_who_is_narrowed_takes_all_tokens_along_at_once(store: IdentityStore) -> None:
    store.create_user("vera")
    issued = store.create_token("vera", scopes={Scope.READ_TAP, Scope.WRITE_FILES})
    signed_in = session(store, "vera")

    store.set_scopes("vera", {Scope.WRITE_FILES, Scope.READ_IMAGE})

    assert store.authenticate(issued.text).scopes == {Scope.WRITE_FILES}
    assert store.authenticate(signed_in.text).scopes == {Scope.WRITE_FILES, Scope.READ_IMAGE}


def test_a_token_is_never_wider_than_its_user(store: IdentityStore) -> None:
    store.create_user("vera")

    with pytest.raises(PermissionDeniedError, match="admin:instance"):
        store.create_token("vera", scopes=frozenset(Scope))


def test_a_child_is_never_wider_and_never_outlives_its_parent(store: IdentityStore, clock: Clock) -> None:
    now = clock()
    parent = store.create_token("admin", scopes=TAP, expires=now + timedelta(days=1)).token.key

    with pytest.raises(PermissionDeniedError, match="read:image"):
        store.create_token("admin", scopes={Scope.READ_TAP, Scope.READ_IMAGE}, parent=parent)
    with pytest.raises(UsageError, match="outlive"):
        store.create_token("admin", scopes=TAP, expires=now + timedelta(days=2), parent=parent)
    child = store.create_token("admin", scopes=TAP, parent=parent)
    assert child.token.expires == now + timedelta(days=1)
    grandchild = store.create_token("admin", scopes=TAP, parent=child.token.key)

    store.revoke(parent)

    for issued in (child, grandchild):
        with pytest.raises(AuthenticationError):
            store.authenticate(issued.text)


def test_nobody_makes_a_token_with_somebody_elses_or_an_ended_one(store: IdentityStore, clock: Clock) -> None:
    store.create_user("vera")
    foreign = store.create_token("admin", scopes=TAP).token.key
    short = store.create_token("vera", scopes=TAP, expires=clock() + timedelta(hours=1)).token.key
    clock.advance(hours=1)

    for parent in (foreign, short, "unknown"):
        with pytest.raises(NotFoundError):
            store.create_token("vera", scopes=TAP, parent=parent)


def test_tokens_that_make_no_sense_are_refused(store: IdentityStore, clock: Clock) -> None:
    with pytest.raises(UsageError, match="a scope at least"):
        store.create_token("admin", scopes=())
    with pytest.raises(UsageError, match="in the past"):
        store.create_token("admin", scopes=TAP, expires=clock())
    with pytest.raises(UsageError, match="printable"):
        store.create_token("admin", scopes=TAP, name="a\nb")
    with pytest.raises(UsageError, match="100"):
        store.create_token("admin", scopes=TAP, name="a" * 101)
    with pytest.raises(NotFoundError, match="nobody-here"):
        store.create_token("nobody-here", scopes=TAP)


def test_a_list_of_tokens_is_newest_first_and_of_one_user(store: IdentityStore, clock: Clock) -> None:
    store.create_user("vera")
    store.create_token("admin", scopes=TAP, name="foreign")
    for name in ("first", "second"):
        store.create_token("vera", scopes=TAP, name=name)
        clock.advance(seconds=1)
    session(store, "vera")

    assert [token.name for token in store.tokens("vera")] == ["password", "second", "first"]
    assert [token.name for token in store.tokens("vera", kind=TokenKind.USER)] == ["second", "first"]
    with pytest.raises(NotFoundError):
        store.tokens("nobody-here")


def test_showing_a_token_writes_nothing(store: IdentityStore) -> None:
    issued = store.create_token("admin", scopes=TAP)
    before = store._database.version()

    store.authenticate(issued.text)

    assert store._database.version() == before


# Secrets


def test_a_copy_of_the_database_opens_nothing(store: IdentityStore, tmp_path: Path) -> None:
    store.set_password("admin", PASSWORD)
    issued, signed_in = store.create_token("admin", scopes=TAP), session(store, "admin")
    code = store.sign_in_link("admin")
    store.close()
    dump = b"".join(path.read_bytes() for path in sorted((tmp_path / "state").iterdir()))

    for text in (issued.text, signed_in.text):
        assert text.partition(".")[2].encode() not in dump
    assert code.encode() not in dump
    assert PASSWORD.encode() not in dump

    with sqlite3.connect(tmp_path / "state" / "identity.sqlite") as connection:
        kept = connection.execute("SELECT key, hex(secret), secret FROM tokens").fetchall()
        links = connection.execute("SELECT hex(code) FROM sign_in_links").fetchall()
        (password,) = connection.execute("SELECT password FROM users").fetchone()
    connection.close()
    store = IdentityStore.open(tmp_path)
    for key, as_hex, secret in kept:
        for guess in (as_hex, as_hex[:22], secret.decode("latin-1")[:22]):
            with pytest.raises(AuthenticationError):
                store.authenticate(f"sp-{key}.{guess}")
    with pytest.raises(AuthenticationError):
        store.redeem(links[0][0])
    with pytest.raises(AuthenticationError):
        store.check_password("admin", password, address="::1")
    store.close()


def test_secrets_are_in_no_description(store: IdentityStore) -> None:
    issued = store.create_token("admin", scopes=TAP)
    credential = store.authenticate(issued.text)
    secret = issued.text.partition(".")[2]

    for shown in (issued, issued.token, credential, store.users()):
        assert secret not in repr(shown)
        assert secret not in str(shown)


def test_errors_repeat_no_credential(store: IdentityStore) -> None:
    text = store.create_token("admin", scopes=TAP).text[:-1] + "_"

    for attempt in (
        lambda: store.authenticate(text),
        lambda: store.redeem("the-code"),
        lambda: store.check_password("admin", "the-password", address="::1"),
    ):
        with pytest.raises(AuthenticationError) as caught:
            attempt()
        shown = repr(caught.value)
        assert not any(part in shown for part in (text, "the-code", "the-password"))


def test_the_tables_are_what_the_migrations_make(store: IdentityStore) -> None:
    with store._database.read() as connection:
        found = inspect(connection)
        for table in metadata.sorted_tables:
            columns = {column["name"]: column for column in found.get_columns(table.name)}
            assert columns.keys() == set(table.columns.keys())
            for column in table.columns:
                assert columns[column.name]["nullable"] == column.nullable, column
            assert {index["name"] for index in found.get_indexes(table.name)} == {
                index.name for index in table.indexes
            }


# Links


def test_a_link_works_once(store: IdentityStore) -> None:
    store.create_user("vera")
    code = store.sign_in_link("vera")

    assert store.redeem(code).name == "vera"
    with pytest.raises(AuthenticationError, match="used before"):
        store.redeem(code)


def test_of_many_at_once_one_gets_in(store: IdentityStore) -> None:
    code = store.sign_in_link("admin")
    outcomes = []

    def redeem() -> None:
        try:
            outcomes.append(store.redeem(code).name)
        except AuthenticationError:
            outcomes.append("")

    threads = [threading.Thread(target=redeem) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [""] * 7 + ["admin"]


def test_a_link_ends_after_a_week_or_when_replaced_or_with_a_password(
    store: IdentityStore, clock: Clock
) -> None:
    expired = store.sign_in_link("admin")
    clock.advance(days=7)
    with pytest.raises(AuthenticationError):
        store.redeem(expired)

    replaced = store.sign_in_link("admin", lifetime=None)
    newest = store.sign_in_link("admin", lifetime=None)
    with pytest.raises(AuthenticationError):
        store.redeem(replaced)
    clock.advance(days=1000)
    assert store.redeem(newest).name == "admin"

    unused = store.sign_in_link("admin")
    store.set_password("admin", PASSWORD)
    with pytest.raises(AuthenticationError):
        store.redeem(unused)


def test_a_link_is_for_somebody_who_exists(store: IdentityStore) -> None:
    with pytest.raises(NotFoundError, match="vera"):
        store.sign_in_link("vera")
    for code in ("", "\ud800", "x" * 1_000_000):
        with pytest.raises(AuthenticationError):
            store.redeem(code)


# Passwords


def test_a_password_signs_in_and_ends_other_sessions_but_no_tokens(store: IdentityStore) -> None:
    signed_in, kept = session(store, "admin"), session(store, "admin")
    script = store.create_token("admin", scopes=TAP)

    store.set_password("admin", PASSWORD, keep=kept.token.key, keep_as="kept")

    assert store.check_password("admin", PASSWORD, address="::1").name == "admin"
    with pytest.raises(AuthenticationError):
        store.authenticate(signed_in.text)
    assert store.authenticate(kept.text).token.name == "kept"
    assert store.authenticate(script.text).scopes == TAP


def test_a_letter_is_the_same_however_the_keyboard_writes_it(store: IdentityStore) -> None:
    store.set_password("admin", "Ho\u0308lderlins Turm")

    assert store.check_password("admin", "H\u00f6lderlins Turm", address="::1").name == "admin"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        *(("admin", "wrong"), ("admin", ""), ("admin", "x" * 1_000_000), ("admin", "\ud800"), ("vera", "")),
        *(("nobody-here", PASSWORD), ("", PASSWORD), ("Admin", PASSWORD), ("a" * 1_000_000, PASSWORD)),
        ("\ud800", PASSWORD),
    ],
    ids=range(10),
)
def test_a_wrong_name_and_a_wrong_password_are_told_alike(
    store: IdentityStore, name: str, password: str
) -> None:
    store.create_user("vera")  # who has no password
    store.set_password("admin", PASSWORD)

    with pytest.raises(AuthenticationError) as caught:
        store.check_password(name, password, address="::1")

    assert str(caught.value) == "The user name or the password is wrong"


def test_a_name_that_nobody_has_costs_the_same_hash(
    store: IdentityStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set_password("admin", PASSWORD)
    store.create_user("vera")
    costs = []
    scrypt = passwords_module.hashlib.scrypt

    def counted(password: bytes, **options: object) -> bytes:
        costs.append((options["n"], options["r"], options["p"], options["dklen"]))
        return scrypt(password, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(passwords_module.hashlib, "scrypt", counted)
    for name in ("admin", "vera", "nobody-here", "No such name"):
        with pytest.raises(AuthenticationError):
            store.check_password(name, "wrong", address=name)

    assert len(costs) == 4
    assert len(set(costs)) == 1


@pytest.mark.parametrize("password", ["", "short", "x" * 9, "x" * 1025])
def test_passwords_too_short_or_too_long_are_refused(store: IdentityStore, password: str) -> None:
    with pytest.raises(UsageError, match="10 to 1024 characters"):
        store.set_password("admin", password)


def guess(store: IdentityStore, name: str, address: str = "192.0.2.1", password: str = "wrong") -> str:
    try:
        store.check_password(name, password, address=address)
    except AuthenticationError:
        return "wrong"
    except LimitError as error:
        return f"wait {error.retry_seconds}"
    return "in"


def test_guessing_at_an_account_is_slowed_down_from_any_address(
    store: IdentityStore, clock: Clock, tmp_path: Path
) -> None:
    store.set_password("admin", PASSWORD)
    addresses = (f"192.0.2.{number}" for number in itertools.count())
    assert [guess(store, "admin", next(addresses)) for _ in range(5)] == ["wrong"] * 5

    waits = []
    for _ in range(9):
        said = guess(store, "admin", next(addresses), PASSWORD)
        waits.append(int(said.removeprefix("wait ")))
        clock.advance(seconds=waits[-1])
        assert guess(store, "admin", next(addresses)) == "wrong"
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]

    again = IdentityStore.open(tmp_path, clock=store._now)
    assert guess(again, "admin", next(addresses), PASSWORD) == "wait 60"
    again.close()


def test_the_right_password_ends_the_slowing_down(store: IdentityStore, clock: Clock) -> None:
    store.set_password("admin", PASSWORD)
    for _ in range(5):
        guess(store, "admin")
    clock.advance(seconds=1)

    assert guess(store, "admin", password=PASSWORD) == "in"
    assert [guess(store, "admin") for _ in range(5)] == ["wrong"] * 5


def test_guessing_from_an_address_is_slowed_down_for_any_account(store: IdentityStore, clock: Clock) -> None:
    outcomes = [guess(store, f"user-{number}") for number in range(21)]

    assert outcomes == ["wrong"] * 20 + ["wait 1"]
    assert guess(store, "somebody", address="192.0.2.2") == "wrong"
    clock.advance(minutes=15, seconds=1)
    assert guess(store, "somebody") == "wrong"


def test_many_guesses_at_once_are_no_way_around(store: IdentityStore) -> None:
    outcomes: list[str] = []
    threads = [
        threading.Thread(target=lambda number=number: outcomes.append(guess(store, "admin", f"::{number}")))
        for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("wrong") == 5


def test_attempts_leave_little_behind(store: IdentityStore, clock: Clock) -> None:
    for number in range(30):
        guess(store, "x" * 100_000, address=f"{number}" * 10_000)
    clock.advance(minutes=16)
    guess(store, "admin")

    with store._database.read() as connection:
        rows = connection.exec_driver_sql("SELECT subject FROM failed_sign_ins").scalars().all()
    assert sorted(rows) == ["address:192.0.2.1", "user:admin"]


# Durability


@pytest.mark.slow
def test_several_processes_may_open_a_new_home_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from sciplat.identity import IdentityStore; "
        "print([user.name for user in IdentityStore.open(Path(sys.argv[1])).users()])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "home")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    assert [process.communicate() for process in processes] == [("['admin']\n", "")] * 3


@pytest.mark.slow
def test_a_token_that_was_shown_survives_kill_9(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from pathlib import Path
from sciplat.identity import IdentityStore, Scope
store = IdentityStore.open(Path(sys.argv[1]))
store.create_user("vera")
print(store.create_token("vera", scopes={Scope.READ_TAP}).text, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert ended.returncode == -9

    store = IdentityStore.open(tmp_path)
    assert store.authenticate(ended.stdout.strip()).user.name == "vera"
    store.close()
