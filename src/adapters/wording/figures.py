"""The figures of pages and letters: amounts, dates and places, written as CLDR says for the member's language."""

import re
import unicodedata
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale as Cldr
from babel.dates import format_date, format_time, get_timezone_location
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

from domain.member import Locale
from domain.money import Money, decimals

CLDR: Final = {
    Locale.FRENCH: Cldr.parse("fr"),
    Locale.ENGLISH: Cldr.parse("en"),
    # The Arabic of Morocco has its own month names and writes Western digits.
    Locale.ARABIC: Cldr.parse("ar_MA"),
}

CURRENCY_SIGN: Final = "\u00a4"
NO_BREAK_SPACE: Final = "\u00a0"
LEFT_TO_RIGHT_MARK: Final = "\u200e"


def amount(money: Money, locale: Locale) -> str:
    """`money` as people write it: '300,00 MAD' in French. No digit that was charged is ever rounded away."""
    cldr = CLDR[locale]
    code = money.currency.upper()
    major = money.major()
    digits = get_currency_precision(code)
    if major != round(major, digits):
        # CLDR drops the decimals of some currencies that Stripe charges in hundredths.
        digits = decimals(money.currency)
    pattern = cldr.currency_formats["standard"].pattern.replace("0.00", "0." + "0" * digits if digits else "0")
    symbol = get_currency_symbol(code, locale=cldr)
    # CLDR's currency spacing, which Babel leaves out: letters do not touch digits ('MAD 300.00', yet '$30.00').
    if unicodedata.category(symbol[-1])[0] != "S":
        pattern = re.sub(f"{CURRENCY_SIGN}(?=[#0])", CURRENCY_SIGN + NO_BREAK_SPACE, pattern)
    if direction(locale) == "rtl" and unicodedata.category(symbol[-1])[0] == "S":
        # A sign at the end of Latin letters would move to their other side.
        pattern = pattern.replace(CURRENCY_SIGN, CURRENCY_SIGN + LEFT_TO_RIGHT_MARK)
    return format_currency(major, code, format=pattern, locale=cldr, currency_digits=False)


def day(instant: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """The date of an instant in a time zone, in full: '2 mars 2026'. Raises ValueError for a time without an offset."""
    written = format_date(_local(instant, zone), "long", locale=CLDR[locale])
    # French counts the first of a month as an ordinal, in prose always; CLDR's pattern cannot say so.
    return re.sub(r"^1 ", "1er ", written) if locale is Locale.FRENCH else written


def short_day(instant: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """The same as short as the language has it with a month in letters: '2 mars 2026', 'Mar 2, 2026'. Raises as `day`."""
    return format_date(_local(instant, zone), "medium", locale=CLDR[locale])


def clock(instant: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """The time of day of an instant in a time zone, in hours and minutes. Raises ValueError for a time without an offset."""
    return format_time(_local(instant, zone), "short", locale=CLDR[locale])


def place(zone: ZoneInfo, locale: Locale) -> str:
    """The city that a time zone is named after."""
    return get_timezone_location(zone, locale=CLDR[locale], return_city=True)


def direction(locale: Locale) -> str:
    """'rtl' for a language that is written from right to left, else 'ltr'."""
    return CLDR[locale].text_direction


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant has an offset from UTC; a time without one could mean any hour")
    return instant.astimezone(zone)
