"""The counter where letters are looked over before any of our mailers takes them."""

import re
import unicodedata
from typing import Final

from application.errors import MailRefused
from application.ports.mail import Letter

ADDRESS: Final = re.compile(r"[^\s@<>(),;:\\\"\[\]]+@[^\s@<>(),;:\\\"\[\]]+")
"""One bare address. A comma or a bracket could smuggle in a second reader."""

ADDRESS_LENGTH_MAX: Final = 254

SUBJECT_LENGTH_MAX: Final = 998
"""RFC 5322 allows no longer line."""


def check_deliverable(letter: Letter) -> None:
    """Raises MailRefused for a letter that no provider should be asked to take: it could end with another reader or never."""
    if len(letter.to) > ADDRESS_LENGTH_MAX or not ADDRESS.fullmatch(letter.to) or _has_control(letter.to):
        raise MailRefused("the letter is not addressed to one e-mail address")
    if not letter.subject.strip() or len(letter.subject) > SUBJECT_LENGTH_MAX or _has_control(letter.subject):
        raise MailRefused("the subject of the letter is empty, too long or not on one line")
    if not encodable(letter.to + letter.subject + letter.html + letter.text):
        raise MailRefused("the letter holds characters that cannot be written as UTF-8")


def encodable(text: str) -> bool:
    """Whether `text` is free of lone surrogates, which no wire can carry."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _has_control(text: str) -> bool:
    return any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in text)
