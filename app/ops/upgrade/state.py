"""The progress of an upgrade, in a file of data_dir: what was killed is finished by the next command."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from app.core.area import StatusLine
from app.core.settings import Settings
from app.ops.backup.lock_file import lock_file
from app.ops.upgrade.errors import UpgradeError

UNFINISHED_REMEDY = "Continue with `dqmhub upgrade`, return with `dqmhub upgrade --back`, or end it with `dqmhub upgrade --abandon`"

Stage = Literal["upgrading", "returning", "upgraded", "returned"]


class UpgradeState(NamedTuple):
    """How far an upgrade has come."""

    stage: Stage
    previous: str  # version in use before; "" if there was none, as in a checkout, which has no releases
    target: str  # version to be used
    backup: str = ""  # name of the backup made before; "" until it is complete
    services: tuple[str, ...] = ()  # names of the services that ran before
    replaced: str = ""  # where the migrated database is that the way back has replaced

    @property
    def is_unfinished(self) -> bool:
        """Whether the upgrade, or the way back, was interrupted."""
        return self.stage in ("upgrading", "returning")


def load_state(settings: Settings) -> UpgradeState | None:
    """The progress of the last upgrade; None if there was none. Raises UpgradeError."""
    path = _path(settings)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        known = {name: value for name, value in content.items() if name in UpgradeState._fields}  # a newer release may have stored more
        return UpgradeState(**known | {"services": tuple(content["services"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UpgradeError(
            f"{path} cannot be read ({error}): remove it, and check with `dqmhub db status` which release is needed"
        ) from error


def store_state(settings: Settings, state: UpgradeState) -> UpgradeState:
    """Store the progress, and return it. Raises UpgradeError if it cannot be written."""
    path = _path(settings)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(json.dumps(state._asdict(), indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise UpgradeError(f"Cannot write {path}: {error.strerror}") from error
    return state


@contextmanager
def one_upgrade(settings: Settings) -> Iterator[None]:
    """Raise UpgradeError if another upgrade, or way back, runs on this machine.

    Its lock is `upgrade.lock`; `upgrade.json` has its progress, also when it does not run any more. `dqmhub.db.upgrade` is the lock of
    each process that migrates a database of SQLite, as `dqmhub db upgrade` does, too.
    """
    path = settings.data / "upgrade.lock"
    with ExitStack() as locks:
        try:
            settings.data.mkdir(parents=True, exist_ok=True)  # the first upgrade of an installation makes the database, too
            locks.enter_context(lock_file(path))
        except BlockingIOError as error:
            raise UpgradeError("Another upgrade is running; wait for its end") from error
        except OSError as error:
            raise UpgradeError(f"Cannot write {path}: {error.strerror}") from error
        yield


def unfinished(settings: Settings) -> str:
    """A sentence on the upgrade, or way back, that runs or was interrupted; "" for none. Raises UpgradeError if that is not known."""
    state = load_state(settings)
    if not (state and state.is_unfinished):
        return ""
    if state.stage == "returning":
        return f"The way back from {state.target} to {state.previous} is unfinished"
    return f"The upgrade {f'from {state.previous} ' if state.previous else ''}to {state.target} is unfinished"


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """An unfinished upgrade."""
    try:
        text, detail = unfinished(settings), UNFINISHED_REMEDY
    except UpgradeError as error:
        text, detail = "Whether an upgrade is unfinished, is not known", str(error)
    if text:
        yield StatusLine("upgrade", "warn", text, detail=detail)


def forget_state(settings: Settings) -> None:
    """Remove the stored progress."""
    _path(settings).unlink(missing_ok=True)


def _path(settings: Settings) -> Path:
    return settings.data / "upgrade.json"
