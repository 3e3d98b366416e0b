"""What a command is: its name, what it does at P5, its arguments, what it touches, how it is sent and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from app.control.answers import Reader
from app.control.arguments import Argument, Given
from app.core.settings import Settings


class Touched(NamedTuple):
    """What a command is going to change, as shown before it is given.

    machines: no other command to them may be under way; jobs: keys of the jobs that end by it; documents: how many by
    machine; notes: sentences.
    """

    machines: list[str]
    jobs: list[str]
    documents: dict[str, int]
    notes: list[str]


class Request(NamedTuple):
    """One HTTP request to a machine."""

    machine: str
    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class Kind:
    """One command. changes: else it is a question. does: what happens at P5, a sentence. system: of a command with these
    arguments. requests: what is sent; None when the hub knows the answer itself. broken: what is known of versions of
    fff_dqmtools that cannot answer it."""

    name: str
    title: str
    does: str
    arguments: tuple[Argument, ...]
    requests: Callable[[Settings, Given], list[Request]] | None
    reads: Reader
    touches: Callable[[Settings, Given], Touched]
    system: Callable[[Settings, Given], str]
    changes: bool = False
    broken: str = ""
