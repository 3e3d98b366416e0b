"""Commands of `dqmhub` in this process: an interpreter of its own for each costs a second, and is rarely what is tested."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

import pytest

from app import cli
from app.core import database, database_schema
from app.core.settings import Settings
from app.queue.execution import connect as connect_queues
from tests.support.processes import environment, wait_for_jobs


def run_command(variables: Mapping[str, str], *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in exactly this environment."""
    output, errors, code = io.StringIO(), io.StringIO(), 0
    with (
        patch.dict(os.environ, variables, clear=True),  # also undoes what the command sets, as --config does
        pytest.MonkeyPatch.context() as patched,
        redirect_stdout(output),
        redirect_stderr(errors),
    ):
        patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        try:
            cli.main(list(arguments))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    return subprocess.CompletedProcess(arguments, code, output.getvalue(), errors.getvalue())


def dqmhub(settings: Settings, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command with these settings, whose database is the one of the test before and afterwards."""
    wait_for_jobs()
    try:
        return run_command(environment(settings), *arguments, typed=typed)
    finally:
        database_schema.check(database.connect(settings))
        connect_queues(settings)
