"""What Stripe delivers becomes the right fact, in every shape that a version gave it."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.stripe.events import StripeEventReader
from application.errors import InvalidEvent, InvalidSignature
from application.ports.gateway import (
    CheckoutCompleted,
    CheckoutExpired,
    CheckoutFailed,
    NothingToDo,
    ProviderFact,
    SessionStatus,
    Unreadable,
)
from contract.stripe_events import (
    CREATED,
    PAYMENT_ID,
    READER,
    SECRET,
    a_stripe_event,
    a_stripe_session,
    in_stripe_s_layout,
    read,
    signed,
)
from domain.payment import Figures


def test_a_paid_session_is_read_whole() -> None:
    session = a_stripe_session()
    event = a_stripe_event(session)
    found = read(event)

    assert (event["id"], event["type"], CREATED, "2026-10-28.endive") == (
        found.id,
        found.type,
        found.created,
        found.api_version,
    )
    assert found.body == in_stripe_s_layout(event)
    assert isinstance(found.fact, CheckoutCompleted)
    assert found.fact.session.id == session["id"]
    assert found.fact.session.status is SessionStatus.COMPLETE
    assert found.fact.session.settled
    assert Figures(30000, "mad") == found.fact.session.received
    assert CREATED + timedelta(hours=1) == found.fact.session.expires_at
    assert PAYMENT_ID == found.fact.session.payment_id
    assert session["payment_intent"] == found.fact.session.payment_intent_id
    assert session["invoice"] == found.fact.session.invoice_id


@pytest.mark.parametrize(
    ("type", "fact"),
    [
        ("checkout.session.completed", CheckoutCompleted),
        ("checkout.session.async_payment_succeeded", CheckoutCompleted),
        ("checkout.session.async_payment_failed", CheckoutFailed),
        ("checkout.session.expired", CheckoutExpired),
    ],
)
@pytest.mark.parametrize("version", ["2020-08-27", "2022-11-15", "2025-03-31.basil", "2026-10-28.endive", None])
def test_each_event_of_a_session_is_its_fact_in_every_version(
    type: str, fact: type[ProviderFact], version: str | None
) -> None:
    found = read(a_stripe_event(type=type, api_version=version))

    assert isinstance(found.fact, fact)
    assert version == found.api_version


@pytest.mark.parametrize(
    ("status", "payment_status", "expected", "settled"),
    [
        ("complete", "paid", SessionStatus.COMPLETE, True),
        ("complete", "no_payment_required", SessionStatus.COMPLETE, True),
        ("complete", "unpaid", SessionStatus.COMPLETE, False),
        ("open", "unpaid", SessionStatus.OPEN, False),
        ("expired", "unpaid", SessionStatus.EXPIRED, False),
        (None, "paid", SessionStatus.COMPLETE, True),
        (None, "unpaid", SessionStatus.OPEN, False),
        ("complete", "a word of next year", SessionStatus.COMPLETE, False),
    ],
)
def test_a_session_is_settled_by_its_payment_status_alone(
    status: str | None, payment_status: str, expected: SessionStatus, settled: bool
) -> None:
    session = a_stripe_session(status=status, payment_status=payment_status)
    if status is None:
        del session["status"]
    fact = read(a_stripe_event(session)).fact

    assert isinstance(fact, CheckoutCompleted)
    assert (expected, settled) == (fact.session.status, fact.session.settled)


def test_the_money_s_arrival_is_the_charge_s_making_where_it_is_told() -> None:
    intent = {"id": "pi_1", "latest_charge": {"id": "ch_1", "created": int(CREATED.timestamp()) - 60}}
    paid = read(a_stripe_event(a_stripe_session(payment_intent=intent))).fact
    unpaid = read(a_stripe_event(a_stripe_session(payment_intent=intent, payment_status="unpaid"))).fact

    assert isinstance(paid, CheckoutCompleted)
    assert CREATED - timedelta(seconds=60) == paid.session.paid_at
    assert isinstance(unpaid, CheckoutCompleted)
    assert unpaid.session.paid_at is None


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        ("pi_1", "pi_1"),
        ({"id": "pi_1", "object": "payment_intent", "latest_charge": "ch_1"}, "pi_1"),
        ({"id": "pi_1", "latest_charge": None}, "pi_1"),
        ({"id": "pi_1"}, "pi_1"),
        (None, None),
    ],
)
def test_an_intent_may_be_an_id_an_object_or_null(intent: object, expected: str | None) -> None:
    fact = read(a_stripe_event(a_stripe_session(payment_intent=intent))).fact

    assert isinstance(fact, CheckoutCompleted)
    assert expected == fact.session.payment_intent_id


@pytest.mark.parametrize("invoice", ["in_1", {"id": "in_1", "object": "invoice"}])
def test_an_invoice_may_be_an_id_or_an_object(invoice: object) -> None:
    fact = read(a_stripe_event(a_stripe_session(invoice=invoice))).fact

    assert isinstance(fact, CheckoutCompleted)
    assert fact.session.invoice_id == "in_1"


@pytest.mark.parametrize(
    "metadata", [[], {}, None, {"payment_id": ""}, {"payment_id": "another product's"}, {"payment_id": "1" * 500}]
)
def test_a_session_without_our_id_is_none_of_ours(metadata: object) -> None:
    fact = read(a_stripe_event(a_stripe_session(metadata=metadata))).fact

    assert isinstance(fact, CheckoutCompleted)
    assert fact.session.payment_id is None


def test_fields_that_may_be_left_out_are() -> None:
    needed = ("id", "mode", "payment_status", "expires_at", "livemode")
    session = {name: value for name, value in a_stripe_session().items() if name in needed}
    fact = read(a_stripe_event(session)).fact

    assert isinstance(fact, CheckoutCompleted)
    assert Figures(None, None) == fact.session.received


def test_a_currency_is_read_in_lower_case() -> None:
    fact = read(a_stripe_event(a_stripe_session(currency="MAD"))).fact

    assert isinstance(fact, CheckoutCompleted)
    assert fact.session.received.currency == "mad"


@pytest.mark.parametrize(
    "session",
    [
        {"mode": "subscription"},
        {"mode": "setup"},
        {"livemode": True},
        {"mode": "of next year"},
        {"mode": None, "expires_at": None},
    ],
)
def test_a_session_of_another_mode_changes_nothing(session: dict[str, object]) -> None:
    assert isinstance(read(a_stripe_event(a_stripe_session(**session))).fact, NothingToDo)


def test_an_event_of_a_connected_account_changes_nothing() -> None:
    assert isinstance(read(a_stripe_event(account="acct_1")).fact, NothingToDo)


@pytest.mark.parametrize("type", ["charge.succeeded", "checkout.session.of_next_year", "x", "payment_intent.succeeded"])
def test_a_kind_that_we_do_not_know_changes_nothing_whatever_it_carries(type: str) -> None:
    sessions: list[object] = [{}, [], "x", 1, a_stripe_session()]
    for session in sessions:
        assert isinstance(read(a_stripe_event(session, type=type)).fact, NothingToDo)


@pytest.mark.parametrize(
    ("type", "of_a_person"), [("customer.deleted", True), ("customer.updated", True), ("charge.succeeded", False)]
)
def test_an_event_of_a_customer_is_known_to_describe_a_person_alone(type: str, of_a_person: bool) -> None:
    assert NothingToDo(of_a_person=of_a_person) == read(a_stripe_event({"object": "customer"}, type=type)).fact


def test_a_thin_event_is_kept_and_changes_nothing() -> None:
    thin = {
        "id": "evt_test_thin",
        "object": "v2.core.event",
        "type": "v1.checkout.session.completed",
        "created": "2026-11-03T12:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "cs_test_1", "type": "checkout.session", "url": "/v1/checkout/sessions/cs_test_1"},
    }
    found = read(thin)

    assert isinstance(found.fact, NothingToDo)
    assert found.created == CREATED


@pytest.mark.parametrize("live", [True, False])
def test_an_event_of_the_other_mode_is_turned_away(live: bool) -> None:
    reader = StripeEventReader(secrets=[SECRET], live=live)
    own, other = a_stripe_event(livemode=live), a_stripe_event(livemode=not live)

    assert reader.read(in_stripe_s_layout(own)).id == own["id"]
    with pytest.raises(InvalidEvent):
        reader.read(in_stripe_s_layout(other))


def test_an_event_without_its_mode_is_one_of_test_mode() -> None:
    event = a_stripe_event()
    del event["livemode"]

    assert isinstance(read(event).fact, CheckoutCompleted)
    with pytest.raises(InvalidEvent):
        StripeEventReader(secrets=[SECRET], live=True).read(in_stripe_s_layout(event))


def test_a_delivery_without_a_good_signature_is_not_read() -> None:
    body = in_stripe_s_layout(a_stripe_event())

    for delivery in (signed(body, secret="whsec_other"), signed(body, at=datetime(2020, 1, 1, tzinfo=UTC))):
        with pytest.raises(InvalidSignature):
            READER.authentic(delivery, CREATED)


@pytest.mark.parametrize(
    "session",
    [
        {"id": None},
        {"id": ""},
        {"id": "c" * 256},
        {"id": "cs_\0"},
        {"payment_intent": "pi_\0"},
        {"payment_intent": 1},
        {"payment_intent": {}},
        {"invoice": ""},
        {"invoice": ["in_1"]},
        {"status": "of next year"},
        {"payment_status": None},
        {"amount_total": "30000"},
        {"amount_total": 300.5},
        {"currency": 1},
        {"currency": "m\0d"},
        {"expires_at": None},
        {"expires_at": 10**18},
        {"expires_at": "tomorrow"},
        {"metadata": "x"},
        {"mode": 1},
        {"livemode": "false"},
    ],
)
def test_one_of_ours_that_cannot_be_read_is_kept_with_the_reason(session: dict[str, object]) -> None:
    fact = read(a_stripe_event(a_stripe_session(**session))).fact

    assert isinstance(fact, Unreadable)
    assert fact.reason


@pytest.mark.parametrize("data", [None, {"object": None}, {"object": []}, {"object": "cs_1"}, {"object": 1}])
def test_one_of_ours_without_a_session_is_kept_with_the_reason(data: object) -> None:
    assert isinstance(read(a_stripe_event(data=data)).fact, Unreadable)


@pytest.mark.parametrize(
    "change", [{"currency": "m" * 3000}, {"currency": "ma1"}, {"amount_total": 10**12}, {"amount_total": -1}]
)
def test_a_figure_that_stripe_cannot_mean_is_unreadable_and_never_kept_as_one(change: dict[str, object]) -> None:
    event = READER.read(in_stripe_s_layout(a_stripe_event(session=a_stripe_session() | change)))

    assert isinstance(event.fact, Unreadable)
