"""Stripe's test cards: what each number does, and what a bank says when it refuses."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Decline:
    """Why a payment did not go through. `message` is what the buyer reads."""

    code: str
    decline_code: str | None
    message: str
    advice_code: str | None = None
    network_decline_code: str | None = None
    network_advice_code: str | None = None
    param: str | None = None


@dataclass(frozen=True)
class Claim:
    """What the holder of a card tells the bank after paying. An inquiry asks first, and takes no money."""

    reason: Literal["fraudulent", "product_not_received"]
    is_inquiry: bool = False


@dataclass(frozen=True)
class Card:
    """One test card.

    asks: it wants 3-D Secure first. decline: why it is refused (after that step, if it asks).
    claims: how its holder disputes each payment, as soon as it was made; several share its amount.
    refund: what becomes of a refund to it, other than that it succeeds at once.
    """

    number: str
    label: str
    asks: bool = False
    decline: Decline | None = None
    claims: tuple[Claim, ...] = ()
    refund: Literal["succeeds_later", "fails_later"] | None = None

    @property
    def last4(self) -> str:
        """The digits that may be shown."""
        return self.number[-4:]

    @property
    def brand(self) -> str:
        """The network, by the first digits."""
        return {"3": "amex", "5": "mastercard"}.get(self.number[:1], "visa")


_PLAIN = "Your card was declined."
_VELOCITY = "Your card was declined for making repeated attempts too frequently or exceeding its amount limit."
_PROCESSING = "An error occurred while processing your card. Try again in a little bit."

GENERIC = Decline("card_declined", "generic_decline", _PLAIN, "try_again_later", "01")
FUNDS = Decline(
    "card_declined", "insufficient_funds", "Your card has insufficient funds.", "try_again_later", "51", "02"
)
LOST = Decline("card_declined", "lost_card", _PLAIN, "do_not_try_again", "41", "01")
STOLEN = Decline("card_declined", "stolen_card", _PLAIN, "do_not_try_again", "43", "01")
VELOCITY = Decline("card_declined", "card_velocity_exceeded", _VELOCITY, "try_again_later", "61", "02")
EXPIRED = Decline(
    "expired_card", "expired_card", "Your card has expired.", "confirm_card_data", "54", "03", "exp_month"
)
CVC = Decline(
    "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "confirm_card_data", "N7", "03", "cvc"
)
PROCESSING = Decline("processing_error", "processing_error", _PROCESSING, "try_again_later", "06")
NOT_AUTHENTICATED = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)
DELAYED_REFUSED = Decline("payment_intent_payment_attempt_failed", None, "The payment failed.")

FRAUD = Claim("fraudulent")
NOT_RECEIVED = Claim("product_not_received")
INQUIRY = Claim("fraudulent", is_inquiry=True)

CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242", "Visa, pays"),
        Card("5555555555554444", "Mastercard, pays"),
        Card("378282246310005", "American Express, pays"),
        Card("4000002500003155", "3-D Secure required", asks=True),
        Card("4000002760003184", "3-D Secure always required", asks=True),
        Card("4000000000003220", "3-D Secure 2 required", asks=True),
        Card("4000000000003063", "3-D Secure 2 required (3063)", asks=True),
        Card("4000008400001629", "3-D Secure required, then declined", asks=True, decline=GENERIC),
        Card("4000000000003055", "3-D Secure supported, not required"),
        Card("4000000000000002", "Declined", decline=GENERIC),
        Card("4000000000009995", "Insufficient funds", decline=FUNDS),
        Card("4000000000009987", "Lost card", decline=LOST),
        Card("4000000000009979", "Stolen card", decline=STOLEN),
        Card("4000000000000069", "Expired card", decline=EXPIRED),
        Card("4000000000000127", "Wrong security code", decline=CVC),
        Card("4000000000000119", "Processing error", decline=PROCESSING),
        Card("4000000000006975", "Declined too often", decline=VELOCITY),
        Card("4000000000000341", "Pays now, later charges declined"),
        Card("4000000000000077", "Pays, funds available at once"),
        Card("4000000000000259", "Pays, and is disputed", claims=(FRAUD,)),
        Card("4000000000002685", "Pays, and is disputed (not received)", claims=(NOT_RECEIVED,)),
        Card("4000000000001976", "Pays, and is inquired", claims=(INQUIRY,)),
        Card("4000000000005423", "Pays; would raise a fraud warning"),
        Card("4000004040000079", "Pays, and is disputed twice", claims=(FRAUD, NOT_RECEIVED)),
        Card("4000000000007726", "Pays; refunds succeed later", refund="succeeds_later"),
        Card("4000000000005126", "Pays; refunds fail later", refund="fails_later"),
    )
}
"""All cards by number. Fraud warnings themselves are not part of this sandbox."""

PROMINENT = (
    "4242424242424242",
    "4000002760003184",
    "4000000000000002",
    "4000000000009995",
    "4000000000000069",
    "4000000000000127",
    "4000000000000119",
    "4000008400001629",
)
"""The cards that the hosted page offers as buttons."""

REAL_CARD = "Your card was declined. Your request was in test mode, but used a non test card."


def digits(text: str) -> str:
    """A card number without its blanks and dashes."""
    return text.replace(" ", "").replace("-", "").replace("\u00a0", "").strip()


def is_card_number(number: str) -> bool:
    """Whether this is a test card, or its check digit is right at least."""
    return number in CARDS or _passes_luhn(number)


def _passes_luhn(number: str) -> bool:
    if not number.isascii() or not number.isdigit() or not 12 <= len(number) <= 19:
        return False
    total = 0
    for index, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def paying_card(last4: str) -> Card | None:
    """The test card that paid, by the digits that a charge shows."""
    return next((card for card in CARDS.values() if card.last4 == last4), None)


def card_of(number: str) -> Card:
    """The test card with this number; a real one is refused, as in test mode."""
    known = CARDS.get(number)
    if known is not None:
        return known
    return Card(number, "unknown", decline=Decline("card_declined", "test_mode_live_card", REAL_CARD))
