"""Values to store: each with every field filled in, or with every field that may be null left so."""

from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from application.ports.gateway import PreparedRequest
from application.ports.mail import Letter
from application.ports.store import BeginWork, Customer, Mail
from builders import NOON, a_payment
from domain.audit import Cause
from domain.catalogue import PlanId
from domain.checkout import Checkout
from domain.invoice import Invoice, ReceiptNumber
from domain.member import Locale, UserId, UserType
from domain.payment import Payment, PaymentId, PaymentStatus
from domain.subscription import Period, Subscription, SubscriptionStatus

_numbers = count(1)

TO_THE_MICROSECOND = NOON + timedelta(microseconds=123_457)
HOSTILE = (
    "\u0633\u0644\u0645\u0649 \u0628\u0646\u0627\u0646\u064a \u202e'; DROP TABLE payments; -- $1 %s \\ \" "
    "\U0001f469\u200d\U0001f3a4 e\u0301\t\n\x01\x7f\ufffd\uffff {x} :y"
)
"""Arabic, a change of direction, SQL, placeholders, joined and combining characters, control characters."""

CAUSE = Cause(why="told so", actor="stripe", event_id="evt_cause")


def a_customer(**changes: object) -> Customer:
    """A member's record with nothing made at the provider yet."""
    values = {
        "user_id": UserId(f"customer-{next(_numbers)}"),
        "email": "salma@example.org",
        "name": "Salma Bennani",
        "locale": Locale.ARABIC,
    }
    return Customer(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


def a_whole_customer() -> Customer:
    """A member's record with every field in use."""
    number = next(_numbers)
    return a_customer(
        name=HOSTILE,
        email="a" * 250 + "@example.org",
        provider_id=f"cus_{number}",
        request=PreparedRequest('{"name": "' + HOSTILE + '"}'),
        attempt=7,
        prepared_at=TO_THE_MICROSECOND,
    )


def a_whole_checkout(payment_id: PaymentId) -> Checkout:
    """A checkout with every field in use."""
    return Checkout(
        payment_id=payment_id,
        attempt=3,
        request=HOSTILE,
        prepared_at=TO_THE_MICROSECOND,
        claimed_until=TO_THE_MICROSECOND + timedelta(seconds=30),
        failures=2,
        url="https://checkout.example/c/pay/cs_test#" + "f" * 400,
        expires_at=TO_THE_MICROSECOND + timedelta(hours=1),
    )


def a_whole_invoice(payment_id: PaymentId) -> Invoice:
    """Invoice data with every field in use."""
    number = next(_numbers)
    return Invoice(
        payment_id=payment_id,
        number=ReceiptNumber(f"2026-{number:06d}"),
        issued_at=TO_THE_MICROSECOND,
        stripe_invoice_id=f"in_{number}",
        hosted_url="https://invoice.example/" + "h" * 300,
        pdf_url="https://invoice.example/pdf",
    )


def a_mail(payment_id: PaymentId, **changes: object) -> Mail:
    """A letter that was worded and not sent."""
    values = {
        "key": f"confirmation/{payment_id}",
        "payment_id": payment_id,
        "letter": Letter(to="salma@example.org", subject=HOSTILE, html=f"<p>{HOSTILE}</p>" * 50, text=HOSTILE * 50),
        "written_at": TO_THE_MICROSECOND,
    }
    return Mail(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


def a_period(payment: Payment, starts_at: datetime, days: int = 365) -> Period:
    """A period that a payment bought."""
    return Period(
        payment_id=payment.id, bought_at=starts_at, starts_at=starts_at, ends_at=starts_at + timedelta(days=days)
    )


def a_subscription(user_id: UserId, *periods: Period, **changes: object) -> Subscription:
    """An active subscription of a talent."""
    values = {
        "user_id": user_id,
        "user_type": UserType.TALENT,
        "plan": PlanId("talent_membership"),
        "status": SubscriptionStatus.ACTIVE,
        "periods": periods,
    }
    return Subscription(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


def a_paid_payment(**changes: object) -> Payment:
    """A payment whose money has arrived."""
    number = next(_numbers)
    values = {
        "status": PaymentStatus.SUCCEEDED,
        "paid_at": TO_THE_MICROSECOND,
        "checkout_session_id": f"cs_test_paid_{number}",
        "payment_intent_id": f"pi_paid_{number}",
    }
    return a_payment(**(values | changes))


async def stored(begin: BeginWork, *payments: Payment) -> None:
    """Store payments."""
    async with begin() as work:
        for payment in payments:
            work.payments.add(payment, CAUSE)
        await work.commit()


async def stored_payment(begin: BeginWork, **changes: object) -> Payment:
    """A payment that is stored."""
    payment = a_payment(**changes)
    await stored(begin, payment)
    return payment


async def payment_of(begin: BeginWork, payment_id: UUID) -> Payment | None:
    """A payment as it is stored now."""
    async with begin() as work:
        return await work.payments.get(PaymentId(payment_id))
