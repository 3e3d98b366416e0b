"""Metric expressions of configurations, as `basic.BinCount(2)`: the name of a metric and literals, never code."""

from __future__ import annotations

import ast
import re
import types
import typing
import warnings
from collections.abc import Sequence
from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from typing import Any

from app.trends.errors import ConfigError
from app.trends.metrics.keywords import KEYWORDS
from app.trends.metrics.metric import Metric
from app.trends.metrics.registry import METRICS

MAX_LENGTH = 1000
"""Characters of the longest expression; the longest of the original's configurations has 59."""

EXAMPLE = "a metric and its arguments, as basic.BinCount(2)"


def parse_metric(expression: str) -> Metric:
    """The metric that an expression names. Raises `ConfigError` with what would be right."""
    if len(expression) > MAX_LENGTH:
        raise ConfigError(f"The metric has {len(expression):,} characters; right would be at most {MAX_LENGTH:,}")
    name, call = _call(expression)
    if name not in METRICS:
        near = get_close_matches(name, METRICS, 1, 0.5) or get_close_matches(
            name.rpartition(".")[2], [known.rpartition(".")[2] for known in METRICS], 1
        )
        raise ConfigError(f"There is no metric {name}" + (f"; the nearest is {near[0]}" if near else f"; right would be {EXAMPLE}"))
    return _build(name, call)


def _call(expression: str) -> tuple[str, ast.Call]:
    """The name of the metric, and the call that the expression consists of."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of strange texts in quotes
            call = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConfigError(f"The metric {_short(expression)} cannot be read; right would be {EXAMPLE}") from None
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)):
            return f"{module}.{name}", call
    raise ConfigError(f"The metric {_short(expression)} is no call of a metric; right would be {EXAMPLE}")


def _build(name: str, call: ast.Call) -> Metric:
    metric = METRICS[name]
    hints = _argument_types(metric)
    names = list(hints)
    if len(call.args) > len(names):
        raise ConfigError(f"{name} has {len(call.args)} arguments; right would be {_signature(name, names)}")
    values = dict(zip(names, call.args, strict=False))
    original_names = dict(zip(KEYWORDS.get(name, ()), names, strict=False))
    for keyword in call.keywords:
        argument = keyword.arg or "**"
        field = original_names.get(argument) or _field_name(argument)
        if field not in hints or field in values:
            raise ConfigError(f"{name} cannot use the argument {_short(argument)}; right would be {_signature(name, names)}")
        values[field] = keyword.value
    try:
        return metric(**{field: _converted(field, _literal(node), hints[field]) for field, node in values.items()})
    except TypeError:
        raise ConfigError(f"{name} lacks arguments; right would be {_signature(name, names)}") from None
    except RecursionError:
        raise ConfigError(f"{name} has an argument in too many brackets; right would be a number, a text or a list of these") from None
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None


@cache
def _argument_types(metric: type[Metric]) -> dict[str, Any]:
    """The types of the arguments of a metric, by name, in their order."""
    hints = typing.get_type_hints(metric)
    return {field.name: hints[field.name] for field in fields(metric)}  # type: ignore[arg-type]  # a protocol cannot say that it is a dataclass


def _signature(name: str, arguments: Sequence[str]) -> str:
    return f"{name}({', '.join(arguments)})"


def _field_name(keyword: str) -> str:
    """`no_error` for the original's `noError`."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", keyword).lower()


def _literal(node: ast.expr) -> Any:
    """A number, text, truth value, None, or a list of these. Raises `ValueError`."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as value)) if not isinstance(
            value, bool
        ):
            return -value if isinstance(sign, ast.USub) else value
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return tuple(_literal(element) for element in elements)
    raise ValueError(f"{_short(ast.unparse(node))} is computed; right would be a number, a text or a list of these")


def _converted(name: str, value: Any, hint: Any) -> Any:
    """The value as the type of its argument. Raises `ValueError` with what would be right."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        converted = _as_type(value, option)
        if converted is not _NONE_SUCH:
            return converted
    raise ValueError(
        f"{name} is {_short(repr(value))}; right would be {' or '.join(_TYPE_NAMES.get(option, 'a list') for option in options)}"
    )


_NONE_SUCH = object()
_LARGEST = 1e18
"""Larger numbers are no bin and no limit of an axis."""
_TYPE_NAMES = {int: "a whole number", float: "a number", bool: "True or False", str: "a text in quotes", type(None): "None"}


def _as_type(value: Any, wanted: Any) -> Any:
    """The value as one type, or `_NONE_SUCH`."""
    if elements := typing.get_args(wanted):
        sequence = value if isinstance(value, tuple) else (value,)  # (30.) is a number in Python, and stands for a list of one
        converted = tuple(_converted("an element", each, elements[0]) for each in sequence)
        return converted if typing.get_origin(wanted) is not tuple or len(converted) == len(elements) else _NONE_SUCH
    if wanted is bool:
        return bool(value) if isinstance(value, (bool, int)) else _NONE_SUCH
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value if isinstance(value, wanted) and wanted in (str, type(None)) else _NONE_SUCH
    if not abs(value) <= _LARGEST:
        return _NONE_SUCH
    if wanted is int:
        return int(value) if value == int(value) else _NONE_SUCH
    return float(value) if wanted is float else _NONE_SUCH


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
