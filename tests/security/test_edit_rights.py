"""Who may edit what: each role, with and without subsystems, on each kind of what belongs to a subsystem."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.database import proxy
from app.gui.layouts.editing.store import Saved, activate, active_layout, remove, roll_back, save
from app.gui.layouts.errors import PrivateArrangement
from app.gui.layouts.layout import Layout
from app.gui.layouts.models import Arrangement, ArrangementPlace, ArrangementVersion
from app.gui.layouts.workspace import Workspace
from app.security import accounts, tokens
from app.security.models import Audit
from app.security.proxies import CLIENT
from app.security.roles import parse_role
from app.trends.groups.group import DisplayGroup
from app.trends.groups.store import add_group
from app.web import Problem
from tests.gui.layouts.arrangements import layout
from tests.security.conftest import PASSWORD, sign_in
from tests.trends.rules.test_rules import FORM

Headers = dict[str, str]
Action = Callable[[Flask, Headers, str], bool]

SUBSYSTEMS = ("Pixel", "DT")

MAY_EDIT = {
    "": (),
    "viewer": (),
    "shifter": (),
    "expert": SUBSYSTEMS,
    "expert:Pixel": ("Pixel",),
    "expert:dt": ("DT",),
    "expert:Pixel,DT": SUBSYSTEMS,
    "expert:CSC": (),
    "operator": SUBSYSTEMS,
    "admin": SUBSYSTEMS,
}
"""The subsystems that each role may edit."""


def stored(content: Layout | Workspace) -> int:
    """The number of an arrangement that an administrator made, with two versions."""
    found = save(content)
    activate(*found[:2])
    save(replace(content, file="2"), arrangement=found.arrangement, based_on=1)
    return found.arrangement


def passes(app: Flask, headers: Headers, action: Callable[[], object]) -> bool:
    """Whether somebody may do something; nothing changes if not."""
    before = contents_of_tables()
    with app.test_request_context("/", headers=headers, environ_overrides={CLIENT: ""}):
        try:
            action()
        except Problem as problem:
            return problem.status != 403 or contents_of_tables() != before
    return True


def contents_of_tables() -> list[object]:
    return [list(table.select().dicts()) for table in (Arrangement, ArrangementVersion, ArrangementPlace, Audit)]


def add_layout(app: Flask, headers: Headers, subsystem: str) -> bool:
    return passes(app, headers, lambda: save(layout(f"{subsystem}/a")))


def add_shift_layout(app: Flask, headers: Headers, subsystem: str) -> bool:
    return passes(app, headers, lambda: save(layout(f"00 Shift/{subsystem}/a")))


def add_workspace(app: Flask, headers: Headers, subsystem: str) -> bool:
    return passes(app, headers, lambda: save(Workspace(subsystem, ("online",))))


def edit_layout(app: Flask, headers: Headers, subsystem: str) -> bool:
    number = stored(layout(f"{subsystem}/a"))
    return passes(app, headers, lambda: save(layout(f"{subsystem}/a", "x"), arrangement=number, based_on=2))


def activate_layout(app: Flask, headers: Headers, subsystem: str) -> bool:
    number = stored(layout(f"{subsystem}/a"))
    return passes(app, headers, lambda: activate(number, 2))


def roll_back_layout(app: Flask, headers: Headers, subsystem: str) -> bool:
    number = stored(layout(f"{subsystem}/a"))
    return passes(app, headers, lambda: roll_back(number, 1, 2))


def remove_layout(app: Flask, headers: Headers, subsystem: str) -> bool:
    number = stored(layout(f"{subsystem}/a"))
    return passes(app, headers, lambda: remove(number, 2))


def add_layout_in_page(app: Flask, headers: Headers, subsystem: str) -> bool:
    rows = json.dumps([[{"plot": "x"}]])
    form = {"path": f"{subsystem}/a", "scope": "online", "rows": rows, "do": "activate", "reason": "needed"}
    answer = app.test_client().post("/layouts/new", data=form, headers=headers)
    return re.fullmatch(r"/layouts/\d+", answer.headers.get("Location", "")) is not None


def remove_layout_in_page(app: Flask, headers: Headers, subsystem: str) -> bool:
    number = stored(layout(f"{subsystem}/a"))
    form = {"based_on": "2", "reason": "old"}
    answer = app.test_client().post(f"/layouts/{number}/remove", data=form, headers=headers)
    return answer.headers.get("Location") == f"/layouts/{number}"


def add_group_of_trends(app: Flask, headers: Headers, subsystem: str) -> bool:
    group = {"name": "a", "subsystem": subsystem, "series": ["x"]}
    return app.test_client().post("/api/v1/trends/groups", json=group, headers=headers).status_code == 201


def delete_group_of_trends(app: Flask, headers: Headers, subsystem: str) -> bool:
    row = add_group(DisplayGroup("a", "a", "", subsystem, False, ("x",)))
    return app.test_client().delete(f"/api/v1/trends/groups/{row.id}?version=1", headers=headers).status_code == 204


def add_rule_of_trends(app: Flask, headers: Headers, subsystem: str) -> bool:
    answer = app.test_client().post("/trends/rules/new", data=FORM | {"subsystem": subsystem}, headers=headers)
    return "/trends/rules#rule-" in answer.headers.get("Location", "")


def remove_config_of_trends(app: Flask, headers: Headers, subsystem: str) -> bool:
    form = {"subsystem": subsystem, "name": "none", "reason": "old"}
    return app.test_client().post("/trends/configs/remove", data=form, headers=headers).status_code == 404  # it looked for one


ACTIONS: tuple[Action, ...] = (
    add_layout,
    add_shift_layout,
    add_workspace,
    edit_layout,
    activate_layout,
    roll_back_layout,
    remove_layout,
    add_layout_in_page,
    remove_layout_in_page,
    add_group_of_trends,
    delete_group_of_trends,
    add_rule_of_trends,
    remove_config_of_trends,
)


def headers_of(role: str) -> Headers:
    """The header of a token of a new account with a role; none for somebody without an account."""
    if not role:
        return {}
    found, subsystems = parse_role(role)
    user = accounts.add("alice", found, PASSWORD, subsystems)
    return {"Authorization": f"Bearer {tokens.make(user, 'test', found, 1)[1]}"}


@pytest.mark.parametrize("role", MAY_EDIT)
def test_a_role_edits_what_belongs_to_its_subsystems_and_nothing_else(app: Flask, role: str) -> None:
    headers = headers_of(role)
    for action in ACTIONS:
        for subsystem in SUBSYSTEMS:
            with proxy.atomic() as transaction:
                assert action(app, headers, subsystem) == (subsystem in MAY_EDIT[role]), (action.__name__, subsystem)
                transaction.rollback()


def test_nobody_moves_a_layout_from_or_to_another_subsystem(app: Flask) -> None:
    own, other = stored(layout("Pixel/a")), stored(layout("DT/a"))
    headers = headers_of("expert:Pixel")
    assert not passes(app, headers, lambda: save(layout("DT/b"), arrangement=own, based_on=2))
    assert not passes(app, headers, lambda: save(layout("Pixel/b"), arrangement=other, based_on=2))
    assert passes(app, headers, lambda: save(layout("Pixel/b"), arrangement=own, based_on=2))


def test_a_refusal_names_the_missing_role(app: Flask) -> None:
    headers = headers_of("expert:Pixel")
    with app.test_request_context("/", headers=headers):
        with pytest.raises(Problem, match=r"Needs the role expert for DT \(you are expert of Pixel\).* dqmhub user role alice expert:DT$"):
            save(layout("DT/a"))
        with pytest.raises(Problem, match=r"role expert for “My folder” .*dqmhub user role alice 'expert:My folder'$"):
            save(layout("My folder/a"))
        with pytest.raises(Problem, match=r"role expert for “My\.folder” .*dqmhub user role alice expert$"):
            save(layout("My.folder/a"))


def test_an_expert_of_a_subsystem_edits_its_workspace_for_simulated_samples(app: Flask) -> None:
    with app.test_request_context("/", headers=headers_of("expert:Pixel,Tk Phase-2")):
        for name in ("MC Pixel", "MC Tk Phase-2", "Pixel"):
            assert save(Workspace(name, ("relval",))).is_new
        assert save(layout("Pixel /a")).is_new, "a blank that nobody sees makes no other subsystem"
        with pytest.raises(Problem, match="Needs the role expert for Ecal "):
            save(Workspace("MC Ecal", ("relval",)))


@pytest.mark.parametrize("role", ["viewer", "expert", "admin"])
def test_a_private_layout_is_changed_by_its_owner_alone(client: FlaskClient, role: str) -> None:
    mine = replace(layout("my plots"), scopes=())
    bobs = save(mine, owner="bob")
    headers_of(role)
    with client:
        sign_in(client, "alice")
        client.get("/help")  # its request is current until the next one
        found = save(mine, owner="alice")
        activate(*found[:2])
        assert active_layout("user:alice", "my plots") is not None
        for attempt in changes(mine, bobs, "bob"):
            with pytest.raises(PrivateArrangement, match="private to bob"):
                attempt()
        assert client.get(f"/layouts/{found.arrangement}").status_code == 200
        assert client.get(f"/layouts/{bobs.arrangement}").status_code == 404


def test_a_token_changes_no_private_layout_of_its_owner(app: Flask) -> None:
    mine = replace(layout("my plots"), scopes=())
    found = save(mine, owner="alice")
    headers = headers_of("admin")
    with app.test_request_context("/", headers=headers):
        for attempt in changes(mine, found, "alice"):
            with pytest.raises(PrivateArrangement):
                attempt()
    assert app.test_client().get(f"/layouts/{found.arrangement}", headers=headers).status_code == 404


def changes(content: Layout, found: Saved, owner: str) -> list[Callable[[], object]]:
    """All ways to change a private layout, or to add another one of its owner."""
    return [
        lambda: save(content, owner=owner),
        lambda: save(replace(content, help="x"), arrangement=found.arrangement, based_on=1),
        lambda: activate(*found[:2]),
        lambda: roll_back(found.arrangement, 1, 1),
        lambda: remove(found.arrangement, 1),
    ]
