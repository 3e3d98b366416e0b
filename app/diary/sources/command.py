"""Commands of batch systems: an argument list, run here or through ssh, for at most so long and with at most so much output.

Each runs with times in UTC and messages in English (`TZ`, `LC_ALL`), and reads no input. `timeout` ends it also where no
other process does so any more: on the other host, and when the hub itself was killed.
"""

from __future__ import annotations

import os
import re
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.core.text import one_line
from app.diary.errors import BadSourceConfig, CommandFailed

ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC0"}
SSH = ("ssh", "-T", "-o", "BatchMode=yes")
SSH_DEFAULTS = ("-o", "ConnectTimeout=10")
"""After the arguments of a source: ssh takes the first value of each option."""
LONGEST_S, MOST_MIB = 3600.0, 1024
PIECE = 1 << 16
ERROR_BYTES = 4000
"""Kept of the standard error of a command."""
SHOWN_CHARS = 300
END_S = 5.0
"""Longest wait for a killed process to end; one that hangs on a disk is then left alone."""
SECRETS = re.compile(r"DQMHUB_.*|MYSQL_PWD|PGPASSWORD")
"""Variables of the hub that commands do not get."""

UNENDED: list[subprocess.Popen[bytes]] = []
"""Killed processes that had not ended after END_S; the next command looks whether they have."""

_HOST = re.compile(r"(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9_][\w.:-]*")  # must not begin with "-", an option of ssh
_VARIABLE = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


@dataclass(frozen=True)
class CommandOptions:
    """Options of each source that runs commands; a source adds its own in a class that inherits from this one.

    Attributes:
        period_s: Pause between two scans.
        host: Where the commands run: `host` or `user@host` of ssh, without a password; "": on this machine.
        ssh: Further arguments of ssh, such as `-p`, `2222`.
        environment: `NAME=value` for each command, such as `SGE_ROOT=/opt/sge` or a `PATH`.
        timeout_s: Longest time of a command.
        max_mib: Longest output of a command.
    """

    period_s: float = 30.0
    host: str = ""
    ssh: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    timeout_s: float = 60.0
    max_mib: int = 64

    def __post_init__(self) -> None:
        if self.host and not _HOST.fullmatch(self.host):
            raise BadSourceConfig("The option host must be a host or user@host")
        if wrong := [text for text in self.environment if not _VARIABLE.fullmatch(text)]:
            raise BadSourceConfig(f"The option environment must have texts NAME=value, not {wrong[0]}")
        if not 1 <= self.timeout_s <= LONGEST_S:
            raise BadSourceConfig(f"The option timeout_s must be a number from 1 to {LONGEST_S:g}")
        if not 1 <= self.max_mib <= MOST_MIB:
            raise BadSourceConfig(f"The option max_mib must be a whole number from 1 to {MOST_MIB}")


def run(command: Sequence[str], options: CommandOptions, environment: Mapping[str, str] | None = None) -> str:
    """What a command prints, as `run_bytes`; bytes that are not UTF-8 become U+FFFD."""
    return run_bytes(command, options, environment).decode(errors="replace")


def run_bytes(command: Sequence[str], options: CommandOptions, environment: Mapping[str, str] | None = None) -> bytes:
    """What a command prints. Raises CommandFailed when it cannot be run, fails, takes too long or prints too much.

    Args:
        command: Program and arguments; no shell reads them, here or on the other host.
        options: Where it runs, and its limits.
        environment: Further variables of the source; those of the options win.
    """
    name = command[0]
    UNENDED[:] = [process for process in UNENDED if process.poll() is None]
    try:
        process = subprocess.Popen(
            whole_command(command, options, environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={variable: value for variable, value in os.environ.items() if not SECRETS.fullmatch(variable)},
        )
    except OSError as error:
        raise CommandFailed(name, f"It cannot be run: {error.strerror}") from error
    try:
        output, errors = _read(process, name, options)
    finally:
        _end(process, name)
    if process.returncode:
        raise CommandFailed(name, _failure(process.returncode, errors, options), process.returncode, errors)
    return output


def whole_command(command: Sequence[str], options: CommandOptions, environment: Mapping[str, str] | None = None) -> list[str]:
    """The arguments with which a command is started, its environment and its limit of time among them."""
    variables = [f"{name}={value}" for name, value in (ENVIRONMENT | dict(environment or {})).items()]
    here = ["timeout", "-s", "KILL", f"{options.timeout_s:.0f}", "env", *variables, *options.environment, *command]
    return [*SSH, *options.ssh, *SSH_DEFAULTS, "--", options.host, shlex.join(here)] if options.host else here


def _read(process: subprocess.Popen[bytes], name: str, options: CommandOptions) -> tuple[bytes, str]:
    """The whole output, and the end of standard error; the process has ended, but is not waited for."""
    end, most = time.monotonic() + options.timeout_s, options.max_mib << 20
    assert process.stdout
    assert process.stderr
    output, errors = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, output)
        selector.register(process.stderr, selectors.EVENT_READ, errors)
        while process.stdout in {key.fileobj for key in selector.get_map().values()}:
            if time.monotonic() >= end:
                raise CommandFailed(name, f"It did not end within {options.timeout_s:g} s")
            for key, _ in selector.select(max(end - time.monotonic(), 0.0)):
                piece = os.read(key.fd, PIECE)
                key.data.extend(piece)
                if not piece:
                    selector.unregister(key.fileobj)
            del errors[:-ERROR_BYTES]
            if len(output) > most:
                raise CommandFailed(name, f"It printed more than {options.max_mib} MiB")
    try:
        process.wait(max(end - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        raise CommandFailed(name, f"It did not end within {options.timeout_s:g} s") from None
    os.set_blocking(process.stderr.fileno(), False)  # a master of ssh connections that stays holds it open
    with suppress(BlockingIOError):
        while piece := os.read(process.stderr.fileno(), PIECE):
            errors.extend(piece)
            del errors[:-ERROR_BYTES]
    return bytes(output), errors.decode(errors="replace")


def _end(process: subprocess.Popen[bytes], name: str) -> None:
    """Kill a process that has not ended, with all that it started. Raises CommandFailed when it does not end even so."""
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            UNENDED.append(process)
            raise CommandFailed(name, "It cannot be ended") from None


def _failure(code: int, errors: str, options: CommandOptions) -> str:
    message = one_line(errors)[-SHOWN_CHARS:]
    if code in (137, -signal.SIGKILL):
        return f"It was killed, as one is that does not end within {options.timeout_s:g} s"
    return f"It ended with exit code {code}" + (f": {message}" if message else "")
