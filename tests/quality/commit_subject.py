"""Checks the subject of a commit message: `python -m tests.quality.commit_subject FILE`, as the commit-msg hook runs it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

LONGEST = 72
NOT_IMPERATIVE = re.compile(r".*(?:ed|ing|[^s]s)")
IMPERATIVES = frozenset({"Embed", "Feed", "Need", "Seed", "Shed", "Speed", "Bring", "String", "Alias", "Bias", "Focus"})
"""Imperatives that end as past forms, gerunds and third persons do."""
ARTICLES = frozenset({"The", "A", "An"})
MADE_BY_GIT = re.compile(r"(?:fixup|squash|amend)! |Revert \"|Merge (?:branch|branches|commit|tag|remote-tracking|pull request) ")


def problem(message: str) -> str:
    """What is wrong with the subject of a commit message; "" when it can be used."""
    subject, _, rest = message.lstrip("\n").partition("\n")
    subject = subject.rstrip()
    if MADE_BY_GIT.match(subject):
        return ""
    if not subject:
        return "The subject is empty. Write what the commit does, as in: Escape label values in /metrics"
    if len(subject) > LONGEST:
        return f"The subject has {len(subject)} characters; at most {LONGEST} are allowed. Put the reason into the body."
    first = subject.split()[0]
    if not first[0].isupper():
        return f"The subject begins with {first!r}; begin with a verb in upper case, as in: Add, Move, Escape."
    if first in ARTICLES or (NOT_IMPERATIVE.fullmatch(first) and first not in IMPERATIVES):
        return f"The subject begins with {first!r}; use the imperative, as in: Add, Move, Escape."
    if subject.endswith("."):
        return "The subject ends with a full stop; leave it out."
    if rest and not rest.startswith("\n"):
        return "The second line is not empty; leave a blank line between subject and body."
    return ""


def main() -> None:
    """Exit with the problem of the message in the file."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    if found := problem("\n".join(line for line in lines if not line.startswith("#"))):
        sys.exit(found)


if __name__ == "__main__":
    main()
