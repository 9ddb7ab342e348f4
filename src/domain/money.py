"""Money: a whole number of minor units in one currency. Never a float, never two currencies in one sum."""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from domain.errors import InvalidMoney

ZERO_DECIMAL: Final = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split())
"""Currencies without minor units (Stripe: "Supported currencies", zero-decimal currencies; UGX is named there as a special case)."""

THREE_DECIMAL: Final = frozenset("bhd jod kwd omr tnd".split())
"""Currencies of 1,000 minor units. Stripe takes only amounts that end in 0 (Stripe: three-decimal currencies)."""

MULTIPLES_OF_100: Final = frozenset({"isk", "ugx"})
"""Currencies that Stripe takes in hundredths, of which only whole hundreds are valid (Stripe: special cases)."""

STRIPE_MINIMUM_MINOR: Final = {
    "usd": 50,
    "eur": 50,
    "gbp": 30,
    "aed": 200,
    "cad": 50,
    "aud": 50,
    "chf": 50,
    "hkd": 400,
    "jpy": 50,
    "mxn": 1000,
    "sek": 300,
    "nok": 300,
    "dkk": 250,
    "pln": 200,
    "czk": 1500,
    "huf": 17500,
    "ron": 200,
    "inr": 50,
}
"""The smallest charge in minor units by settlement currency (Stripe: "Minimum and maximum charge amounts"). Any other currency is
judged after conversion, which only Stripe can do."""

MAXIMUM_MINOR: Final = 99_999_999
"""Stripe takes at most eight digits in most currencies."""


def decimals(currency: str) -> int:
    """How many decimals the amounts of a currency are written with: 0, 2 or 3."""
    if currency in MULTIPLES_OF_100:
        return 2
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


class Money(Struct, frozen=True, order=False):
    """An amount of one currency.

    amount_minor: whole minor units, 0 or more (30000 is 300.00 MAD).
    currency: the ISO 4217 code in lower case, as Stripe writes it.

    Raises InvalidMoney for anything else.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.amount_minor, bool) or not isinstance(self.amount_minor, int) or self.amount_minor < 0:
            raise InvalidMoney(f"an amount is a whole number of minor units, not {self.amount_minor!r}")
        if (
            len(self.currency) != 3
            or not self.currency.isascii()
            or not self.currency.isalpha()
            or not self.currency.islower()
        ):
            raise InvalidMoney(f"a currency is an ISO 4217 code in lower case, not {self.currency!r}")

    def __add__(self, other: "Money") -> "Money":
        """The sum. Raises InvalidMoney for two currencies: no exchange rate is ever invented."""
        if self.currency != other.currency:
            raise InvalidMoney(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __str__(self) -> str:
        return f"{self.major():f} {self.currency.upper()}"

    def major(self) -> Decimal:
        """The amount as people write it: Decimal('300.00') for 30000 minor units of MAD."""
        return Decimal(self.amount_minor).scaleb(-decimals(self.currency))

    def check_chargeable(self) -> "Money":
        """This amount, when Stripe can charge it as a price. Raises InvalidMoney otherwise, with the rule that it breaks."""
        least = STRIPE_MINIMUM_MINOR.get(self.currency, 1)
        if self.amount_minor < least:
            raise InvalidMoney(f"{self} is below the smallest charge, {Money(least, self.currency)}")
        if self.amount_minor > MAXIMUM_MINOR:
            raise InvalidMoney(f"{self} is above the largest charge, {Money(MAXIMUM_MINOR, self.currency)}")
        if self.currency in MULTIPLES_OF_100 and self.amount_minor % 100:
            raise InvalidMoney(f"{self}: this currency is charged in whole units only")
        if self.currency in THREE_DECIMAL and self.amount_minor % 10:
            raise InvalidMoney(f"{self}: this currency is charged in tens of minor units only")
        return self
