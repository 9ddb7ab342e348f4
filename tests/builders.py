"""Things of the domain that are valid by default: name only what matters to the test."""

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from application.ports.gateway import (
    CheckoutCompleted,
    CheckoutSession,
    ProviderEvent,
    ProviderFact,
    SessionStatus,
)
from domain.catalogue import Catalogue, Plan, PlanId
from domain.member import Locale, Member, UserId, UserType
from domain.money import Money
from domain.payment import Figures, Payment, PaymentId
from domain.returns import Dispute, DisputeStage, Refund, RefundStatus

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
_numbers = count(1)


def a_payment_id() -> PaymentId:
    """An id that no other test has."""
    return PaymentId(UUID(int=(0x0190 << 112) | (0x7 << 76) | (0x2 << 62) | next(_numbers)))


def a_member(**changes: object) -> Member:
    """A talent who reads French."""
    values = {
        "user_id": UserId(f"user-{next(_numbers)}"),
        "user_type": UserType.TALENT,
        "email": "salma@example.org",
        "name": "Salma Bennani",
        "locale": Locale.FRENCH,
    }
    return Member(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


def a_plan(**changes: object) -> Plan:
    """The plan of talents."""
    values = {
        "id": PlanId("talent_membership"),
        "user_type": UserType.TALENT,
        "fee_type": "annual_membership",
        "names": {Locale.ENGLISH: "Talent membership", Locale.FRENCH: "Membre Talent", Locale.ARABIC: "Talent"},
        "prices": (Money(30000, "mad"), Money(3000, "usd")),
    }
    return Plan(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


def a_catalogue() -> Catalogue:
    """One plan for each user type."""
    others = [
        a_plan(
            id=PlanId(f"{user_type}_access"),
            user_type=user_type,
            fee_type="annual_access",
            prices=(Money(mad, "mad"), Money(mad // 10, "usd")),
        )
        for user_type, mad in ((UserType.PROFESSIONAL, 150000), (UserType.COMPANY, 350000))
    ]
    return Catalogue((a_plan(), *others))


def a_payment(**changes: object) -> Payment:
    """A talent's payment that has just been started."""
    values = {
        "id": a_payment_id(),
        "user_id": UserId(f"user-{next(_numbers)}"),
        "user_type": UserType.TALENT,
        "plan": PlanId("talent_membership"),
        "amount": Money(30000, "mad"),
        "created_at": NOON,
    }
    return Payment(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


def a_session(**changes: object) -> CheckoutSession:
    """A hosted checkout that was paid as asked."""
    number = next(_numbers)
    values = {
        "id": f"cs_test_{number}",
        "status": SessionStatus.COMPLETE,
        "settled": True,
        "received": Figures(30000, "mad"),
        "expires_at": NOON + timedelta(hours=1),
        "payment_intent_id": f"pi_{number}",
        "invoice_id": f"in_{number}",
    }
    return CheckoutSession(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


def a_refund(**changes: object) -> Refund:
    """A refund of a whole talent's payment that stands."""
    values = {
        "id": f"re_{next(_numbers)}",
        "payment_intent_id": "pi_1",
        "amount_minor": 30000,
        "currency": "mad",
        "status": RefundStatus.SUCCEEDED,
        "created_at": NOON + timedelta(days=1),
    }
    return Refund(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


def a_dispute(**changes: object) -> Dispute:
    """A dispute about a whole talent's payment that has just been opened."""
    values = {
        "id": f"du_{next(_numbers)}",
        "payment_intent_id": "pi_1",
        "amount_minor": 30000,
        "currency": "mad",
        "stage": DisputeStage.OPEN,
        "created_at": NOON + timedelta(days=1),
    }
    return Dispute(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


def an_event(fact: ProviderFact | None = None, **changes: object) -> ProviderEvent:
    """An event of the provider: a completed checkout unless told otherwise."""
    number = next(_numbers)
    values = {
        "id": f"evt_{number}",
        "type": "checkout.session.completed",
        "created": NOON + timedelta(minutes=5),
        "api_version": "2026-10-28.endive",
        "body": f'{{"id": "evt_{number}"}}'.encode(),
        "fact": fact if fact is not None else CheckoutCompleted(a_session()),
    }
    return ProviderEvent(**(values | changes))  # type: ignore[arg-type] # one keyword to differ
