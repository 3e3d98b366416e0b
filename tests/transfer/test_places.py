"""Files and folders that options name."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.transfer.places import token_problems


@pytest.mark.parametrize("content", [b"", b"\n", b"two words\n", b"\xff\n"])
def test_a_file_without_a_token_is_named_before_it_is_needed(tmp_path: Path, content: bytes) -> None:
    """A command that failed leaves an empty one."""
    file = tmp_path / "token"
    file.write_bytes(content)
    file.chmod(0o600)
    assert list(token_problems("key", str(file))) == [f"key = '{file}': there is no token in it; make one by `dqmhub token add`"]
    file.write_text("dqmhub_token\n")
    assert list(token_problems("key", str(file))) == []
    file.chmod(0o644)
    assert list(token_problems("key", str(file))) == [f"key = '{file}': all users of this host have access to the token; use `chmod 600`"]
