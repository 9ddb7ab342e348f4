"""What Stripe delivers to the webhook door: authentic, then read with only the fields we need."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Raw, Struct

from adapters.stripe.returns import RefundedCharge, StripeDispute, StripeRefund
from adapters.stripe.sessions import INSTALLATION, Session, instant, named
from adapters.stripe.signature import verify
from application.errors import InvalidEvent
from application.ports.gateway import (
    CheckoutCompleted,
    CheckoutExpired,
    CheckoutFailed,
    Delivery,
    DisputeTold,
    NothingToDo,
    ProviderEvent,
    ProviderFact,
    RefundTold,
    Unreadable,
)

COMPLETED: Final = frozenset({"checkout.session.completed", "checkout.session.async_payment_succeeded"})
FAILED: Final = "checkout.session.async_payment_failed"
EXPIRED: Final = "checkout.session.expired"
OURS: Final = COMPLETED | {FAILED, EXPIRED}
OLD_REFUND_UPDATED: Final = "charge.refund.updated"
"""What versions before `refund.updated` send in its place."""

REFUNDS: Final = frozenset({"refund.created", "refund.updated", "refund.failed", OLD_REFUND_UPDATED})
CHARGE_REFUNDED: Final = "charge.refunded"
DISPUTES: Final = frozenset(
    f"charge.dispute.{word}" for word in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
)

OF_A_CUSTOMER: Final = "customer."
"""Begins the types of events that an endpoint may receive of a customer, whose name and address they have."""

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, OverflowError)
"""All that decoding raises for bytes of any kind: nesting thousands of levels deep is a RecursionError, a time before year 1 overflows."""

REASON_LENGTH_MAX: Final = 300
"""A reason quotes what it could not read, however long that is; it is logged, and kept with the event."""


class Data(Struct):
    """An event's `data`, its object yet to be read."""

    object: Raw


class Envelope(Struct):
    """An event as Stripe wraps it. A thin event (`v2.core.event`) has no data, and writes its time as text."""

    id: str
    object: str
    type: str
    created: int | str
    livemode: bool = False
    api_version: str | None = None
    account: str | None = None
    data: Data | None = None


ENVELOPES: Final = msgspec.json.Decoder(Envelope)
SESSIONS: Final = msgspec.json.Decoder(Session)
STRIPE_REFUNDS: Final = msgspec.json.Decoder(StripeRefund)
REFUNDED_CHARGES: Final = msgspec.json.Decoder(RefundedCharge)
STRIPE_DISPUTES: Final = msgspec.json.Decoder(StripeDispute)


class StripeEventReader:
    """The port EventReader. `live` is the mode of our key: events of the other mode are turned away."""

    def __init__(self, *, secrets: Sequence[str], live: bool) -> None:
        self._secrets = tuple(secrets)
        self._live = live

    def authentic(self, delivery: Delivery, now: datetime) -> ProviderEvent:
        verify(delivery.body, delivery.signature, self._secrets, now)
        return self.read(delivery.body)

    def read(self, body: bytes) -> ProviderEvent:
        try:
            envelope = ENVELOPES.decode(body)
            created = _created(envelope.created)
        except UNREADABLE as error:
            raise InvalidEvent("The body is no event of Stripe.") from error
        if envelope.object not in ("event", "v2.core.event") or not _plain(envelope):
            raise InvalidEvent("The body is no event of Stripe.")
        if envelope.livemode is not self._live:
            raise InvalidEvent("The event is of the other mode: a live event in test mode, or the reverse.")
        return ProviderEvent(
            id=envelope.id,
            type=envelope.type,
            created=created,
            api_version=envelope.api_version,
            body=body,
            fact=self._fact(envelope),
        )

    def _fact(self, envelope: Envelope) -> ProviderFact:
        known = OURS | REFUNDS | DISPUTES | {CHARGE_REFUNDED}
        if envelope.object != "event" or envelope.type not in known or envelope.account is not None:
            return NothingToDo(of_a_person=envelope.type.startswith(OF_A_CUSTOMER))
        if envelope.data is None:
            return Unreadable("it has no data")
        try:
            if envelope.type in OURS:
                return self._session(envelope.type, envelope.data.object)
            return returned(envelope.type, envelope.data.object, _created(envelope.created)) or NothingToDo()
        except UNREADABLE as error:
            return Unreadable(str(error)[:REASON_LENGTH_MAX])

    def _session(self, type: str, text: Raw) -> ProviderFact:
        session = SESSIONS.decode(text)
        # Other products of the same account sell in other modes, and a session of the other mode is as good as unknown.
        if session.mode != "payment" or session.livemode is not self._live:
            return NothingToDo()
        understood = session.understood()
        if type in COMPLETED:
            return CheckoutCompleted(understood)
        return CheckoutFailed(understood) if type == FAILED else CheckoutExpired(understood)


def returned(type: str, text: Raw, told_at: datetime) -> ProviderFact | None:
    """What an event says of money that went back; null when it is of no payment intent. Raises what decoding raises."""
    if type == CHARGE_REFUNDED:
        return REFUNDED_CHARGES.decode(text).understood()
    if type in REFUNDS:
        told = STRIPE_REFUNDS.decode(text)
        refund = told.understood()
        return RefundTold(refund, named(told.metadata, INSTALLATION)) if refund is not None else None
    dispute = STRIPE_DISPUTES.decode(text).understood(told_at)
    return DisputeTold(dispute) if dispute is not None else None


def _created(value: int | str) -> datetime:
    if isinstance(value, int):
        return instant(value)
    found = datetime.fromisoformat(value)
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _plain(envelope: Envelope) -> bool:
    """Whether the words of the envelope can be stored and shown."""
    words = (envelope.id, envelope.type, envelope.api_version or "-")
    return all(0 < len(word) <= 255 and word.isprintable() for word in words)
