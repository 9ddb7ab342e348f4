"""The form of the hosted page as it was sent, and what its buyer has to correct before anything is tried."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import parse_qsl

from entrypoints.sandbox.cards import CARDS, Card, digits, is_card_number
from entrypoints.sandbox.words import phrase

FORM_BYTES_MAX = 20_000

Fields = Mapping[str, str]


@dataclass(frozen=True)
class Fault:
    """What went wrong, in English. field: the name of the field that it is about; None: the payment as a whole."""

    message: str
    field: str | None = None


def fields_of(body: bytes) -> dict[str, str]:
    """The fields of a form, none where it is no form or too long to be one."""
    if len(body) > FORM_BYTES_MAX:
        return {}
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        return {}


def wrong_email(email: str | None) -> Fault | None:
    """What is wrong with an e-mail address, if one was given."""
    if email is None or re.match(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z", email):
        return None
    return Fault(phrase("Your email is invalid."), "email")


def wrong_card(number: str, fields: Fields) -> Fault | None:
    """What Checkout says about a card before it is tried. Fields that a script leaves out are not judged."""
    if not number:
        return Fault(phrase("Your card number is incomplete."), "card_number")
    if not is_card_number(number):
        return Fault(phrase("Your card number is invalid."), "card_number")
    if fields.get("test_card"):
        return None
    expiry, code = fields.get("card_expiry", ""), fields.get("card_cvc", "")
    if expiry:
        found = re.match(r"(0?[1-9]|1[0-2])\s*/?\s*(?:20)?(\d\d)\Z", expiry.strip())
        if not found:
            return Fault(phrase("Your card's expiration date is incomplete."), "card_expiry")
        today = datetime.now(UTC)
        if (2000 + int(found[2]), int(found[1])) < (today.year, today.month):
            return Fault(phrase("Your card's expiration date is in the past."), "card_expiry")
    if code and not re.match(r"\d{4}\Z" if number.startswith("3") else r"\d{3,4}\Z", code.strip()):
        return Fault(phrase("Your card's security code is incomplete."), "card_cvc")
    return None


def shown_again(fields: Fields) -> dict[str, str]:
    """What the buyer need not type again. Security codes never come back, and of card numbers only those of test cards."""
    kept = {name: fields.get(name, "") for name in ("email", "card_number", "card_expiry", "card_name")}
    if digits(kept["card_number"]) not in CARDS:
        kept["card_number"] = ""
    return kept


def grouped(number: str) -> str:
    """A card number as it stands on the card: four by four, with American Express 4, 6 and 5."""
    places = (0, 4, 10, 15) if number.startswith("3") else (0, 4, 8, 12, 16)
    return " ".join(number[start:end] for start, end in pairwise(places))


def kind(card: Card) -> str:
    """What a test card does, in one word: pays, asks or fails."""
    if card.asks:
        return "asks"
    return "fails" if card.decline else "pays"
