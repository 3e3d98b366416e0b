"""Finds assertions that fail on a slow machine: those that a duration is below a limit."""

from __future__ import annotations

import ast
from collections.abc import Iterator

CLOCKS = frozenset(f"{name}{unit}" for name in ("monotonic", "perf_counter", "process_time", "thread_time") for unit in ("", "_ns"))
WALL_CLOCK = "time.time"
CPU_TIMES = frozenset({"ru_utime", "ru_stime"})
UNPATIENT = frozenset({"run", "communicate", "urlopen", "create_connection", "HTTPConnection"})
"""Calls that wait for another process or for a server."""

Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


def demands_of_quickness(source: str) -> list[str]:
    """The assertions of a module that a duration is below a limit: line and text."""
    if not any(word in source for word in (WALL_CLOCK, *CLOCKS, *CPU_TIMES)):
        return []  # as in most modules: to look closely takes a while
    module = ast.parse(source)
    scopes = [node for node in ast.walk(module) if isinstance(node, Scope)]
    stopwatches = {node.name for node in scopes if not isinstance(node, ast.Module) and _Durations(node, frozenset()).are_returned()}
    found = {
        (node.lineno, ast.unparse(node))
        for scope in scopes
        for node in _own_nodes(scope)
        if isinstance(node, ast.Assert) and _Durations(scope, stopwatches).are_limited_by(node)
    }
    return [f"{line}: {text}" for line, text in sorted(found)]


def fixed_timeouts(source: str) -> list[str]:
    """The calls of a module that wait for a process or server for a fixed time: line and text."""
    if "timeout" not in source:
        return []
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and _name(node.func) in UNPATIENT and any(map(_is_fixed, node.keywords))
    ]


def _is_fixed(keyword: ast.keyword) -> bool:
    """Whether this is a timeout that names no constant such as PATIENCE_S."""
    names = any(isinstance(node, ast.Name | ast.Attribute | ast.Call) for node in ast.walk(keyword.value))
    return keyword.arg == "timeout" and not names and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None)


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope; those of functions in it are not its own."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, Scope):
            yield from _own_nodes(child)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


class _Durations:
    """The expressions of a scope that are durations, and the names that hold moments and durations."""

    def __init__(self, scope: Scope, stopwatches: frozenset[str] | set[str]) -> None:
        self.scope, self.stopwatches = scope, stopwatches
        self.moments: set[str] = set()
        self.durations: set[str] = set()
        assignments = [node for node in _own_nodes(scope) if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value]
        for _ in range(3):  # a name may be assigned from another
            for node in assignments:
                self._assign(node)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for name, value in pairs:
                if value is not None and self._is_moment(value):
                    self.moments.add(ast.unparse(name))
                if value is not None and self._has_duration(value):
                    self.durations.add(ast.unparse(name))

    def _is_moment(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            is_wall_clock = isinstance(node.func, ast.Attribute) and ast.unparse(node.func) in (WALL_CLOCK, f"{WALL_CLOCK}_ns")
            return is_wall_clock or _name(node.func) in CLOCKS
        return ast.unparse(node) in self.moments or (isinstance(node, ast.Attribute) and node.attr in CPU_TIMES)

    def _is_duration(self, node: ast.AST) -> bool:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            sides = node.left, node.right
            measured = any(isinstance(side, ast.Call) and _name(side.func) in CLOCKS for side in sides)
            return measured or all(map(self._is_moment, sides))
        if isinstance(node, ast.Call):
            return _name(node.func) in self.stopwatches
        return isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and ast.unparse(node) in self.durations

    def _has_duration(self, node: ast.expr) -> bool:
        return any(map(self._is_duration, ast.walk(node)))

    def are_returned(self) -> bool:
        """Whether the function of this scope returns a duration."""
        return any(isinstance(node, ast.Return) and node.value and self._has_duration(node.value) for node in _own_nodes(self.scope))

    def are_limited_by(self, assertion: ast.Assert) -> bool:
        """Whether an assertion demands that a duration is below something."""
        for node in ast.walk(assertion.test):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                for low, sign, high in zip(sides, node.ops, sides[1:], strict=False):
                    below = low if isinstance(sign, ast.Lt | ast.LtE) else high if isinstance(sign, ast.Gt | ast.GtE) else None
                    if below is not None and self._has_duration(below):
                        return True
        return False
