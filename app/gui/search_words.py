"""The language of the search box of a sample: a text is read as terms, and a monitor element (ME) must match all of them.

    word            the path contains the word (case-insensitive, as all of these)
    "two words"     the path contains the text between the quotation marks
    /expression/    the path matches the regular expression somewhere; the path is one line, without NUL
    status:error    the worst quality test of the ME has this status; `status:error,warning` is either
    class:TH2F      the ME is of this class, or of one whose name starts so; `class:TH2F,TProfile` is either
    -term           the ME does not match the term

A quotation mark or slash ends a term only before a blank or the end, so both can be within it.
"""

from __future__ import annotations

import re
from typing import Any

from app.formats import Kind
from app.gui.errors import InvalidInput
from app.gui.patterns import MAX_PATTERN_CHARS, InvalidPattern, compile_for_lines
from app.gui.quality import STATUS_CODES
from app.gui.search_terms import ClassTerm, PatternTerm, StatusTerm, Term, TextTerm

MAX_CHARS = 500
"""Characters of a search."""

MAX_PATTERNS = 10
"""Regular expressions of a search: each takes about 1 MB, and a pass over all names."""

CLASS_NAMES = {kind: kind.class_name for kind in Kind}
"""What `class:` calls each kind of ME: its class of ROOT, or int, float and string."""

_TERM = re.compile(r'\s*(-(?=\S))?(?:"(?P<phrase>.*?)"|/(?P<pattern>.*?)(?<!\\)/|(?P<word>(?!-["/])[^\s"/]\S*))(?=\s|\Z)', re.DOTALL)
_FIELD = re.compile(r"(status|class):(.*)", re.DOTALL | re.IGNORECASE)


def parse_search(text: str) -> tuple[Term, ...]:
    """The terms of a search without repetitions; none for blanks alone.

    Raises InvalidInput, which says what is wrong in a sentence.
    """
    if len(text) > MAX_CHARS:
        raise _invalid(f"A search has at most {MAX_CHARS} characters, not {len(text)}.")
    typed: dict[str, re.Match[str]] = {}
    at = 0
    while rest := text[at:].strip():
        match = _TERM.match(text, at)
        if match is None:
            raise _unclosed(rest)
        typed[match[0].strip()] = match
        at = match.end()
    patterns = sum(match["pattern"] is not None for match in typed.values())
    if patterns > MAX_PATTERNS:
        raise _invalid(f"A search has at most {MAX_PATTERNS} regular expressions, not {patterns}.")
    return tuple(map(_term, typed.values()))


def search_of_pattern(pattern: str) -> str:
    """The search for a regular expression of the legacy GUI: a word if it is one, otherwise the expression between slashes."""
    if re.fullmatch(r"\w[\w-]*|", pattern, re.ASCII):
        return pattern
    return "/" + re.sub(r"(\\.)|/", lambda part: part[1] or r"\/", pattern, flags=re.DOTALL) + "/"


def _term(match: re.Match[str]) -> Term:
    excluded = match[1] is not None
    if match["pattern"] is not None:
        return PatternTerm(match["pattern"], _pattern(match["pattern"]), excluded)
    if match["word"] is None:
        if not match["phrase"]:
            raise _invalid("There is nothing between the quotation marks.")
        return TextTerm(match["phrase"], excluded)
    field = _FIELD.fullmatch(match["word"])
    if field is None:
        return TextTerm(match["word"], excluded)
    names = [name for name in field[2].split(",") if name]
    if field[1].lower() == "status":
        return StatusTerm(_statuses(names), excluded)
    return ClassTerm(_kinds(names), excluded)


def _statuses(names: list[str]) -> frozenset[int]:
    """The codes of statuses with these names."""
    for name in names or [""]:
        if name.lower() not in STATUS_CODES:
            raise _unknown("status", name, STATUS_CODES)
    return frozenset(STATUS_CODES[name.lower()] for name in names)


def _kinds(names: list[str]) -> frozenset[Kind]:
    """The kinds with these names or, where there is none, with names that start so."""
    kinds: set[Kind] = set()
    for name in names or [""]:
        exact = {kind for kind, known in CLASS_NAMES.items() if known.lower() == name.lower()}
        found = exact or {kind for kind, known in CLASS_NAMES.items() if name and known.lower().startswith(name.lower())}
        if not found:
            raise _unknown("class", name, CLASS_NAMES.values())
        kinds |= found
    return frozenset(kinds)


def _pattern(source: str) -> Any:
    """A compiled regular expression for the lines of `MENames.lines`."""
    if not source:
        raise _invalid("There is no regular expression between the slashes.")
    if len(source) > MAX_PATTERN_CHARS:
        raise _invalid(f"A regular expression has at most {MAX_PATTERN_CHARS} characters, not {len(source)}.")
    try:
        return compile_for_lines(source)
    except InvalidPattern as error:
        raise _invalid(f"/{source}/ is not a usable regular expression: {error}.") from None


def _unclosed(rest: str) -> InvalidInput:
    """The error about a term without an end."""
    if rest.lstrip("-").startswith('"'):
        return _invalid(f'{rest} has no quotation mark " at its end.')
    return _invalid(
        f'{rest} has no / at its end, as a regular expression has. A text that starts with / stands in quotation marks: "/text".'
    )


def _unknown(field: str, name: str, known: Any) -> InvalidInput:
    problem = f"{field}:{name} is unknown." if name else f"A name is missing after {field}:."
    return _invalid(f"{problem} Known are {', '.join(known)}.")


def _invalid(problem: str) -> InvalidInput:
    return InvalidInput(problem, [("q", problem)])
