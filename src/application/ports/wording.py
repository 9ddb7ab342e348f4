"""How words and figures are written for a reader: what pages and letters share."""

from datetime import datetime
from typing import Protocol

from domain.member import Locale
from domain.money import Money


def message(text: str) -> str:
    """Mark a text of the product for translation where it stands in a table. It is translated where it is shown."""
    return text


class Words(Protocol):
    """One language, and the customs of writing in it. Instants are UTC and shown in the billing time zone."""

    @property
    def locale(self) -> Locale:
        """The language."""
        ...

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        ...

    def gettext(self, message: str) -> str:
        """The translation of an English message. Its blanks, as in `%(name)s`, are left to be filled."""
        ...

    def amount(self, money: Money) -> str:
        """An amount with its currency: `1 500,00 MAD` in French."""
        ...

    def day(self, instant: datetime) -> str:
        """The date of an instant, in full: `2 mars 2026`. Raises ValueError for a time without an offset."""
        ...

    def short_day(self, instant: datetime) -> str:
        """The date of an instant for a narrow column: `Mar 2, 2026` in English. Raises as `day`."""
        ...

    def clock(self, instant: datetime) -> str:
        """The time of day of an instant, in hours and minutes. Raises as `day`."""
        ...

    def clean(self, text: str) -> str:
        """Text that others wrote, on one line, without control, format and bidi characters, of a bounded length."""
        ...

    def isolated(self, text: str) -> str:
        """Text between the marks that keep its direction from leaking into its neighbours; for plain text."""
        ...

    def place(self) -> str:
        """The city that the billing time zone is named after."""
        ...


class Wording(Protocol):
    """All the languages of the product."""

    def of(self, locale: Locale) -> Words:
        """The words of one language."""
        ...
