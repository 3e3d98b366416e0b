"""A new role is one line in app/security/roles.py: rights and stored roles of the others stay."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.core.settings import TREE, Settings
from app.security import Role
from tests.security.conftest import make_user
from tests.support.processes import environment

WITH_TRAINEE = """
import sys, types
from pathlib import Path
source = Path("app/security/roles.py").read_text()
line = "    SHIFTER = auto()\\n"
assert line in source
module = sys.modules["app.security.roles"] = types.ModuleType("app.security.roles")
# exec: the module of this tree with one more line, as a developer would write it; nothing from outside is run
exec(source.replace(line, "    TRAINEE = auto()\\n" + line), module.__dict__)

from app import cli, create_app
settings = cli.open_database()
from app.cli.user import ROLE
from app.security import accounts, tokens
from app.security.setup import may
from app.security.models import User
from app.security.roles import Role
assert list(ROLE.choices) == ["viewer", "trainee", "shifter", "expert", "operator", "admin"]
assert User.get(User.name == "expert").role is Role.EXPERT
trainee = accounts.add("tom", Role.of("trainee"), "violet tractor 7 harbour")
secret = tokens.make(trainee, "test", Role.of("admin"), 1)[1]
app = create_app(settings)
with app.test_request_context(headers={"Authorization": f"Bearer {secret}"}):
    print([role.title for role in Role if may(role.title)])
"""


@pytest.mark.slow
def test_a_role_between_two_others_is_one_line(hub: Settings) -> None:
    make_user("expert", Role.EXPERT)
    command = [sys.executable, "-c", WITH_TRAINEE]
    done = subprocess.run(command, cwd=TREE, env=environment(hub), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['public', 'viewer', 'trainee']\n"


def test_an_unknown_role_has_no_rights(hub: Settings) -> None:
    from app.core import database
    from app.security.models import User

    make_user("tom", Role.EXPERT)
    database.proxy.execute_sql("UPDATE \"user\" SET role = 'trainee'")
    assert User.get().role is Role.PUBLIC
    assert database.rows(User.select(User.role)) == [("trainee",)]
