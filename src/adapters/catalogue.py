"""The price list from its file, checked before anything starts."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from domain.catalogue import Catalogue, Plan, PlanId
from domain.errors import InvalidCatalogue, InvalidMoney
from domain.member import Locale, UserType
from domain.money import Money

SHIPPED: Final = Path(__file__).parent / "catalogue.toml"


class PlanEntry(Struct, forbid_unknown_fields=True):
    """A `[[plan]]` of the file. Prices are minor units by currency, in lower case."""

    id: str
    user_type: UserType
    fee_type: str
    names: dict[Locale, str]
    prices: dict[str, int]


class CatalogueFile(Struct, forbid_unknown_fields=True):
    """The whole file."""

    plan: list[object]


def load_catalogue(path: Path | None, currencies: Sequence[str]) -> Catalogue:
    """The catalogue of a file (null: the one that is shipped), with prices in the order of `currencies`.

    Raises InvalidCatalogue, which names the file, the line and the mend.
    """
    path = path or SHIPPED
    try:
        text = path.read_text(encoding="utf-8")
        entries = msgspec.convert(tomllib.loads(text), CatalogueFile).plan
    except OSError as error:
        raise InvalidCatalogue(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InvalidCatalogue(f"{path}: {error}") from error

    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*plan\s*\]\]", line)]
    plans = []
    for entry, line in zip(entries, lines or [1] * len(entries), strict=False):
        try:
            plans.append(_plan(msgspec.convert(entry, PlanEntry), currencies))
        except (msgspec.ValidationError, InvalidCatalogue, InvalidMoney) as error:
            raise InvalidCatalogue(f"{path}, line {line}: {error}") from error
    try:
        return Catalogue(tuple(plans))
    except InvalidCatalogue as error:
        raise InvalidCatalogue(f"{path}: {error}") from error


def _plan(entry: PlanEntry, currencies: Sequence[str]) -> Plan:
    missing = [currency for currency in currencies if currency not in entry.prices]
    if missing:
        raise InvalidCatalogue(f"plan {entry.id} has no price in {', '.join(missing)}: add it under prices")
    prices = tuple(Money(entry.prices[currency], currency) for currency in currencies)
    for amount, currency in ((entry.prices[name], name) for name in entry.prices):
        Money(amount, currency)
    return Plan(
        id=PlanId(entry.id), user_type=entry.user_type, fee_type=entry.fee_type, names=entry.names, prices=prices
    )
