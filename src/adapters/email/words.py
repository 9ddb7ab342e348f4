"""The phrase book: what letters say in each language, loaded from one file a language and checked as a whole."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Final

from domain.member import Locale

WORDS_FOLDER: Final = Path(__file__).parent / "words"

BLANKS: Final = frozenset("amount brand contact end end_time name place plan receipt start".split())
"""What a phrase may leave blank, to be filled in when the letter is written."""


class BrokenWords(ValueError):
    """The phrase books cannot be used; the message names the language, the key and what is wrong with it."""


def load_words(folder: Path = WORDS_FOLDER) -> dict[Locale, Mapping[str, str]]:
    """The phrases of every language, by key.

    Raises BrokenWords unless every language has a file with the same keys, and every phrase the same blanks.
    """
    books = {locale: _load(folder / f"{locale}.toml") for locale in Locale}
    model = books[Locale.FRENCH]
    for locale, book in books.items():
        for key in sorted(model.keys() - book.keys()):
            raise BrokenWords(f"{locale}: the phrase {key!r} is missing")
        for key in sorted(book.keys() - model.keys()):
            raise BrokenWords(f"{locale}: the phrase {key!r} is unknown to {Locale.FRENCH}")
        for key in sorted(book):
            if _blanks(book[key]) != _blanks(model[key]):
                raise BrokenWords(f"{locale}: the phrase {key!r} has other blanks than in {Locale.FRENCH}")
    return books


def _load(path: Path) -> Mapping[str, str]:
    try:
        book = tomllib.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as fault:
        raise BrokenWords(f"{path.name}: cannot be read: {fault}") from fault
    phrases: dict[str, str] = {}
    for key, phrase in book.items():
        if not isinstance(phrase, str) or not phrase.strip():
            raise BrokenWords(f"{path.stem}: the phrase {key!r} is not a text")
        try:
            unknown = _blanks(phrase) - BLANKS
        except ValueError as fault:
            raise BrokenWords(f"{path.stem}: the phrase {key!r} has a broken blank: {fault}") from fault
        if unknown:
            raise BrokenWords(f"{path.stem}: the phrase {key!r} has unknown blanks: {', '.join(sorted(unknown))}")
        phrases[key] = phrase
    return phrases


def _blanks(phrase: str) -> frozenset[str]:
    """The names of a phrase's blanks. Raises ValueError for braces that do not match and for blanks with a format of their own."""
    blanks = []
    for _, field, form, conversion in Formatter().parse(phrase):
        if form or conversion:
            raise ValueError(f"{field!r} has a format")
        if field is not None:
            blanks.append(field)
    return frozenset(blanks)
