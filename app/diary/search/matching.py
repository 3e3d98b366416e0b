"""The condition of SQL that the words of a job match a query: FTS5 on SQLite, a vector of words on PostgreSQL."""

from __future__ import annotations

from typing import NamedTuple

from app.core.database import is_sqlite, proxy
from app.diary.errors import BadSearch
from app.diary.index import NUMBER_BITS
from app.diary.search.query import JobQuery, JobTerm, Words
from app.diary.words import ANY

MAX_READ = 100_000
"""Most jobs whose words are read to see whether some follow each other, 2 µs each; single words need only the index."""


class Matching(NamedTuple):
    """A condition on rows of the table diary_words."""

    where: str
    values: list[str | int]
    place: str  # name of the column of places


def matching(query: JobQuery) -> Matching:
    """The condition that a job matches a query. Raises BadSearch if the words of too many jobs would have to be read for it."""
    place, mark = ("rowid", "?") if is_sqlite() else ("place", "%s")
    conditions: list[str] = []
    values: list[str | int] = []
    expression = _fts5(query.terms) if is_sqlite() else _tsquery(query.terms)
    if expression:
        conditions.append("diary_words MATCH ?" if is_sqlite() else "vector @@ %s::tsquery")
        values.append(expression)
    for at, sign in ((query.since, ">="), (query.until, "<")):
        if at is not None:
            conditions.append(f"{place} {sign} {mark}")
            values.append(at << NUMBER_BITS)
    if any(not term.either and not term.is_excluded for term in query.terms):
        return Matching("1 = 0", [], place)
    found = Matching(" AND ".join(conditions) or "1 = 1", values, place)
    phrases = [term for term in query.terms if any(len(words.tokens) > 1 for words in term.either)]
    if not phrases:
        return found
    _check_readable(found, phrases[0])
    texts = [_in_text(term) for term in phrases]
    where = " AND ".join([found.where, *(condition for condition, _ in texts)])
    return Matching(where, [*values, *(text for _, each in texts for text in each)], place)


def _check_readable(found: Matching, phrase: JobTerm) -> None:
    """Raise BadSearch if too many jobs match before it is read whether words follow each other."""
    some = f"SELECT 1 FROM diary_words WHERE {found.where} LIMIT {MAX_READ + 1}"
    (number,) = proxy.execute_sql(f"SELECT COUNT(*) FROM ({some}) AS found", found.values).fetchone()
    if number > MAX_READ:
        words = next(words for words in phrase.either if len(words.tokens) > 1)
        text = " ".join(token.rpartition("=")[2] for token in words.tokens)
        raise BadSearch(
            f"More than {MAX_READ:,} jobs would have to be read to see whether the words {text} follow each other. "
            "Add what fewer jobs have, such as since:2d or a run; or search for the words alone, with blanks between them"
        )


def count_query(query: JobQuery) -> int:
    """How many jobs match a query. Raises BadSearch as `matching`."""
    found = matching(query)
    number: int = proxy.execute_sql(f"SELECT COUNT(*) FROM diary_words WHERE {found.where}", found.values).fetchone()[0]
    return number


def _in_text(term: JobTerm) -> tuple[str, list[str]]:
    """The condition that words follow each other, which the index of words does not know."""
    texts = [words.text for words in term.either]
    call = "instr(words, ?) > 0" if is_sqlite() else "strpos(words, %s) > 0"
    condition = " OR ".join(call for _ in texts)
    if not is_sqlite():
        condition = f"EXISTS (SELECT 1 FROM diary_text WHERE diary_text.place = diary_words.place AND ({condition}))"
    return (f"NOT ({condition})" if term.is_excluded else f"({condition})"), texts


def _fts5(terms: tuple[JobTerm, ...]) -> str:
    """The expression of FTS5. A word of a job is in it as a string, whose token ends with the quotation mark."""

    def each(words: Words) -> str:
        strings = [f'"{token}"' for token in words.tokens]
        return f"({' AND '.join(strings)}{'*' if words.is_prefix else ''})"

    wanted = [f"({' OR '.join(map(each, term.either))})" for term in terms if not term.is_excluded]
    excluded = [each(words) for words in _excluded(terms)]
    return " NOT ".join([" AND ".join(wanted) or f'"{ANY}"', *excluded])


def _tsquery(terms: tuple[JobTerm, ...]) -> str:
    """The expression of PostgreSQL; "": there is none."""

    def each(words: Words) -> str:
        strings = [f"'{token}'" for token in words.tokens]
        return f"({' & '.join(strings)}{':*' if words.is_prefix else ''})"

    wanted = [f"({' | '.join(map(each, term.either))})" for term in terms if not term.is_excluded]
    return " & ".join([*wanted, *(f"!{each(words)}" for words in _excluded(terms))])


def _excluded(terms: tuple[JobTerm, ...]) -> list[Words]:
    """Excluded single words; of several ones the index does not know whether they follow each other."""
    return [words for term in terms if term.is_excluded for words in term.either if len(words.tokens) == 1]
