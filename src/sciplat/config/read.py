"""Reads settings from a file and from the environment, and says exactly what is wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from sciplat.config.allowed import allowed, group_of
from sciplat.errors import ConfigError

__all__ = ["NOT_SETTINGS", "read_settings"]

PREFIX = "SCIPLAT_"

NOT_SETTINGS = frozenset({"SCIPLAT_HOME", "SCIPLAT_PEER", "SCIPLAT_SHARED", "SCIPLAT_TOKEN", "SCIPLAT_URL"})
"""Variables of that prefix that say something else: where the home is, where tests find data,
and what the client signs in with."""

_LONGEST_SHOWN = 60

Where = tuple[str, ...]
Model = TypeVar("Model", bound=BaseModel)


def read_settings(model: type[Model], path: Path, environment: Mapping[str, str]) -> Model:
    """Return the settings of ``path`` with the environment's overrides.

    Raises
    ------
    ConfigError
        A setting is unknown or wrong, or the file can't be read.
    """
    places: dict[Where, str] = {}
    values = _of_file(path, places)
    _check_names(model, values, places)
    for setting, text, variable in _of_environment(model, environment):
        group = values
        for name in setting[:-1]:
            group = group.setdefault(name, {})
        group[setting[-1]] = text
        places[setting] = f"environment variable {variable}"
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_wrong(model, values, places, error)) from None


def _of_file(path: Path, places: dict[Where, str]) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is no UTF-8 text (byte {error.start + 1})") from error
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        found = None if root is None else _plain(loader, root, path, (), places)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_unreadable(path, text, error)) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: is nested too deeply") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigError(f"{path}, line 1: expected settings as 'name: value', one a line")
    return found


def _plain(loader: yaml.SafeLoader, node: yaml.Node, path: Path, at: Where, places: dict[Where, str]) -> Any:
    """Return a node's value, and note the line of each setting in it."""
    if not isinstance(node, yaml.MappingNode):
        try:
            return loader.construct_object(node, deep=True)
        except ValueError as error:  # what looks like a date, say, and is none
            line = node.start_mark.line + 1
            raise ConfigError(f"{path}, line {line}: {_dotted(at)}: {error}") from error
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{path}, line {line}: expected the name of a setting")
        name = str(key.value)
        if name in lines:
            raise ConfigError(
                f"{path}, line {line}: {_dotted((*at, name))} is set twice, "
                f"first on line {lines[name]}: remove one"
            )
        lines[name] = line
        places[(*at, name)] = f"{path}, line {line}"
        values[name] = _plain(loader, value, path, (*at, name), places)
    return values


def _unreadable(path: Path, text: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return f"{path}: {error.problem}"
    where = f"{path}, line {mark.line + 1}"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: mark.column + 1]:
        return f"{where}: a tab stands where YAML wants spaces; indent with spaces"
    return f"{where}, column {mark.column + 1}: {error.problem}"


def _check_names(model: type[BaseModel], values: dict[str, Any], places: dict[Where, str]) -> None:
    """Refuse unknown settings; a group that is written but empty means its defaults."""

    def walk(part: type[BaseModel], found: dict[str, Any], at: Where) -> None:
        for name, value in list(found.items()):
            field = part.model_fields.get(name)
            if field is None:
                raise ConfigError(
                    f"{places[(*at, name)]}: there is no setting {_dotted((*at, name))}"
                    + _suggestion(model, (*at, name), _dotted)
                )
            group = group_of(field)
            if group is not None and value is None:
                del found[name]
            elif group is not None and isinstance(value, dict):
                walk(group, value, (*at, name))

    walk(model, values, ())


def _of_environment(
    model: type[BaseModel], environment: Mapping[str, str]
) -> Iterator[tuple[Where, Any, str]]:
    known = {_variable(setting): setting for setting in _settings(model)}
    for variable, text in sorted(environment.items()):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        setting = known.get(variable)
        if setting is None:
            wish = tuple(variable.removeprefix(PREFIX).lower().split("__"))
            raise ConfigError(
                f"environment variable {variable}: there is no such setting"
                + _suggestion(model, wish, _variable)
            )
        yield setting, _of_text(model, setting, text), variable


def _of_text(model: type[BaseModel], setting: Where, text: str) -> Any:
    """Return what a variable's text means: a number where it reads as one, unless text is wanted."""
    part = model
    for name in setting[:-1]:
        group = group_of(part.model_fields[name])
        assert group is not None
        part = group
    if part.model_fields[setting[-1]].annotation is str:
        return text
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return value if isinstance(value, (int, float)) else text


def _settings(model: type[BaseModel], at: Where = ()) -> Iterator[Where]:
    for name, field in model.model_fields.items():
        group = group_of(field)
        if group is None:
            yield (*at, name)
        else:
            yield from _settings(group, (*at, name))


def _wrong(
    model: type[BaseModel], values: dict[str, Any], places: dict[Where, str], error: ValidationError
) -> str:
    first = error.errors(include_url=False)[0]
    setting = tuple(str(part) for part in first["loc"])
    part: type[BaseModel] | None = model
    field = None
    for name in setting:
        assert part is not None
        field = part.model_fields[name]
        part = group_of(field)
        values = values[name]
    assert field is not None
    shown = repr(values)
    if len(shown) > _LONGEST_SHOWN:
        shown = shown[:_LONGEST_SHOWN] + "…"
    return f"{places[setting]}: {_dotted(setting)} is {shown}, and must be {allowed(field)}"


def _suggestion(model: type[BaseModel], wish: Where, form: Any) -> str:
    """Return a hint at the setting that was probably meant, also where its group was forgotten."""
    known = list(_settings(model))
    for setting in known:
        if setting[-1] == wish[-1]:
            return f"; did you mean {form(setting)}?"
    near = difflib.get_close_matches(_dotted(wish), [_dotted(setting) for setting in known], n=1)
    if not near:
        last = difflib.get_close_matches(wish[-1], [setting[-1] for setting in known], n=1)
        near = [_dotted(setting) for setting in known if setting[-1] in last][:1]
    if not near:
        return "; docs/reference/settings.md lists them"
    return f"; did you mean {form(tuple(near[0].split('.')))}?"


def _dotted(setting: Where) -> str:
    return ".".join(setting)


def _variable(setting: Where) -> str:
    return PREFIX + "__".join(setting).upper()
