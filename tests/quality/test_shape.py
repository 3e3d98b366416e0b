"""The code keeps its shape: names with one home, docstrings, short functions and modules, no cycles."""

from __future__ import annotations

from statistics import median, quantiles

from tests.quality import shape

MAX_FUNCTION, MAX_P90, MAX_MEDIAN = 45, 20, 8
MAX_MODULE = 320


def test_public_class_names_of_the_application_are_unique() -> None:
    twice = {name: places for name, places in shape.public_classes().items() if len(places) > 1}
    assert not twice, f"one class name, one home: {twice}"


def test_public_names_have_docstrings() -> None:
    assert not shape.without_docstring()


def test_functions_are_short() -> None:
    found = [function for path in shape.python_files(*shape.SOURCES) for function in shape.functions(path)]
    lengths = [function.lines for function in found]
    assert [function.place for function in found if function.lines > MAX_FUNCTION] == []
    assert quantiles(lengths, n=10)[-1] <= MAX_P90
    assert median(lengths) <= MAX_MEDIAN


def test_modules_are_small() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in shape.python_files(*shape.SOURCES)}
    assert [str(path) for path, count in lines.items() if count > MAX_MODULE] == []


def test_modules_import_each_other_in_one_direction() -> None:
    assert shape.cycles() == 0
