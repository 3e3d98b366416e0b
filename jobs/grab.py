"""What the hub fetches from DQM^2 at P5 again and again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.settings import Settings
from app.square.grabbing.cluster import watching
from app.square.grabbing.grabber import grabbing
from app.work import Repeated, repeats


@repeats
def grab(settings: Settings) -> Iterable[Repeated]:
    """For each system that has machines: their documents."""
    for system, machines in settings.square_machines.items():
        yield Repeated(f"grab {system}", settings.square_grab_s, partial(grabbing, system, machines, settings))


@repeats
def watch(settings: Settings) -> Iterable[Repeated]:
    """For each system that has machines: which of them are up."""
    for system in settings.square_machines:
        yield Repeated(f"cluster {system}", settings.square_status_s, partial(watching, system, settings))
