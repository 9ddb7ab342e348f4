"""Payloads in Stripe's real shapes, of several API versions: each becomes an event or is refused, and none breaks anything."""

import json
from pathlib import Path

from application.errors import InvalidEvent
from application.ports.gateway import CheckoutCompleted, NothingToDo, ProviderEvent
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
    for file in sorted((shared_material / "events").glob("*.json")):
        document = json.loads(file.read_bytes())
        document = {"livemode": False, "object": "event", **document} | {"livemode": False}
        event = authentic_or_refused(in_stripe_s_layout(document))

        assert event is not None, file.name
        assert document["type"] == event.type
        assert isinstance(event.fact, NothingToDo | CheckoutCompleted), file.name


def test_a_recorded_completed_session_is_understood(shared_material: Path) -> None:
    facts = [
        event.fact
        for file in sorted((shared_material / "events").glob("*checkout.session.completed*.json"))
        if (event := authentic_or_refused(file.read_bytes())) is not None
    ]

    assert facts
    assert all(isinstance(fact, CheckoutCompleted | NothingToDo) for fact in facts)
    assert any(isinstance(fact, CheckoutCompleted) for fact in facts)
