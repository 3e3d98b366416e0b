"""Loads the settings from files and environment, and checks them against the tables."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from app.core.settings.table import TREE, Settings, setting_rows, table_of
from app.core.urls import normalize_folder_url

DUMMY_SECRETS = ("changeme", "change-me", "change me", "secret", "password", "dummy", "example", "test", "xxx", "none")
DOCUMENTED = re.compile(r"THE-[A-Z-]+|[\W_]+")
"""Placeholders of the pages for operators, such as THE-TOKEN, and texts without a letter or digit, such as "..."."""

HIDDEN = "(hidden)"
"""Shown instead of a secret."""


class SettingError(ValueError):
    """An invalid setting. The message has its name, value, source and the allowed values."""

    def __init__(self, name: str, value: object, allowed: str, where: str) -> None:
        self.name = name
        super().__init__(f"{where}: {name} = {value!r} cannot be used; allowed: {allowed}")


class UnknownSettingError(SettingError):
    """A name that no setting has. Its value, which may be a secret, is not shown."""

    def __init__(self, name: str, known: Iterable[str], where: str) -> None:
        self.name = name
        near = get_close_matches(name, known, 1)
        remedy = f"did you mean {near[0]}?" if near else "`dqmhub config show` prints all settings"
        ValueError.__init__(self, f"{where}: There is no setting {name}; {remedy}")


class SettingErrors(SettingError):
    """Several invalid settings, a line each."""

    def __init__(self, errors: Sequence[SettingError]) -> None:
        self.name = ", ".join(error.name for error in errors)
        ValueError.__init__(self, "\n".join(map(str, errors)))


def load(config: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force. Raises SettingError that names all invalid ones."""
    values: dict[str, Any] = {}
    errors: list[SettingError] = []
    for file in config_files(config, environ):
        values.update(_from_file(file, errors))
    values.update(_from_environment(environ, errors))
    if errors:
        raise errors[0] if len(errors) == 1 else SettingErrors(errors)
    for row in setting_rows():
        if row.metadata["path"] and (value := values.get(row.name, row.default)):
            values[row.name] = tuple(map(_absolute, value)) if isinstance(value, tuple) else _absolute(value)
    return Settings(**values)


def _absolute(path: str) -> str:
    return normalize_folder_url(path) if "://" in path else os.path.abspath(TREE / Path(path).expanduser())


def config_files(config: Path | None, environ: Mapping[str, str]) -> list[Path]:
    """The configuration files: the main one, then those of its drop-in folder by name. Raises SettingError if it is missing."""
    named = config or (Path(environ["DQMHUB_CONFIG"]) if environ.get("DQMHUB_CONFIG") else None)
    if named and not named.is_file():
        raise SettingError("config", str(named), "a TOML file that exists", "command line or DQMHUB_CONFIG")
    main = named or next((path for path in (TREE / "dqmhub.toml", Path("/etc/dqmhub/dqmhub.toml")) if path.is_file()), None)
    return [main, *sorted((main.parent / "conf.d").glob("*.toml"))] if main else []


def _from_file(path: Path, errors: list[SettingError]) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        errors.append(SettingError("config", str(path), f"a readable TOML file ({error})", str(path)))
        return {}
    values = {}
    for name, value in content.items():
        with _collected(errors):
            values[name] = _checked(name, value, str(path))
    return values


@contextmanager
def _collected(errors: list[SettingError]) -> Iterator[None]:
    """Append an error of the block to a list, so that the next settings are checked too."""
    try:
        yield
    except SettingError as error:
        errors.append(error)


def _from_environment(environ: Mapping[str, str], errors: list[SettingError]) -> dict[str, Any]:
    values = {}
    for row in setting_rows():
        for variable in (f"DQMHUB_{row.name.upper()}", row.metadata["env"]):
            if variable and variable in environ:
                with _collected(errors):
                    values[row.name] = _checked(row.name, _parsed(row.name, environ[variable], variable), variable)
                break
    known = {f"DQMHUB_{row.name.upper()}" for row in setting_rows()} | OTHER_VARIABLES
    for variable in environ:
        if variable.startswith("DQMHUB_") and variable not in known:
            errors.append(UnknownSettingError(variable, known, "environment"))
    return values


OTHER_VARIABLES = {
    *("DQMHUB_CONFIG", "DQMHUB_ALIVE_FILE", "DQMHUB_SUPERVISOR_PID", "DQMHUB_START_AFTER"),
    *("DQMHUB_DEMO_ONLINE", "DQMHUB_FIXTURES"),
}
"""Variables that are not settings."""

_TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "text", tuple: "a list of texts"}


def type_of(name: str) -> type:
    """The type of a setting: bool, int, float, str, or tuple for a list of texts."""
    hint = get_type_hints(table_of(name))[name]
    found: type = get_origin(hint) or hint
    return found


def _parsed(name: str, text: str, where: str) -> Any:
    """Convert an environment variable to the type of the setting; items of lists are separated by commas."""
    expected = type_of(name)
    if expected is tuple and text.lstrip().startswith(('["', "['")):
        is_secret = next(row.metadata["secret"] for row in setting_rows() if row.name == name)
        allowed = "a list; in a variable its items are separated by commas, without brackets and quotes"
        raise SettingError(name, HIDDEN if is_secret else text, allowed, where)
    try:
        if expected is bool:
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if expected is tuple:
            return [part.strip() for part in text.split(",") if part.strip()]
        return expected(text)
    except (KeyError, ValueError):
        raise SettingError(name, text, _TYPES[expected], where) from None


def _checked(name: str, value: Any, where: str) -> Any:
    row = next((row for row in setting_rows() if row.name == name), None)
    if row is None and isinstance(value, dict):
        raise SettingError(f"[{name}]", HIDDEN, "lines `name = value` without sections", where)
    if row is None:
        raise UnknownSettingError(name, [row.name for row in setting_rows()], where)
    visible = HIDDEN if row.metadata["secret"] else value
    value = _typed(name, value, where, visible)
    if row.metadata["secret"] and any(_is_dummy(item) for item in (value if isinstance(value, tuple) else (value,)) if item):
        raise SettingError(name, visible, "a secret of your own, not the placeholder of a sample file", where)
    if allowed := row.metadata["check"](value) if row.metadata["check"] else "":
        raise SettingError(name, visible, allowed, where)
    return value


def _is_dummy(value: str) -> bool:
    """Whether a key, or the password in a URL, is a placeholder of a sample file."""
    password = re.search(r"://[^/@:]*:([^@]*)@", value) or re.search(r"[?&]password=([^&]*)", value)
    secret = password.group(1) if password else value
    bare = secret.strip("<>[]{} ")
    return bare.lower() in DUMMY_SECRETS or bool(DOCUMENTED.fullmatch(bare))


def _typed(name: str, value: Any, where: str, visible: Any) -> Any:
    expected = type_of(name)
    if expected is float and type(value) is int:
        value = float(value)
    if expected is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if type(value) is not expected:
        raise SettingError(name, visible, _TYPES[expected], where)
    return value
