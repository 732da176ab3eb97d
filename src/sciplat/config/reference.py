"""Writes the reference page of the settings: ``python -m sciplat.config.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sciplat.config.allowed import allowed, group_of
from sciplat.config.read import NOT_SETTINGS, PREFIX
from sciplat.config.settings import Settings

__all__ = ["reference_page"]

_HEAD = f"""\
# Settings

<!-- Made by `python -m sciplat.config.reference`: change the fields in `src/sciplat/config/settings.py`. -->

An instance reads its settings when it starts, from `sciplat.yaml` in its home. No file is needed:
every setting has a default.

```yaml
name: Observatory of the Hill
port: 8081
query:
  sync_seconds: 120
```

An environment variable overrides the file: `{PREFIX}PORT=8081`, `{PREFIX}QUERY__SYNC_SECONDS=120` (two
underscores between group and name). A name that is unknown, in the file or in the environment, is an
error. Variables that are no settings: {", ".join(f"`{name}`" for name in sorted(NOT_SETTINGS))}.
"""


def reference_page() -> str:
    """Return ``docs/reference/settings.md``."""
    return _HEAD + "".join(_sections(Settings, "The instance", ""))


def _sections(model: type[BaseModel], title: str, prefix: str) -> Iterator[str]:
    yield f"\n## {title}\n"
    groups = []
    for name, field in model.model_fields.items():
        group = group_of(field)
        if group is None:
            yield _setting(prefix + name, field)
        else:
            groups.append((name, group, field.description))
    for name, group, description in groups:
        yield from _sections(group, f"`{name}`: {(description or '').rstrip('.').lower()}", f"{name}.")


def _setting(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "default_text" in extra:
        default = str(extra["default_text"])
    else:
        default = f"`{field.default}`"
    return (
        f"\n### `{name}`\n\n{field.description}\n\n"
        f"- Allowed: {allowed(field)}\n"
        f"- Default: {default}\n"
        f"- Variable: `{PREFIX}{name.replace('.', '__').upper()}`\n"
    )


if __name__ == "__main__":
    sys.stdout.write(reference_page())
