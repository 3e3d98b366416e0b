"""Files of this product, `<SUBSYSTEM>/<anything>.toml`: a table `[[trend]]` for each trend."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from app.trends.configs.config import KEYS, ConfigProblem, Place, TrendConfig, make_config
from app.trends.errors import ConfigError

SUFFIX = ".toml"
FIELDS = ("name", *KEYS.values())
_TABLE = re.compile(r"^[ \t]*\[\[\s*trend\s*\]\]", re.MULTILINE)


def read(text: str, subsystem: str, file: str) -> Iterator[TrendConfig | ConfigProblem]:
    """The trends of a file in their order, and a problem in place of each that cannot be used."""
    try:
        trends = tomllib.loads(text).get("trend", [])
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"line (\d+)", str(error))
        yield ConfigProblem(Place(file, int(match[1]) if match else 1), f"The file is no TOML: {error}")
        return
    lines = [text.count("\n", 0, match.start()) + 1 for match in _TABLE.finditer(text)]
    if not isinstance(trends, list) or len(lines) != len(trends) or not trends:
        yield ConfigProblem(Place(file, 1), "The file has no trends; right would be a table [[trend]] for each")
        return
    for line, trend in zip(lines, trends, strict=True):
        try:
            yield make_config(subsystem, *_texts(trend), Place(file, line))
        except ConfigError as error:
            yield ConfigProblem(Place(file, line), str(error))


def _texts(trend: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The name of a trend, and its other fields as texts."""
    for key, value in trend.items():
        if key not in FIELDS:
            near = get_close_matches(key, FIELDS, 1)
            raise ConfigError(
                f"There is no field {key}; the nearest is {near[0]}"
                if near
                else f"There is no field {key}; right would be {', '.join(FIELDS)}"
            )
        if not isinstance(value, int if key == "threshold" else str) or isinstance(value, bool):
            raise ConfigError(f"{key} is {value!r}; right would be {'a whole number' if key == 'threshold' else 'a text in quotes'}")
    fields = {key: str(value).strip() for key, value in trend.items()}
    return fields.pop("name", ""), fields


def written(configs: Iterable[TrendConfig]) -> str:
    """A file with these trends, which `read` reads back."""
    return "\n".join("[[trend]]\n" + "".join(map(_line, FIELDS, (getattr(config, name) for name in FIELDS))) for config in configs)


def _line(name: str, value: str | int) -> str:
    """A field and its value; "" for one that a reader supposes without it."""
    if not value:
        return ""
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # which TOML forbids in quotes, and JSON does not
    return f"{name} = {text}\n"
