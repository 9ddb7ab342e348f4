"""What the answers of the API look like: the examples of its description. They are made of the bodies themselves, so that they fit."""

from typing import Final
from uuid import UUID

from domain.member import UserType
from domain.payment import PaymentStatus
from domain.subscription import SubscriptionStatus
from entrypoints.http.bodies import (
    CheckoutBody,
    InvoiceBody,
    PaymentBody,
    PaymentList,
    PlanBody,
    PlanList,
    PriceBody,
    StartBody,
    SubscriptionBody,
    SubscriptionList,
)

PAYMENT_ID: Final = UUID("01939a5e-7a10-7c3e-9d47-3b1f8b6a2c10")
SESSION_ID: Final = "cs_test_a1b2c3d4e5f6g7h8i9j0"
USER_ID: Final = "user_4711"

START: Final = StartBody(plan="talent_membership")

PLANS: Final = PlanList(
    url="/api/v1/plans",
    has_more=False,
    data=[
        PlanBody(
            id="talent_membership",
            user_type=UserType.TALENT,
            fee_type="annual_membership",
            name="Talent membership",
            amount=30000,
            currency="mad",
            prices=[PriceBody(amount=30000, currency="mad"), PriceBody(amount=3000, currency="usd")],
        )
    ],
)

CHECKOUT: Final = CheckoutBody(
    payment_id=PAYMENT_ID,
    checkout_session_id=SESSION_ID,
    url=f"https://checkout.stripe.com/c/pay/{SESSION_ID}",
    expires_at="2026-01-16T12:00:00.000000Z",
    plan="talent_membership",
    amount=30000,
    currency="mad",
    status=PaymentStatus.PENDING,
)

PAYMENT: Final = PaymentBody(
    id=PAYMENT_ID,
    user_id=USER_ID,
    user_type=UserType.TALENT,
    plan="talent_membership",
    amount=30000,
    amount_refunded=0,
    currency="mad",
    status=PaymentStatus.SUCCEEDED,
    dispute=None,
    review=None,
    created_at="2026-01-15T11:58:12.403117Z",
    paid_at="2026-01-15T12:00:00.000000Z",
    checkout_session_id=SESSION_ID,
    payment_intent_id="pi_3OtqWrObEHxCYlQk1HGGSGLG",
    invoice=InvoiceBody(
        number="2026-000042",
        stripe_invoice_id="in_1OtqWrObEHxCYlQkmvC5pXcq",
        hosted_url="https://invoice.stripe.com/i/acct_1/test_1",
        pdf_url="https://pay.stripe.com/invoice/acct_1/test_1/pdf",
    ),
)

PAYMENTS: Final = PaymentList(url="/api/v1/payments", has_more=False, data=[PAYMENT])

SUBSCRIPTION: Final = SubscriptionBody(
    user_id=USER_ID,
    user_type=UserType.TALENT,
    plan="talent_membership",
    status=SubscriptionStatus.ACTIVE,
    access=True,
    current_period_start="2026-01-15T12:00:00.000000Z",
    current_period_end="2027-01-15T12:00:00.000000Z",
    paid_until="2027-01-15T12:00:00.000000Z",
)

SUBSCRIPTIONS: Final = SubscriptionList(
    url="/api/v1/subscriptions",
    has_more=False,
    data=[
        SUBSCRIPTION,
        SubscriptionBody(
            user_id="user_4712",
            user_type=None,
            plan=None,
            status=SubscriptionStatus.NONE,
            access=False,
            current_period_start=None,
            current_period_end=None,
            paid_until=None,
        ),
    ],
)
