"""An expert may be limited to subsystems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.security import Role, accounts, tokens
from app.security.models import Audit, User
from app.security.roles import parse_role, role_text
from app.security.subsystems import check_may_edit, may_edit
from app.web import Problem
from tests.security.conftest import PASSWORD, make_user

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("expert", (Role.EXPERT, "")),
        ("expert:Pixel", (Role.EXPERT, "Pixel")),
        ("expert:Pixel,L1T-x", (Role.EXPERT, "Pixel,L1T-x")),
        ("expert:Tk Phase-2,Pixel", (Role.EXPERT, "Tk Phase-2,Pixel")),
        ("admin", (Role.ADMIN, "")),
    ],
)
def test_a_role_is_written_with_its_subsystems(text: str, expected: tuple[Role, str]) -> None:
    assert parse_role(text) == expected
    assert role_text(*expected) == text


@pytest.mark.parametrize(
    "text", ["", "boss", "expert:", "expert:Pixel,", "expert: Pixel", "expert:a  b", "expert:a/b", "viewer:Pixel", "operator:Pixel"]
)
def test_a_role_that_cannot_be_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"role|Expected names"):
        parse_role(text)


@pytest.mark.parametrize(
    ("role", "pixel", "strips"),
    [("viewer", False, False), ("shifter", False, False), ("expert", True, True), ("expert:Pixel", True, False), ("operator", True, True)],
)
def test_an_expert_of_a_subsystem_edits_what_belongs_to_it_alone(app: Flask, role: str, pixel: bool, strips: bool) -> None:
    user = accounts.add("alice", *_arguments(role))
    secret = tokens.make(user, "test", user.role, 1)[1]
    with app.test_request_context("/", headers={"Authorization": f"Bearer {secret}"}):
        assert (may_edit("Pixel"), may_edit("SiStrips")) == (pixel, strips)
        if not strips:
            with pytest.raises(Problem, match=r"Needs the role expert for SiStrips .*dqmhub user role alice expert:SiStrips"):
                check_may_edit("SiStrips")


def _arguments(role: str) -> tuple[Role, str, str]:
    found, subsystems = parse_role(role)
    return found, PASSWORD, subsystems


def test_another_role_ends_the_limit(hub: object) -> None:
    user = make_user("alice", Role.VIEWER)
    accounts.set_role(user, Role.EXPERT, "Pixel")
    accounts.set_role(User.get(), Role.OPERATOR)
    assert (User.get().role, User.get().subsystems) == (Role.OPERATOR, "")
    assert [row.answer for row in Audit.select().order_by(Audit.id)] == [
        "from viewer to expert:Pixel",
        "from expert:Pixel to operator",
    ]
