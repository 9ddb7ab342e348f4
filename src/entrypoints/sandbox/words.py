"""What the hosted page's readers read: the language of each, its words, and how it writes amounts and times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from entrypoints.sandbox.money import decimals

TRANSLATIONS_FOLDER: Final = Path(__file__).parent / "translations"

SOURCE_LANGUAGE: Final = "en"
"""The language of the templates. Readers of none of the languages read this one."""

LANGUAGES: Final = (SOURCE_LANGUAGE, "fr")
"""Stripe's own page knows more languages; Arabic is none of them."""

HEADER_LENGTH_MAX: Final = 1_000

# CLDR's pattern for a currency holds these: its sign, and between the sign and digits a space that does not break.
CURRENCY_SIGN: Final = "\u00a4"
NO_BREAK_SPACE: Final = "\u00a0"


def phrase(text: str) -> str:
    """Marks a text that is written here and translated where it is shown."""
    return text


@dataclass(frozen=True)
class Reader:
    """Somebody who looks at a page, and the language they read."""

    language: str = SOURCE_LANGUAGE

    def say(self, message: str, **values: object) -> Markup:
        """A message in the reader's language, its blanks (`%(name)s`) filled with values that cannot bring markup along."""
        return escape(translations(self.language).get(message, message)) % values

    def amount(self, amount_minor: int, currency: str) -> Markup:
        """An amount as the reader writes it: 30000 minor units of mad are "300,00 MAD" in French, for programs 300.00."""
        places = decimals(currency)
        major = Decimal(amount_minor).scaleb(-places)
        text = _written(major, currency.upper(), places, self.language)
        return Markup('<data class="amount" value="{}">{}</data>').format(f"{major:.{places}f}", text)

    def moment(self, seconds: float) -> Markup:
        """A Unix time to the minute, in UTC."""
        # Babel reads its data when it is imported, and a sandbox that only answers the API never shows a page.
        from babel.dates import format_date, format_time

        when = datetime.fromtimestamp(seconds, UTC)
        date, time = format_date(when, "long", self.language), format_time(when, "short", UTC, self.language)
        return Markup('<time datetime="{}">{}, {} UTC</time>').format(f"{when:%Y-%m-%dT%H:%MZ}", date, time)


def reader_of(locale: str | None, accepted: str) -> Reader:
    """Who reads a page: the session's locale decides; without one, or with "auto", the browser's Accept-Language.

    Where that names none of the languages, the reader reads English.
    """
    if locale is not None and locale != "auto":
        return Reader(_known(locale) or SOURCE_LANGUAGE)
    known = (_known(tag) for tag in _by_preference(accepted[:HEADER_LENGTH_MAX]))
    return Reader(next((language for language in known if language is not None), SOURCE_LANGUAGE))


def _known(tag: str) -> str | None:
    language = tag.partition("-")[0].strip().lower()
    return language if language in LANGUAGES else None


def _by_preference(accepted: str) -> list[str]:
    """The tags of an Accept-Language header, the dearest first, without those that are refused."""
    weighed = []
    for part in accepted.split(","):
        tag, _, parameter = part.partition(";")
        name, _, number = parameter.strip().partition("=")
        try:
            weight = float(number) if name.strip().lower() == "q" else 1.0
        except ValueError:
            continue
        if weight > 0:
            weighed.append((weight, tag))
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]


@cache
def translations(language: str) -> Mapping[str, str]:
    """The messages of a language by their English text."""
    if language == SOURCE_LANGUAGE:
        return {}
    from babel.messages.pofile import read_po

    with (TRANSLATIONS_FOLDER / f"{language}.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    return {str(message.id): str(message.string) for message in catalogue if message.id and message.string}


def _written(major: Decimal, code: str, places: int, language: str) -> str:
    from babel import Locale
    from babel.numbers import format_currency, get_currency_symbol

    # The decimals are Stripe's: CLDR drops those of some currencies that are charged in hundredths.
    digits = "0." + "0" * places if places else "0"
    pattern = str(Locale.parse(language).currency_formats["standard"].pattern).replace("0.00", digits)
    if get_currency_symbol(code, language)[-1].isalpha():
        pattern = pattern.replace(f"{CURRENCY_SIGN}#", f"{CURRENCY_SIGN}{NO_BREAK_SPACE}#")
    return format_currency(major, code, pattern, language, currency_digits=False)
