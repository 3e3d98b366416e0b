"""Figures of the structure: `python -m tests.quality.shape` prints modules, lines, functions, docstrings, types, cycles and duplicates."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import grimp

TREE = Path(__file__).resolve().parents[2]
SOURCES = ("app", "jobs", "protocol", "render", "services")
DUPLICATE_LINES = 6
CLASS_MAKERS = ("NamedTuple", "namedtuple", "TypedDict", "Enum", "IntEnum", "StrEnum", "make_dataclass")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


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
        for name in class_names(path.read_text(encoding="utf-8")):
            found[name].append(str(path.relative_to(TREE)))
    return dict(found)


def class_names(source: str) -> list[str]:
    """The public classes of a module, those made by calls such as `NamedTuple("Point", ...)` included."""
    names = [node.name for node in _definitions(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func).endswith(CLASS_MAKERS):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [name for name in names if not name.startswith("_")]


def _definitions(scope: ast.AST) -> Iterator[Definition]:
    """The classes and functions of a module or class, also those below `if`, `try` and `with`."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, Definition):
            yield node
        elif isinstance(node, ast.stmt | ast.excepthandler):
            yield from _definitions(node)


def without_docstring(folders: Iterable[str] = SOURCES) -> list[str]:
    """Public modules, top-level classes and functions, and methods of public classes that have no docstring."""
    found = []
    for path in python_files(*folders):
        found += [f"{path.relative_to(TREE)}:{line} {name}" for line, name in bare_names(path.read_text(encoding="utf-8"))]
    return found


def bare_names(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of what has no docstring in a module; the name of the module itself is ""."""
    module = ast.parse(source)
    if module.body and not ast.get_docstring(module):
        yield 1, ""
    for node in _definitions(module):
        yield from _bare(node)


def _bare(node: Definition) -> Iterator[tuple[int, str]]:
    if node.name.startswith("_") or node.name == "Meta":  # Meta: options of a peewee table
        return
    if not ast.get_docstring(node):
        yield node.lineno, node.name
    if isinstance(node, ast.ClassDef):
        yield from ((line, f"{node.name}.{name}") for inner in _definitions(node) for line, name in _bare(inner))


def imports_of_modules() -> dict[str, set[str]]:
    """The modules that each module imports, also within functions and for types only."""
    graph = grimp.build_graph(*SOURCES, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def cycles(imports: dict[str, set[str]]) -> list[str]:
    """Import cycles, such as `a -> b -> a`; of several with a common import only one."""
    found = []
    imports = {module: set(imported) for module, imported in imports.items()}
    while True:
        try:
            TopologicalSorter(imports).prepare()
        except CycleError as error:
            backwards: list[str] = error.args[1]  # each module is imported by the next one
            found.append(" -> ".join(reversed(backwards)))
            imports[backwards[1]].discard(backwards[0])
        else:
            return found


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
    print(f"import cycles         {len(cycles(imports_of_modules()))}")
    print(f"duplicate places      {duplicates()}")


if __name__ == "__main__":
    main()
