"""Queries that several parts of a page make: one of them is enough for a request."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, TypeVar

from flask import g, has_request_context

Result = TypeVar("Result")


def once_per_request(function: Callable[..., Result]) -> Callable[..., Result]:
    """The function, called once for the same arguments in a request. What it returns is shared and must not be changed."""

    @wraps(function)
    def shared(*args: Hashable, **kwargs: Hashable) -> Result:
        if not has_request_context():
            return function(*args, **kwargs)
        results: dict[Any, Result] = g.setdefault("shared_results", {})
        key = (function, args, *sorted(kwargs.items()))
        if key not in results:
            results[key] = function(*args, **kwargs)
        return results[key]

    return shared
