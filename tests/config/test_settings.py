"""What an operator writes, and what is said about mistakes."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciplat.config import Settings, default_home
from sciplat.config.allowed import allowed, group_of
from sciplat.config.reference import reference_page
from sciplat.errors import ConfigError


def load(home: Path, text: str | None = None, **environment: str) -> Settings:
    if text is not None:
        (home / "sciplat.yaml").write_text(text)
    return Settings.load(home, environment)


@pytest.mark.parametrize("text", [None, "", "# nothing yet\n", "---\n", "query:\n  # sync_seconds: 5\n"])
def test_no_file_and_an_empty_one_mean_the_defaults(tmp_path: Path, text: str | None) -> None:
    settings = load(tmp_path, text)

    assert settings == Settings()
    assert settings.port == 8080
    assert settings.host == "127.0.0.1"
    assert settings.query.max_rows == 20_000_000


def test_the_file_sets_and_the_environment_overrides(tmp_path: Path) -> None:
    text = "port: 9000\nname: Hill\nquery:\n  sync_seconds: 5\n  max_rows: 1_000\n"

    settings = load(tmp_path, text, SCIPLAT_PORT="9001", SCIPLAT_QUERY__SPOOL_DISK_FRACTION="0.5")

    assert (settings.port, settings.name) == (9001, "Hill")
    assert (settings.query.sync_seconds, settings.query.max_rows) == (5, 1000)
    assert settings.query.spool_disk_fraction == 0.5


def test_a_name_of_digits_in_the_environment_stays_text(tmp_path: Path) -> None:
    assert load(tmp_path, SCIPLAT_NAME="2025").name == "2025"


def test_variables_that_are_no_settings_are_left_alone(tmp_path: Path) -> None:
    environment = {"SCIPLAT_HOME": "/x", "SCIPLAT_SHARED": "/y", "SCIPLAT_TOKEN": "sp-z", "PORT": "1"}

    assert load(tmp_path, **environment) == Settings()


def test_settings_do_not_change_later(tmp_path: Path) -> None:
    settings = load(tmp_path)

    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot: 1\n", ["sciplat.yaml, line 1", "there is no setting prot", "did you mean port?"]),
        ("name: x\nquery:\n  sync_secnds: 1\n", ["line 3", "query.sync_secnds", "query.sync_seconds?"]),
        ("sync_seconds: 1\n", ["line 1", "did you mean query.sync_seconds?"]),
        ("zzz: 1\n", ["line 1", "zzz", "docs/reference/settings.md"]),
        ("port: 1\nhost: a\nport: 2\n", ["line 3", "port is set twice", "line 1"]),
        ("query:\n\tsync_seconds: 1\n", ["line 2", "a tab", "spaces"]),
        ("\tport: 1\n", ["line 1", "a tab"]),
        ("port: [1\n", ["line 2", "column"]),
        ("port: high\n", ["line 1", "port is 'high'", "a whole number from 1 to 65535"]),
        ('port: "8080"\n', ["line 1", "a whole number from 1 to 65535"]),
        ("port: yes\n", ["port is True", "a whole number"]),
        ("port: 0\n", ["port is 0", "from 1 to 65535"]),
        ("port:\n", ["port is None", "from 1 to 65535"]),
        ("name: 5\n", ["name is 5", "text of 1 to 80 characters"]),
        ("host: 'a b'\n", ["host is 'a b'", "an IP address or a host name"]),
        ("log:\n  level: loud\n", ["line 2", "log.level is 'loud'", "debug, info, warning, error"]),
        ("query: 5\n", ["line 1", "query is 5", "a group of settings"]),
        ("query:\n  spool_disk_fraction: 1.5\n", ["line 2", "a number above 0 to 0.9"]),
        ("query:\n  spool_disk_fraction: .nan\n", ["line 2", "spool_disk_fraction is nan"]),
        ("- port\n", ["line 1", "name: value"]),
        ("just words\n", ["line 1", "name: value"]),
        ("a: 1\n---\nb: 1\n", ["sciplat.yaml, line 2"]),
        ("port: !!python/object:os.system 1\n", ["sciplat.yaml, line 1"]),
        ("? [a]\n: 1\n", ["line 1", "the name of a setting"]),
        ("port: 2025-13-45\n", ["line 1", "port"]),
        ("a: " + "[" * 600, ["sciplat.yaml"]),
        ("port: \x00\n", ["sciplat.yaml"]),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)

    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("SCIPLAT_PROT", "1", ["SCIPLAT_PROT", "did you mean SCIPLAT_PORT?"]),
        ("SCIPLAT_QUERY_SYNC_SECONDS", "1", ["did you mean SCIPLAT_QUERY__SYNC_SECONDS?"]),
        ("SCIPLAT_SYNC_SECONDS", "1", ["did you mean SCIPLAT_QUERY__SYNC_SECONDS?"]),
        ("SCIPLAT_PORT", "x", ["environment variable SCIPLAT_PORT", "port is 'x'", "from 1 to 65535"]),
        ("SCIPLAT_PORT", "", ["SCIPLAT_PORT", "port is ''"]),
        ("SCIPLAT_PORT", "{", ["SCIPLAT_PORT", "port is '{'"]),
        ("SCIPLAT_QUERY", "1", ["there is no such setting"]),
    ],
)
def test_a_mistake_in_the_environment_is_named(
    tmp_path: Path, variable: str, value: str, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, **{variable: value})

    assert [word for word in words if word not in str(caught.value)] == []


def test_a_file_that_is_no_text_and_a_folder_are_errors_not_crashes(tmp_path: Path) -> None:
    (tmp_path / "sciplat.yaml").write_bytes(b"port: \xff\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        Settings.load(tmp_path, {})
    (tmp_path / "sciplat.yaml").unlink()
    (tmp_path / "sciplat.yaml").mkdir()
    with pytest.raises(ConfigError, match="can't be read"):
        Settings.load(tmp_path, {})


@given(text=st.text(alphabet="port: query\n\t-[]{}#&*!|>'\"%@`0123", max_size=60))
def test_any_text_is_settings_or_a_config_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    home = tmp_path_factory.mktemp("home")
    with suppress(ConfigError):
        assert isinstance(load(home, text), Settings)


def test_the_home_is_the_variable_then_the_users_data_directory() -> None:
    assert default_home({"SCIPLAT_HOME": "/srv/sky"}) == Path("/srv/sky")
    assert default_home({"XDG_DATA_HOME": "/data"}) == Path("/data/sciplat")
    assert default_home({"XDG_DATA_HOME": "relative"}) == Path.home() / ".local/share/sciplat"
    assert default_home({}) == Path.home() / ".local/share/sciplat"


def fields() -> Iterator[tuple[str, object]]:
    for model in (Settings, *(group_of(field) for field in Settings.model_fields.values())):
        if model is not None:
            yield from model.model_fields.items()


def test_every_setting_has_a_default_a_description_and_limits() -> None:
    for name, field in fields():
        assert not field.is_required(), name  # type: ignore[attr-defined]
        assert field.description, name  # type: ignore[attr-defined]
        assert allowed(field), name  # type: ignore[arg-type]


def test_the_reference_page_is_fresh() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"

    assert page.read_text() == reference_page(), (
        "run: python -m sciplat.config.reference > docs/reference/settings.md"
    )
