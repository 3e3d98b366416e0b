"""Commands of batch systems, here and through a real server of ssh."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.sources.command import UNENDED, CommandOptions, run
from tests.diary import sshd
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

ODD = ["two words", "$HOME", "a'b", 'c"d', "*", "; exit 3", "é", ""]


@pytest.fixture(scope="module", params=["here", pytest.param("ssh", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandOptions]:
    """Where the commands of a test run."""
    if request.param == "here":
        yield CommandOptions(timeout_s=PATIENCE_S)
        return
    if not sshd.IS_THERE:
        pytest.skip("there is no sshd")
    with sshd.ssh_server(tmp_path_factory.mktemp("ssh")) as (host, arguments):
        yield CommandOptions(host=host, ssh=arguments, timeout_s=PATIENCE_S)


def test_arguments_come_as_they_are_and_no_shell_reads_them(place: CommandOptions) -> None:
    assert run(["printf", "%s|", *ODD], place) == "".join(f"{text}|" for text in ODD)


def test_times_are_in_utc_and_messages_in_english(place: CommandOptions) -> None:
    assert run(["date", "-d", "@0", "+%c %Z"], place).split()[-1] == "UTC"
    assert run(["date", "-d", "@0", "+%a %b"], place) == "Thu Jan\n"


def test_variables_of_the_options_win_over_those_of_the_source(place: CommandOptions) -> None:
    options = replace(place, environment=("A=of options", "TZ=JST-9"))
    assert run(["sh", "-c", "echo $A, $B; date -d @0 +%H"], options, {"A": "of source", "B": "b c"}) == "of options, b c\n09\n"


def test_a_command_that_fails_is_named_with_what_it_said(place: CommandOptions) -> None:
    with pytest.raises(CommandFailed, match=r"^sh: It ended with exit code 3: no controller$") as caught:
        run(["sh", "-c", "echo lines; echo 'no\ncontroller' >&2; exit 3"], place)
    assert (caught.value.code, caught.value.errors) == (3, "no\ncontroller\n")


def test_a_command_that_there_is_not_is_named(place: CommandOptions) -> None:
    with pytest.raises(CommandFailed, match=r"^no-such-command: .*No such file or directory"):
        run(["no-such-command"], place)


def test_a_command_that_does_not_end_is_ended_with_all_that_it_started(place: CommandOptions, tmp_path: Path) -> None:
    pid = tmp_path / "pid"

    def is_ended_late_enough() -> bool:
        with pytest.raises(CommandFailed, match="within 1 s"):
            run(["sh", "-c", f"sleep 1000000 & echo $! > {pid}.new; mv {pid}.new {pid}; wait"], replace(place, timeout_s=1))
        return pid.exists()

    until(is_ended_late_enough, "a command that had started something")
    until(lambda: not is_alive(int(pid.read_text())), "the end of what the command had started")


def test_a_command_that_closes_its_output_and_goes_on_is_ended(place: CommandOptions) -> None:
    with pytest.raises(CommandFailed, match="within 1 s"):
        run(["sh", "-c", "exec sleep 1000000 >&- 2>&-"], replace(place, timeout_s=1))


def test_endless_output_ends_at_its_limit(place: CommandOptions) -> None:
    with pytest.raises(CommandFailed, match=r"^yes: It printed more than 1 MiB$"):
        run(["yes"], replace(place, max_mib=1))


def test_endless_errors_are_read_and_only_their_end_is_kept(place: CommandOptions) -> None:
    with pytest.raises(CommandFailed, match=r"the end$") as caught:
        run(["sh", "-c", "seq 300000 >&2; echo the end >&2; exit 1"], place)
    assert len(caught.value.errors) <= 4000


def test_a_command_reads_no_input_and_bytes_that_are_no_utf_8_are_marked(place: CommandOptions) -> None:
    assert run(["cat"], place) == ""
    assert run(["printf", r"a\377b\303\251"], place) == "a\ufffdbé"


def test_a_process_that_stays_with_the_errors_open_does_not_hold_the_source(tmp_path: Path) -> None:
    """As the master of shared ssh connections does."""
    command = f"setsid sleep 1000000 >&- & echo $! > {tmp_path}/pid; echo done"
    try:
        assert run(["sh", "-c", command], CommandOptions(timeout_s=PATIENCE_S)) == "done\n"
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("name", ["DQMHUB_SECRET_KEY", "MYSQL_PWD", "PGPASSWORD"])
def test_a_command_gets_the_variables_of_the_hub_but_no_secret(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("SGE_ROOT", "/opt/sge")
    printed = run(["env"], CommandOptions()).split("\n")
    assert "SGE_ROOT=/opt/sge" in printed
    assert not [line for line in printed if "hunter2" in line]


TRACER = """
import ctypes, os, sys, time
ptrace = ctypes.CDLL(None, use_errno=True).ptrace
ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
parent = os.getppid()
if os.fork():
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.01)
    while True:
        os.write(1, b"x" * 65536)
os.setsid()
with open(sys.argv[1] + ".new", "w") as file:
    file.write("refused" if ptrace(0x4206, parent, None, None) else str(os.getpid()))  # PTRACE_SEIZE
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(1000000)
"""


def test_a_command_that_cannot_be_ended_does_not_hold_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is traced has ended for its parent only when the tracer lets it, as one that waits for a disk. It prints too much."""
    monkeypatch.setattr("app.diary.sources.command.END_S", 0.1)
    command = ["sh", "-c", f'exec {sys.executable} -c "$1" {tmp_path}/pid', "sh", TRACER]
    errors = []
    try:
        with pytest.raises(CommandFailed) as caught:
            run(command, CommandOptions(max_mib=1, timeout_s=PATIENCE_S))
        errors.append(str(caught.value))
    finally:
        until((tmp_path / "pid").exists, "the tracer")
        tracer = (tmp_path / "pid").read_text()
        if tracer.isdigit():
            os.kill(int(tracer), signal.SIGKILL)
    if not tracer.isdigit():
        pytest.skip("no process may be traced here")
    assert errors == ["sh: It cannot be ended"]
    until(lambda: not run(["true"], CommandOptions()) and not UNENDED, "the end of the process")


@pytest.mark.slow
@pytest.mark.skipif(not sshd.IS_THERE, reason="there is no sshd")
def test_a_host_that_lets_nobody_in_is_an_error_and_no_question(tmp_path: Path) -> None:
    with sshd.ssh_server(tmp_path) as (host, arguments):
        (tmp_path / "user.pub").write_text("")
        with pytest.raises(CommandFailed, match=r"exit code 255.*Permission denied"):
            run(["date"], CommandOptions(host=host, ssh=arguments))


def test_a_machine_without_ssh_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("ssh") is None
    with pytest.raises(CommandFailed, match=r"^squeue: It cannot be run: No such file or directory$"):
        run(["squeue"], CommandOptions(host="lxbatch"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"host": "-oProxyCommand=touch /tmp/x"}, "host must be"),
        ({"host": "a b"}, "host must be"),
        ({"host": "a@-b"}, "host must be"),
        ({"environment": ("PATH",)}, "environment must have texts NAME=value, not PATH"),
        ({"environment": ("-i=1",)}, "environment must have"),
        ({"timeout_s": float("nan")}, "timeout_s must be a number from 1"),
        ({"timeout_s": 0.0}, "timeout_s must be a number from 1"),
        ({"max_mib": 0}, "max_mib must be a whole number from 1"),
    ],
)
def test_options_that_would_do_something_else_are_refused(options: dict[str, object], reason: str) -> None:
    with pytest.raises(BadSourceConfig, match=reason):
        CommandOptions(**options)


def is_alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
