"""Payloads in Stripe's real shapes, of several API versions: each becomes an event or is refused, and none breaks anything."""

import json
from pathlib import Path

from application.errors import InvalidEvent
from application.ports.gateway import (
    ChargeRefunded,
    CheckoutCompleted,
    DisputeTold,
    NothingToDo,
    ProviderEvent,
    RefundTold,
    Unreadable,
)
from contract.stripe_events import CREATED, READER, in_stripe_s_layout, signed


def authentic_or_refused(body: bytes) -> ProviderEvent | None:
    """The event of a delivery as Stripe signs it; null for InvalidEvent, anything else comes out."""
    try:
        return READER.authentic(signed(body), CREATED)
    except InvalidEvent:
        return None


def test_every_recorded_payload_is_an_event_or_refused(shared_material: Path) -> None:
    files = sorted((shared_material / "events").glob("*.json"))
    outcomes = {file.name: authentic_or_refused(file.read_bytes()) for file in files}

    assert 50 < len(outcomes)
    assert 40 < sum(event is not None for event in outcomes.values())


def test_every_recorded_payload_is_read_in_stripe_s_own_layout(shared_material: Path) -> None:
    unreadable = []
    for file in sorted((shared_material / "events").glob("*.json")):
        document = json.loads(file.read_bytes())
        document = {"livemode": False, "object": "event", **document} | {"livemode": False}
        event = authentic_or_refused(in_stripe_s_layout(document))

        assert event is not None, file.name
        assert document["type"] == event.type
        if isinstance(event.fact, Unreadable):
            unreadable.append(file.name)

    assert ["067_B_charge.dispute.closed__none.json", "076_B_charge.dispute.updated__none.json"] == unreadable, (
        "disputes without an id"
    )


def test_every_recorded_refund_and_dispute_of_a_payment_intent_is_understood(shared_material: Path) -> None:
    facts = {
        file.name: event.fact
        for word in ("refund", "dispute")
        for file in sorted((shared_material / "events").glob(f"*{word}*.json"))
        if '"payment_intent": "pi_' in file.read_text() and (event := authentic_or_refused(file.read_bytes()))
    }

    assert facts
    assert [] == [
        name for name, fact in facts.items() if not isinstance(fact, RefundTold | ChargeRefunded | DisputeTold)
    ]


def test_a_recorded_completed_session_is_understood(shared_material: Path) -> None:
    facts = [
        event.fact
        for file in sorted((shared_material / "events").glob("*checkout.session.completed*.json"))
        if (event := authentic_or_refused(file.read_bytes())) is not None
    ]

    assert facts
    assert all(isinstance(fact, CheckoutCompleted | NothingToDo) for fact in facts)
    assert any(isinstance(fact, CheckoutCompleted) for fact in facts)
