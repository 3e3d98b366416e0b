"""Tables of accounts, sessions, tokens, failed sign-ins and the audit log. Times are Unix s UTC."""

from __future__ import annotations

from peewee import BooleanField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table
from app.security.roles import Role


class RoleField(TextField):
    """A role, stored by its name, so that a role can be added between others."""

    def db_value(self, value: Role | None) -> str | None:
        """The name of the role."""
        return None if value is None else Role(value).title

    def python_value(self, value: str | None) -> Role | None:
        """The role of a stored name; PUBLIC for one that this version does not have, which has no rights."""
        try:
            return None if value is None else Role.of(value)
        except ValueError:
            return Role.PUBLIC


class User(Table):
    """A local account. password: a salted scrypt hash."""

    name = TextField(unique=True)
    role = RoleField()
    password = TextField()
    disabled = BooleanField(default=False)
    created = DoubleField()


class Session(Table):
    """A browser that is signed in; the row goes when the session ends. sha256: of the identifier in its cookie."""

    sha256 = TextField(unique=True)
    user = ForeignKeyField(User, on_delete="CASCADE")
    expires = DoubleField(index=True)


class Token(Table):
    """An API token. sha256: of the token, which itself is nowhere; role: at most that of the owner counts."""

    sha256 = TextField(unique=True)
    user = ForeignKeyField(User, on_delete="CASCADE")
    name = TextField()
    role = RoleField()
    created = DoubleField()
    expires = DoubleField()
    last_used = DoubleField(null=True)


class Attempt(Table):
    """Failed sign-ins of one user name or one address. until: no further attempt before this time."""

    key = TextField(unique=True)
    failures = IntegerField(default=0)
    until = DoubleField(default=0.0)
    last = DoubleField(default=0.0, index=True)


class Audit(Table):
    """Who did what; rows are only ever added, which triggers in the database enforce."""

    at = DoubleField()
    user = TextField()
    action = TextField()
    target = TextField()
    reason = TextField()
    answer = TextField()
