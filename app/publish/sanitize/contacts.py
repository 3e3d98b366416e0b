"""Telephone numbers and account numbers (IBAN)."""

from __future__ import annotations

import re

from app.publish.sanitize.parts import Parts, ReadRest
from app.publish.sanitize.pseudonyms import Secret

PHONE = (
    r"\B\+[1-9]\d{0,2}[ .-]?(?:\(0?\d{0,4}\)[ .-]?)?\d{1,4}(?:[ .-]\d{2,4}){1,5}\b|\B\+[1-9]\d{10,12}\b"
    r"|(?i:\b(?:tel(?:ephone)?|phone|mobile|gsm|fax|natel|portable)(?:\s?(?:no|number|nr))?\s?[.:=]{0,2}\s?[+(]?\d[\d ()/.-]{3,20}\d\b)"
)
"""Numbers with the code of a country, and any number after a label."""

IBAN = r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"

MIN_DIGITS, MAX_DIGITS = 9, 15
"""Digits of a telephone number with the code of a country (E.164)."""

MIN_LABELLED_DIGITS = 5
"""Digits of a number after a label: those within CERN have five."""

_NUMBER = re.compile(r"[+(]?\d[\d ()/.-]*\Z")


def replace_phone(text: str, read_rest: ReadRest) -> Parts | None:
    """A telephone number; the same number has one pseudonym in any spelling."""
    number = _NUMBER.search(text)
    digits = re.sub(r"\D", "", number[0]) if number else ""
    is_labelled = not text.startswith("+")
    if number is None or not (MIN_LABELLED_DIGITS if is_labelled else MIN_DIGITS) <= len(digits) <= MAX_DIGITS:
        return None
    separators = set(re.sub(r"[\d()+]", "", number[0]))
    if not is_labelled and "." in separators and (len(separators) > 1 or number[0].count(".") < 3):
        return None
    return text[: number.start()], Secret("address", digits)


def replace_iban(text: str, read_rest: ReadRest) -> Parts | None:
    """The number of an account, if its check digits are right (ISO 13616)."""
    number = text.replace(" ", "")
    rotated = "".join(str(int(letter, 36)) for letter in number[4:] + number[:4])
    return (Secret("key", number),) if len(number) >= 15 and int(rotated) % 97 == 1 else None
