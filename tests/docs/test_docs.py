"""Every setting, command and address is documented."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from flask import Flask

from app.areas import AREAS, settings_reference
from app.cli import dqmhub
from app.control.activity import FILTERS
from app.core.settings import TREE, load, reference
from app.security.roles import GRANTED, Role, least_role
from app.security.sign_on.grants import granted_role
from app.security.sign_on.settings import SignOnSettings

DOCS = TREE / "docs"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_settings_are_documented_with_their_defaults_and_help() -> None:
    table = settings_reference()
    assert table in text("operators/settings.md"), "put the output of `dqmhub config reference` into docs/operators/settings.md"
    assert text("operators/settings.md").endswith(table)


def test_the_settings_of_sign_on_are_documented_with_it() -> None:
    table = reference([("Settings", SignOnSettings)])
    assert text("operators/sign-on.md").endswith(table), "put the rows of `app.core.settings.reference` into docs/operators/sign-on.md"


def test_the_example_of_sign_on_is_accepted(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", text("operators/sign-on.md"), re.DOTALL)
    (tmp_path / "dqmhub.toml").write_text(example.replace('"..."', '"4f6d1c22-98b7-4a57-93b7-6d2c2f0f9a11"'))
    settings = load(tmp_path / "dqmhub.toml", {}).of(SignOnSettings)
    claims = {"cern_roles": ["dqm-pixel", "dqm-strips", "another"]}
    assert granted_role(claims, settings) == (Role.EXPERT, "Pixel,SiStrips")


def commands(group: click.Group, path: str) -> list[str]:
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += commands(command, f"{path} {name}") if isinstance(command, click.Group) else [f"{path} {name}"]
    return found


def test_every_command_is_documented() -> None:
    missing = [command for command in commands(dqmhub, "dqmhub") if f"`{command}" not in text("operators/commands.md")]
    assert not missing, f"add to docs/operators/commands.md: {missing}"


def test_every_role_is_documented_in_their_order() -> None:
    roles = [role.title for role in GRANTED]
    section = text("operators/accounts.md").partition("## Roles")[2].partition("\n## ")[0]
    documented = [name for name in re.findall(r"^\| (\w+) \|", section, re.M) if name != "role"]
    assert documented == roles, "add a row to the roles in docs/operators/accounts.md"
    assert f"| role | The rights of an account: {', '.join(roles)}. |" in text("developers/glossary.md")


def test_every_address_is_documented(app: Flask) -> None:
    documented = text("developers/addresses.md")
    missing = sorted({rule.rule for rule in app.url_map.iter_rules() if f"`{rule.rule}`" not in documented})
    assert not missing, f"add to docs/developers/addresses.md: {missing}"


def test_the_filters_of_the_control_room_are_documented_by_their_names_in_addresses() -> None:
    row = next(line for line in text("developers/addresses.md").splitlines() if line.startswith("| `/control` |"))
    assert {name for name in FILTERS if name} <= set(re.findall(r"`(\w+)`", row))


def test_the_documented_role_of_every_address_is_its_least_role(app: Flask) -> None:
    rows = re.findall(r"^\| (`/.*?`) \| ([\w ]+) \|", text("developers/addresses.md"), re.M)
    documented = {address: role for addresses, role in rows for address in re.findall(r"`([^`]+)`", addresses)}
    least: dict[str, Role] = {}
    for rule in app.url_map.iter_rules():
        role = least_role(app.view_functions[rule.endpoint])
        assert role is not None
        least[rule.rule] = min(role, least.get(rule.rule, role))
    names = {address: "everyone" if role is Role.PUBLIC else role.title for address, role in least.items()}
    wrong = {address: name for address, name in names.items() if documented[address] not in (name, "see text")}
    assert wrong == {}, f"the roles in docs/developers/addresses.md should be: {wrong}"


def test_every_address_of_the_api_is_in_the_openapi_document(app: Flask) -> None:
    from app.ops.openapi import document

    paths = document(AREAS)["paths"]
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api")]
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {(path, method) for path, methods in paths.items() for method in methods}
    for path, methods in paths.items():
        for what in methods.values():
            assert {p["name"] for p in what["parameters"] if p["in"] == "path"} == set(re.findall(r"{(\w+)}", path))


DOCUMENTS = [*TREE.glob("*.md"), *DOCS.rglob("*.md")]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(TREE)))
def test_links_of_a_document_lead_to_files_of_the_project(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:)([^)#\s]+)", path.read_text(encoding="utf-8"))
    lost = [target for target in targets if not (path.parent / target).exists()]
    assert not lost, f"{path.relative_to(TREE)} links to what is not there: {lost}"


def test_every_page_of_operators_is_found_from_their_index() -> None:
    folder = DOCS / "operators"
    found, new = set(), {folder / "index.md"}
    while new:
        found |= new
        texts = [path.read_text(encoding="utf-8") for path in new]
        linked = {(folder / target).resolve() for text in texts for target in re.findall(r"\]\(([\w-]+\.md)", text)}
        new = linked - found
    lost = {path.name for path in folder.glob("*.md")} - {path.name for path in found}
    assert not lost, f"link in docs/operators/index.md: {lost}"
