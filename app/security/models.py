"""Tables of accounts, sessions, browsers on this machine, tokens, failed sign-ins and the audit log. Times are Unix seconds, UTC."""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table
from app.security.roles import Role


class RoleField(TextField):
    """A role, stored by its name, so that a role can be added between others."""

    def db_value(self, value: Role | None) -> str | None:
        """The name of the role."""
        return None if value is None else Role(value).title

    def python_value(self, value: str | None) -> Role | None:
        """The role of a stored name; PUBLIC, which has no rights, for a name that this version does not know."""
        try:
            return None if value is None else Role.of(value)
        except ValueError:
            return Role.PUBLIC


LOCAL = "local"
"""The origin of an account that was made here."""


class User(Table):
    """An account: a local one, or that of a directory, which decides on its role."""

    name = TextField(unique=True)
    role = RoleField()
    subsystems = TextField(default="")  # of an expert: separated by commas; "" is no limit
    password = TextField()  # salted scrypt hash; "" for an account of a directory, which has none here
    disabled = BooleanField(default=False)
    created = DoubleField()
    origin = TextField(default=LOCAL)  # or the directory: "sign-on", "proxy"
    subject = TextField(null=True)  # permanent identifier of the user in the directory; None for a local account

    class Meta:
        indexes = ((("origin", "subject"), True),)


class Session(Table):
    """A browser that is signed in; the row is deleted when the session ends."""

    sha256 = TextField(unique=True)  # of the identifier in the cookie
    user = ForeignKeyField(User, on_delete="CASCADE")
    expires = DoubleField(index=True)
    created = DoubleField()
    last_used = DoubleField()  # by the user, not by a page that updates itself
    address = TextField()  # from where the user signed in
    browser = TextField()  # its User-Agent


class SignOnSession(Table):
    """The identifier of a session at the identity provider, for a session that began there."""

    session = ForeignKeyField(Session, unique=True, on_delete="CASCADE")
    sid = TextField(index=True)  # "" if it names none
    id_token = TextField()  # names the session when it is to end there


class UsedLogoutToken(Table):
    """A token with which the identity provider has ended sessions: it does so once. The row is deleted when the token is too old."""

    sha256 = TextField(unique=True)  # of its jti
    expires = DoubleField(index=True)


class LocalBrowser(Table):
    """A browser that reads without an account, or the link that starts its session; the row is deleted when the session ends."""

    sha256 = TextField(unique=True)  # of the identifier in the cookie, or of the secret of the link
    opened = DoubleField()  # 0: a link that nobody has opened
    last_used = DoubleField()
    expires = DoubleField()


class Token(Table):
    """An API token."""

    sha256 = TextField(unique=True)  # of the token, which is not stored
    user = ForeignKeyField(User, on_delete="CASCADE")
    name = TextField()  # purpose of the token
    role = RoleField()  # the role of the owner applies if it is lower
    areas = TextField(default="")  # to which it is limited: names separated by commas; "" is no limit
    created = DoubleField()
    expires = DoubleField()
    last_used = DoubleField(null=True)


class SignInAttempt(Table):
    """Failed sign-ins of one user name or one address."""

    key = TextField(unique=True)
    failures = IntegerField(default=0)
    until = DoubleField(default=0.0)  # no further attempt before this time
    last = DoubleField(default=0.0, index=True)

    class Meta:
        table_name = "attempt"


class Audit(Table):
    """A row of the audit log. Triggers in the database allow only new rows."""

    at = DoubleField()
    user = TextField()
    action = TextField()
    target = TextField()
    reason = TextField()
    answer = TextField()  # outcome of the action


class AuditCount(Table):
    """How often a row of the audit log was repeated in its hour. Triggers in the database let a count only grow."""

    row = BigIntegerField(primary_key=True)  # in the audit log
    window = BigIntegerField()  # hours since 1970
    action = TextField()
    sender = TextField()  # who or what is counted together
    count = BigIntegerField()
    last = DoubleField()

    class Meta:
        indexes = ((("window", "action", "sender"), True),)
