"""The command of the kills, with parts that end at once."""

from __future__ import annotations

import sys

import pytest

from tests.kills import __main__ as command
from tests.support.storms import NOTES_VARIABLE

KILLED = "import os; os.kill(os.getpid(), 9)"


def test_a_part_that_is_killed_itself_fails_and_the_kills_of_the_others_are_summed(capsys: pytest.CaptureFixture[str]) -> None:
    noting = f'import os; open(os.environ[{NOTES_VARIABLE!r}], \'a\').write(\'["hub", {{"web": 2, "render": 3}}]\\n\')'
    assert command.run([("-c", noting), ("-c", KILLED)], {})
    assert capsys.readouterr().out == "hub: 5 kills (3 of render, 2 of web)\n5 kills in all\n"


def test_too_few_loops_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["kills", "--loops", "3"])
    with pytest.raises(SystemExit, match="2"):
        command.main()
    assert "--loops is 3, and must be at least 10" in capsys.readouterr().err
