"""Figures of the structure: `python -m tests.quality.shape` prints modules, lines, functions, docstrings, types, cycles and duplicates."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import grimp

TREE = Path(__file__).resolve().parents[2]
SOURCES = ("app", "jobs", "protocol", "render", "services")
DUPLICATE_LINES = 6


class Function(NamedTuple):
    """A function of the sources."""

    place: str  # path:line
    name: str
    lines: int  # of its body, docstring and blank lines left out
    is_public: bool
    has_docstring: bool
    is_typed: bool


def python_files(*folders: str) -> list[Path]:
    """The Python files below these folders of the tree."""
    return sorted(path for folder in folders for path in (TREE / folder).rglob("*.py"))


def functions(path: Path) -> Iterator[Function]:
    """The functions of a file, nested ones included."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _function(path, node, lines)


def _function(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> Function:
    docstring = ast.get_docstring(node)
    first = node.body[1] if docstring is not None and len(node.body) > 1 else node.body[0]
    body = lines[first.lineno - 1 : node.end_lineno]
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    typed = [argument for argument in arguments if argument.annotation or argument.arg in ("self", "cls")]
    return Function(
        f"{path.relative_to(TREE)}:{node.lineno}",
        node.name,
        sum(bool(line.strip()) for line in body),
        not node.name.startswith("_"),
        docstring is not None,
        len(typed) == len(arguments) and node.returns is not None,
    )


def public_classes(folder: str = "app") -> dict[str, list[str]]:
    """Each public top-level class name with the modules that define it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in python_files(folder):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(TREE)))
    return dict(found)


def without_docstring(folders: Iterable[str] = SOURCES) -> list[str]:
    """Public modules, top-level classes and functions, and methods of public classes that have no docstring."""
    found = []
    for path in python_files(*folders):
        name, module = path.relative_to(TREE), ast.parse(path.read_text(encoding="utf-8"))
        if module.body and ast.get_docstring(module) is None:
            found.append(str(name))
        for node in module.body:
            found += [f"{name}:{line} {label}" for line, label in _bare(node)]
    return found


def _bare(node: ast.stmt) -> Iterator[tuple[int, str]]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_") or node.name == "Meta":
        return  # Meta: options of a peewee table
    if ast.get_docstring(node) is None:
        yield node.lineno, node.name
    if isinstance(node, ast.ClassDef):
        yield from ((line, f"{node.name}.{label}") for inner in node.body for line, label in _bare(inner))


def cycles() -> int:
    """Cycles among the modules: strongly connected groups of more than one module."""
    graph = grimp.build_graph(*SOURCES)
    return sum(graph.nominate_cycle_breakers(package) != set() for package in SOURCES)


def duplicates() -> int:
    """Places where six or more lines in a row, blanks, comments and imports left out, stand in another file as well."""
    seen: Counter[tuple[str, ...]] = Counter()
    for path in python_files(*SOURCES):
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        kept = [line for line in lines if len(line) > 3 and not line.startswith(("#", "import ", "from ", '"""'))]
        seen.update({tuple(kept[start : start + DUPLICATE_LINES]) for start in range(len(kept) - DUPLICATE_LINES + 1)})
    return sum(count > 1 for count in seen.values())


def count_lines(*folders: str) -> int:
    """Lines of Python below these folders."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*folders))


def main() -> None:
    """Print the figures."""
    found = [function for path in python_files(*SOURCES) for function in functions(path)]
    lengths = sorted(function.lines for function in found)
    public = [function for function in found if function.is_public]
    longest = sorted(found, key=lambda function: -function.lines)[:5]
    modules = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*SOURCES)}
    largest = max(modules, key=lambda path: modules[path])
    source, tests = count_lines(*SOURCES), count_lines("tests")
    print(f"modules               {len(modules)}, the largest {largest.relative_to(TREE)} with {modules[largest]} lines")
    print(f"lines                 {source} of sources, {tests} of tests ({tests / source:.2f} : 1)")
    print(
        f"functions             {len(found)}, lines: median {median(lengths):g}, p90 {quantiles(lengths, n=10)[-1]:g}, longest {lengths[-1]}"
    )
    for function in longest:
        print(f"                      {function.lines:3} {function.place} {function.name}")
    print(f"typed                 {sum(function.is_typed for function in found) / len(found):.1%} of functions")
    print(f"docstrings            {sum(function.has_docstring for function in public) / len(public):.1%} of public functions")
    print(f"names without one     {len(without_docstring())}")
    print(f"class names twice     {sum(len(places) > 1 for places in public_classes().values())}")
    print(f"packages with cycles  {cycles()}")
    print(f"duplicate places      {duplicates()}")


if __name__ == "__main__":
    main()
