"""The languages of the product: English is what the sources say, the others stand in one gettext catalogue each."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po

from adapters.wording import figures
from adapters.wording.untrusted import clean, isolated
from domain.member import Locale
from domain.money import Money

FOLDER: Final = Path(__file__).parent / "translations"
SOURCE: Final = Locale.ENGLISH
BLANK: Final = re.compile(r"%\((\w+)\)s")


class BrokenCatalogue(ValueError):
    """A catalogue cannot be used; the message names the language, the text and what is wrong with it."""


class BabelWords:
    """One language. Satisfies Words."""

    def __init__(self, locale: Locale, zone: ZoneInfo, texts: Mapping[str, str]) -> None:
        """texts: the translation of each message; a message without one is said as the sources have it."""
        self._locale = locale
        self._zone = zone
        self._texts = texts

    @property
    def locale(self) -> Locale:
        return self._locale

    @property
    def direction(self) -> str:
        return figures.direction(self._locale)

    def gettext(self, message: str) -> str:
        return self._texts.get(message, message)

    def amount(self, money: Money) -> str:
        return figures.amount(money, self._locale)

    def day(self, instant: datetime) -> str:
        return figures.day(instant, self._zone, self._locale)

    def short_day(self, instant: datetime) -> str:
        return figures.short_day(instant, self._zone, self._locale)

    def clock(self, instant: datetime) -> str:
        return figures.clock(instant, self._zone, self._locale)

    def place(self) -> str:
        return figures.place(self._zone, self._locale)

    def clean(self, text: str) -> str:
        return clean(text)

    def isolated(self, text: str) -> str:
        return isolated(text)


class BabelWording:
    """All languages, each read when it is first asked for. Satisfies Wording."""

    def __init__(self, zone: ZoneInfo, folder: Path = FOLDER) -> None:
        """zone: the billing time zone, in which times are shown."""
        self._zone = zone
        self._folder = folder
        self._read: dict[Locale, BabelWords] = {}

    def of(self, locale: Locale) -> BabelWords:
        """The words of a language. Raises BrokenCatalogue."""
        if locale not in self._read:
            self._read[locale] = self._words(locale)
        return self._read[locale]

    def _words(self, locale: Locale) -> BabelWords:
        if locale is SOURCE:
            return BabelWords(locale, self._zone, {})
        messages = [message for message in read_catalogue(self._folder, locale) if message.id]
        faults = [fault for message in messages if (fault := fault_of(message)) is not None]
        if faults:
            raise BrokenCatalogue(f"{locale}: {'; '.join(faults)}")
        return BabelWords(locale, self._zone, {str(message.id): str(message.string) for message in messages})


def read_catalogue(folder: Path, locale: Locale) -> Catalog:
    """The catalogue of a language. Raises BrokenCatalogue when there is none that can be read."""
    path = folder / f"{locale}.po"
    try:
        with path.open("rb") as file:
            return read_po(file, locale=locale.value, abort_invalid=True)
    except (OSError, PoFileError, UnicodeDecodeError) as fault:
        raise BrokenCatalogue(f"{locale}: {path.name} cannot be read: {fault}") from fault


def fault_of(message: Message) -> str | None:
    """What is wrong with a translation: it is missing, unsure, in plural forms that nothing asks for, or has other blanks."""
    if not isinstance(message.id, str):
        return f"{message.id[0]!r} has plural forms, and nothing here counts"
    translation = str(message.string or "")
    if not translation.strip():
        return f"{message.id!r} is not translated"
    if message.fuzzy:
        return f"{message.id!r} is marked as unsure (fuzzy)"
    if set(BLANK.findall(translation)) != set(BLANK.findall(message.id)) or "%" in BLANK.sub("", translation):
        return f"{message.id!r} has other blanks in its translation"
    return None
