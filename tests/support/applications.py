"""What the applications of one test run share: thousands are made, and most of the time for each is its routes and templates."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any, ClassVar

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Map, MapAdapter, Rule, RuleFactory


class CompiledTemplates(BytecodeCache):
    """Keeps compiled templates for the applications of other tests: their compilation takes longer than most tests."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template what was compiled from the same text."""
        if (code := self._codes.get((bucket.key, bucket.checksum))) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._codes[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


RULES: dict[str, Rule] = {}


def shared_rule(string: str, *, methods: set[str], **options: Any) -> Rule:
    """The rule of a route: one for all applications with the same route, which none of them binds."""
    key = f"{string} {sorted(methods)} {options}"
    if key not in RULES:
        RULES[key] = Rule(string, methods=methods, **options)
    return RULES[key]


class CompiledRoutes(Map):
    """The routes of an application, compiled when they are first needed, and once for all applications with the same ones."""

    compiled: ClassVar[dict[str, Map]] = {}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._options = options
        self._added: list[RuleFactory] = []
        self._shared: Map | None = None

    def add(self, rulefactory: RuleFactory) -> None:
        """Add a route; errors in it are raised when the routes are needed."""
        self._added.append(rulefactory)
        self._shared = None

    def shared(self) -> Map:
        """The compiled routes."""
        if self._shared is None:
            key = repr((self._options, self.merge_slashes, self.converters, [id(rule) for rule in self._added]))
            if key not in self.compiled:
                self.compiled[key] = made = Map(**self._options, merge_slashes=self.merge_slashes, converters=self.converters)
                for rule in self._added:
                    made.add(copy(rule))
            self._shared = self.compiled[key]
        return self._shared

    def bind(self, *args: Any, **kwargs: Any) -> MapAdapter:
        """As that of the compiled routes."""
        return self.shared().bind(*args, **kwargs)

    def bind_to_environ(self, *args: Any, **kwargs: Any) -> MapAdapter:
        """As that of the compiled routes."""
        return self.shared().bind_to_environ(*args, **kwargs)

    def iter_rules(self, endpoint: Any | None = None) -> Iterator[Rule]:
        """As that of the compiled routes."""
        return self.shared().iter_rules(endpoint)

    def is_endpoint_expecting(self, endpoint: Any, *arguments: str) -> bool:
        """As that of the compiled routes."""
        return self.shared().is_endpoint_expecting(endpoint, *arguments)


def share() -> None:
    """Let all applications that this process makes from now on share their compiled routes and templates."""
    Flask.url_map_class, Flask.url_rule_class = CompiledRoutes, staticmethod(shared_rule)
    Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}
