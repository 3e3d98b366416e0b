"""`dqmhub doctor`: checks of an installation. Each module in `checks/` is one check, and nothing else names it.

A check has a function `check(settings, url) -> Iterable[Diagnosis]`; the first line of its docstring is its title.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Collection, Iterable, Iterator
from importlib import import_module
from typing import Protocol, cast

from app.core.settings import Settings
from app.ops.doctor import checks
from app.ops.doctor.diagnosis import Diagnosis


class DoctorCheck(Protocol):
    """A module in `checks/`."""

    __name__: str

    def check(self, settings: Settings, url: str) -> Iterable[Diagnosis]:
        """Findings of this check.

        Args:
            url: Address at which people open the hub, "" if it is not known.
        """


def all_checks() -> list[DoctorCheck]:
    """The checks, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    return [cast(DoctorCheck, import_module(f"{checks.__name__}.{name}")) for name in names]


def name_of(check: DoctorCheck) -> str:
    """The name of a check for users."""
    return check.__name__.rpartition(".")[2].replace("_", "-")


def examine(settings: Settings, url: str, names: Collection[str] = ()) -> Iterator[tuple[str, Diagnosis]]:
    """Name of each check, or of these, with its findings. An error of a check is a finding itself, and the other checks run."""
    for module in all_checks():
        name = name_of(module)
        if names and name not in names:
            continue
        try:
            for finding in module.check(settings, url):
                yield name, finding
        except Exception as error:
            yield (
                name,
                Diagnosis("error", f"This check failed: {type(error).__name__}: {error}", "Report it with the output of dqmhub doctor"),
            )
