"""The code keeps its shape: names with one home, docstrings, short functions and modules, no cycles."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.quality import shape

MAX_FUNCTION, MAX_P90, MAX_MEDIAN = 45, 20, 8
MAX_MODULE = 300


def test_public_class_names_of_the_application_are_unique() -> None:
    twice = {name: places for name, places in shape.public_classes().items() if len(places) > 1}
    assert not twice, f"one class name, one home: {twice}"


@pytest.mark.parametrize(
    "source",
    [
        "class Point:\n    pass",
        "if sys.platform == 'linux':\n    class Point:\n        pass",
        "try:\n    import fast\nexcept ImportError:\n    class Point:\n        pass",
        "Point = NamedTuple('Point', [('x', int)])",
        "Point = collections.namedtuple('Point', 'x y')",
    ],
)
def test_a_class_is_found_however_it_is_made(source: str) -> None:
    assert shape.class_names(source) == ["Point"]


def test_public_names_have_docstrings() -> None:
    assert not shape.without_docstring()


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = 1", [""]),
        ('""""""\nx = 1', [""]),
        ('"""Points."""\ndef move():\n    pass', ["move"]),
        ('"""Points."""\ndef move():\n    """   """', ["move"]),
        ('"""Points."""\nasync def move():\n    pass', ["move"]),
        ('"""Points."""\nif fast:\n    def move():\n        pass', ["move"]),
        ('"""Points."""\nclass Point:\n    """A point."""\n    if fast:\n        def move(self):\n            pass', ["Point.move"]),
        ('"""Points."""\ndef _move():\n    def inner():\n        pass', []),
    ],
)
def test_a_missing_docstring_is_found_everywhere(source: str, names: list[str]) -> None:
    assert [name for _, name in shape.bare_names(source)] == names


def test_functions_are_short() -> None:
    found = [function for path in shape.python_files(*shape.SOURCES) for function in shape.functions(path)]
    lengths = [function.lines for function in found]
    assert [function.place for function in found if function.lines > MAX_FUNCTION] == []
    assert quantiles(lengths, n=10)[-1] <= MAX_P90
    assert median(lengths) <= MAX_MEDIAN


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n" + "    x = 1\n" * 50,
        "async def f():\n" + "    x = 1\n" * 50,
        "class A:\n    @staticmethod\n    def f():\n" + "        x = 1\n" * 50,
        "if x:\n    def outer():\n        def f():\n" + "            x = 1\n" * 50,
        "def f():\n    return [\n" + "        1,\n" * 50 + "    ]\n",
        "def f():\n    @cache\n    def g():\n" + "        x = 1\n" * 50,
    ],
)
def test_a_long_function_is_found_everywhere(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "TREE", tmp_path)
    (tmp_path / "long.py").write_text(source)
    ast.parse(source)
    assert max(function.lines for function in shape.functions(tmp_path / "long.py")) > MAX_FUNCTION


def test_modules_are_small() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in shape.python_files(*shape.SOURCES)}
    assert [str(path) for path, count in lines.items() if count > MAX_MODULE] == []


def test_modules_import_each_other_in_one_direction() -> None:
    assert shape.cycles(shape.imports_of_modules()) == []


def test_a_cycle_deep_in_a_package_is_found() -> None:
    imports = {"app": {"app.a"}, "app.a": {"app.b.c"}, "app.b.c": {"app.b.d", "app.core"}, "app.b.d": {"app.b.c"}, "app.core": set()}
    assert shape.cycles(imports) in (["app.b.c -> app.b.d -> app.b.c"], ["app.b.d -> app.b.c -> app.b.d"])
