"""States in words, as members read them."""

from typing import Final

from application.ports.wording import message
from domain.payment import Payment, PaymentStatus
from domain.returns import DisputeStatus
from domain.subscription import SubscriptionStatus

P = PaymentStatus

PAYMENT: Final = {
    P.PENDING: message("Begun"),
    P.PROCESSING: message("Being processed"),
    P.SUCCEEDED: message("Paid"),
    P.FAILED: message("Failed"),
    P.EXPIRED: message("Expired"),
    P.CANCELLED: message("Cancelled"),
    P.REVIEW: message("Under review"),
    P.PARTIALLY_REFUNDED: message("Partly refunded"),
    P.REFUNDED: message("Refunded"),
}

TONE: Final = {
    P.PENDING: "waiting",
    P.PROCESSING: "waiting",
    P.SUCCEEDED: "good",
    P.FAILED: "over",
    P.EXPIRED: "over",
    P.CANCELLED: "over",
    P.REVIEW: "waiting",
    P.PARTIALLY_REFUNDED: "over",
    P.REFUNDED: "over",
}
"""How a state is coloured; its word always stands beside the colour."""

LOST: Final = (message("The bank took money back"), "over")
"""What is told, and how, of a payment of which a bank took all or a part for good, unless it was refunded whole."""

SUBSCRIPTION: Final = {
    SubscriptionStatus.NONE: message("Not active"),
    SubscriptionStatus.ACTIVE: message("Active"),
    SubscriptionStatus.EXPIRED: message("Expired"),
    SubscriptionStatus.CANCELLED: message("Ended"),
}


def state_of(payment: Payment) -> tuple[str, str]:
    """The message of a payment's state, to be translated, and its tone."""
    if payment.dispute is DisputeStatus.LOST and payment.status is not P.REFUNDED:
        return LOST
    return PAYMENT[payment.status], TONE[payment.status]
