"""``sciplat user`` and ``sciplat token`` on a home that was never started."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sciplat.cli import main
from sciplat.errors import AuthenticationError
from sciplat.identity import IdentityStore, Scope
from sciplat.identity.passwords import Cost
from sciplat.processes.rundir import ProcessRecord, RunRecord, write_record

pytest.importorskip("sqlalchemy")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "never" / "started"


def sciplat(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--home", str(home)])


def opened(home: Path) -> IdentityStore:
    return IdentityStore.open(home, cost=Cost(n=2, r=1, p=1))


def test_user_add_prints_a_link_that_works_once(home: Path) -> None:
    result = sciplat(home, "user", "add", "vera")

    assert result.exit_code == 0, result.output
    address, _, code = result.stdout.strip().partition("#")
    assert address == "http://127.0.0.1:8080/portal/sign-in"
    store = opened(home)
    assert store.redeem(code).name == "vera"
    store.close()
    assert (home / "workspace" / "vera").is_dir()


def test_the_link_has_the_port_of_the_instance(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "sciplat.yaml").write_text("port: 9123\n")

    assert sciplat(home, "user", "add", "vera").stdout.startswith("http://127.0.0.1:9123/portal/sign-in#")


def test_the_link_has_the_port_on_which_the_instance_runs(home: Path) -> None:
    home.mkdir(parents=True)
    supervisor = ProcessRecord.of(os.getpid())
    assert supervisor is not None
    write_record(home, RunRecord(supervisor, "http://127.0.0.1:9234/", home))

    assert sciplat(home, "user", "add", "vera").stdout.startswith("http://127.0.0.1:9234/portal/sign-in#")
    write_record(home, RunRecord(ProcessRecord(supervisor.pid, 1.0), "http://127.0.0.1:9234/", home))
    assert sciplat(home, "user", "link", "vera").stdout.startswith("http://127.0.0.1:8080/portal/sign-in#")


def test_a_new_link_replaces_the_one_before(home: Path) -> None:
    first = sciplat(home, "user", "add", "vera").stdout.strip().partition("#")[2]
    second = sciplat(home, "user", "link", "vera").stdout.strip().partition("#")[2]

    store = opened(home)
    with pytest.raises(AuthenticationError):
        store.redeem(first)
    assert store.redeem(second).name == "vera"
    store.close()


def test_user_list_says_who_is_who(home: Path) -> None:
    sciplat(home, "user", "add", "vera")

    lines = sciplat(home, "user", "list").stdout.splitlines()

    assert [line.split()[:4] for line in lines] == [
        ["admin", "administrator", "no", "password"],
        ["vera", "user", "no", "password"],
    ]


def test_the_last_line_of_token_create_is_the_token_alone(home: Path) -> None:
    sciplat(home, "user", "add", "vera")

    result = sciplat(
        home,
        *("token", "create", "--user", "vera", "--scope", "read:tap", "--scope", "write:files"),
        *("--expires", "30d", "--name", "my script"),
    )

    assert result.exit_code == 0, result.output
    store = opened(home)
    credential = store.authenticate(result.stdout.splitlines()[-1])
    store.close()
    assert (credential.user.name, credential.token.name) == ("vera", "my script")
    assert credential.scopes == {Scope.READ_TAP, Scope.WRITE_FILES}
    assert credential.token.expires is not None
    assert (credential.token.expires - credential.token.created).days in {29, 30}


def test_token_list_shows_keys_and_never_secrets_and_revoke_ends_one(home: Path) -> None:
    made = [
        sciplat(home, "token", "create", "--user", "admin", "--scope", "read:tap").stdout.strip()
        for _ in range(2)
    ]
    listed = sciplat(home, "token", "list", "--user", "admin").stdout

    for text in made:
        key, _, secret = text.removeprefix("sp-").partition(".")
        assert key in listed
        assert secret not in listed
        assert sciplat(home, "token", "revoke", key if text is made[0] else text).exit_code == 0
    assert sciplat(home, "token", "list", "--user", "admin").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["user", "add", "Vera"], 2, "up to 32 characters"),
        (["user", "add", "system"], 2, "system"),
        (["user", "add", "admin"], 1, "There is a user admin already"),
        (["user", "link", "vera"], 1, "There is no user 'vera'"),
        (["token", "create", "--user", "admin"], 2, "--scope"),
        (["token", "create", "--user", "admin", "--scope", "read:tab"], 2, "did you mean read:tap?"),
        (["token", "create", "--user", "vera", "--scope", "read:tap"], 1, "There is no user 'vera'"),
        (["token", "create", "--user", "admin", "--scope", "read:tap", "--expires", "soon"], 2, "30d"),
        (["token", "create", "--user", "admin", "--scope", "read:tap", "--expires", "0d"], 2, "30d"),
        (["token", "create", "--user", "admin", "--scope", "read:tap", "--expires", "999999w"], 2, "3650d"),
        (["token", "list", "--user", "vera"], 1, "There is no user 'vera'"),
        (["token", "revoke", "nosuchkey"], 1, "There is no token 'nosuchkey'"),
    ],
)
def test_what_is_wrong_is_said_on_standard_error(
    home: Path, arguments: list[str], code: int, words: str
) -> None:
    result = sciplat(home, *arguments)

    assert (result.exit_code, result.stdout) == (code, "")
    assert words in " ".join(result.stderr.split())
    if code == 1:
        assert len(result.stderr.splitlines()) == 1


def test_a_wrong_setting_is_one_line(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "sciplat.yaml").write_text("prot: 1\n")

    result = sciplat(home, "user", "list")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("there is no setting prot; did you mean port?\n")
