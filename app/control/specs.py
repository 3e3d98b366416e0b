"""The types that describe a command: its specification, its impact and the requests that it sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from app.control.arguments import Args, Argument
from app.control.readers import Reader
from app.core.settings import Settings


class Impact(NamedTuple):
    """The impact of a command, shown before it is submitted."""

    machines: list[str]  # machines that it changes; one command at a time may change a machine
    jobs: list[str]  # keys of the jobs that it ends
    documents: dict[str, int]  # number of documents that it deletes, by machine
    notes: list[str]  # further consequences, one sentence each


class EndedJobs(NamedTuple):
    """The jobs that a command ends by a signal."""

    host: str
    key: str = ""  # of the job; "" for all jobs of the host
    signal: int = 0  # number of the signal; 0 if hltd chooses it


class P5Request(NamedTuple):
    """One HTTP request to a machine at P5."""

    machine: str
    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class CommandSpec:
    """One command or query of the control room.

    Attributes:
        name: Name in addresses, in the API and, for most, at P5.
        title: Title on pages.
        description: The effect at P5, a sentence.
        arguments: The arguments in the order of the form.
        requests: Builds the requests to P5; None if the hub itself knows the answer.
        read: Reads the response of P5.
        impact: Computes the impact of the command.
        system: The system of a command with these arguments; "" for none.
        changes: Whether it changes something at P5; otherwise it is a query.
        ends: The jobs that the command ends; their end is no crash.
        danger: For a command that ends jobs, interrupts a host or deletes data: names it with its object, as in "Restart hltd on X".
        program_timeout_s: Time after which the gateway stops a program that it runs for the command, s, and answers as if the
            program had printed nothing, which for some commands means "Ok"; 0 if it runs none.
        known_fault: Known failure of some versions of fff_dqmtools, shown when the command fails.
    """

    name: str
    title: str
    description: str
    arguments: tuple[Argument, ...]
    requests: Callable[[Settings, Args], list[P5Request]] | None
    read: Reader
    impact: Callable[[Settings, Args], Impact]
    system: Callable[[Settings, Args], str]
    changes: bool = False
    ends: Callable[[Args], EndedJobs] | None = None
    danger: Callable[[Args], str] | None = None
    program_timeout_s: float = 0
    known_fault: str = ""
