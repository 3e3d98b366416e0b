"""Domain code knows no HTTP: it raises domain errors, which views map to responses."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.quality import shape

HTTP_AREAS = {"core", "web", "security", "ops", "home", "cli"}
"""Packages whose subject is the server itself, or that have pages alone."""

HTTP_MODULES = {"__init__.py", "area.py", "views.py", "api.py", "page.py", "problems.py"}
HTTP_FOLDERS = {"pages", "api"}
REQUESTS = {
    *("app/gui/addresses.py", "app/gui/drawing_options.py", "app/gui/plot_addresses.py", "app/gui/view.py", "app/gui/view_query.py"),
    *("app/gui/current.py", "app/square/view_state.py"),
}
"""Modules about the request of a page."""

HTTP = {"flask", "werkzeug", "app.web.problem"}
HTTP_NAMES = {"Problem", "page", "cached_json", "not_modified", "nothing_new", "is_api", "is_fragment"}


def http_imports(source: str) -> set[str]:
    """What a module imports of Flask, and of the responses of app.web."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] in HTTP}
        if isinstance(node, ast.ImportFrom) and node.module:
            is_http = node.module in HTTP or node.module.split(".")[0] in HTTP
            found |= {alias.name for alias in node.names if is_http or (node.module.startswith("app.web") and alias.name in HTTP_NAMES)}
    return found


def domain_modules() -> list[Path]:
    """The modules of areas but for views."""
    found = []
    for path in shape.python_files("app"):
        _, *folders, name = path.relative_to(shape.TREE).parts
        is_http = name in HTTP_MODULES or HTTP_FOLDERS & set(folders) or str(path.relative_to(shape.TREE)) in REQUESTS
        if folders and folders[0] not in HTTP_AREAS and not is_http:
            found.append(path)
    return found


def test_domain_code_imports_no_http() -> None:
    imports = {str(path.relative_to(shape.TREE)): http_imports(path.read_text(encoding="utf-8")) for path in domain_modules()}
    assert len(imports) > 100
    wrong = {path: names for path, names in imports.items() if names}
    assert wrong == {}, "raise a domain error of the area, and map it in its views"


@pytest.mark.parametrize(
    "source",
    [
        "import flask",
        "from flask import request",
        "def f():\n    from werkzeug.exceptions import abort",
        "from app.web import Problem, int_arg",
    ],
)
def test_an_import_of_http_is_found(source: str) -> None:
    assert http_imports(source)


def test_parsing_and_clocks_of_app_web_may_be_used() -> None:
    assert http_imports("from app.web.arguments import parse_int\nfrom app.web import clock") == set()


@pytest.mark.parametrize("path", [*shape.TREE.glob("app/*/errors.py")], ids=lambda path: path.parent.name)
def test_the_errors_of_an_area_have_one_base(path: Path) -> None:
    classes = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)]
    names = {node.name for node in classes}
    bases = [node.name for node in classes if not names & {ast.unparse(base) for base in node.bases}]
    if path.parent.name != "web":
        assert len(bases) == 1, f"derive the errors of {path.parent} from one base class"


def test_areas_do_not_import_views_of_each_other() -> None:
    """What two areas need of a request is a module without views, such as app/square/view_state.py."""
    views = {module_name(path) for path in shape.python_files("app") if "Blueprint(" in path.read_text(encoding="utf-8")}
    assert len(views) > 15
    imports = shape.imports_of_modules()
    foreign = {module: imports[module] & views - {view for view in views if area_of(view) == area_of(module)} for module in imports}
    assert {module: names for module, names in foreign.items() if names} == {}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(shape.TREE).with_suffix("").parts).removesuffix(".__init__")


def area_of(module: str) -> str:
    return ".".join(module.split(".")[:2])
