"""The bodies of the API, field by field as clients see them. Amounts are whole minor units; times are UTC."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from application.check_access import Access
from application.list_plans import Offer
from application.ports.reads import PaymentRecord
from application.start_checkout import OfferedCheckout
from domain.member import Locale, UserId, UserType
from domain.money import Money
from domain.payment import Figures, PaymentStatus, Review
from domain.returns import DisputeStatus
from domain.subscription import SubscriptionStatus
from entrypoints.http.body_schemas import formatted

Instant = Annotated[
    str, Meta(description="UTC, RFC 3339 with microseconds and Z", extra_json_schema=formatted("date-time"))
]
Url = Annotated[str, Meta(extra_json_schema=formatted("uri"))]
Amount = Annotated[int, Meta(ge=0, description="In minor units of the currency: centimes, cents")]
PRINTABLE_LINE: Final = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
IN_WORDS: Final = {PRINTABLE_LINE: "one line of printable characters, not only spaces"}
"""What a pattern asks for, for whoever reads an error."""

Currency = Annotated[str, Meta(pattern="^[a-z]{3}$", description="ISO 4217, in lower case")]


def instant(at: datetime) -> str:
    """An instant (UTC) as the API writes it: 2026-01-15T12:00:00.000000Z."""
    return f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def maybe_instant(at: datetime | None) -> str | None:
    """The same for an instant that may be null."""
    return instant(at) if at is not None else None


class PriceBody(Struct, frozen=True, kw_only=True):
    """One explicit price."""

    amount: Amount
    currency: Currency

    @classmethod
    def of(cls, price: Money) -> "PriceBody":
        return cls(amount=price.amount_minor, currency=price.currency)


class PlanBody(Struct, frozen=True, kw_only=True):
    """A plan. `amount` and `currency` are the price that would be asked for it now; `prices` are all of them."""

    object: Literal["plan"] = "plan"
    id: str
    user_type: UserType
    fee_type: str
    name: str
    amount: Amount
    currency: Currency
    prices: list[PriceBody]
    interval: Literal["year"] = "year"

    @classmethod
    def of(cls, offer: Offer, locale: Locale) -> "PlanBody":
        plan = offer.plan
        return cls(
            id=plan.id,
            user_type=plan.user_type,
            fee_type=plan.fee_type,
            name=plan.name(locale),
            amount=offer.price.amount_minor,
            currency=offer.price.currency,
            prices=[PriceBody.of(price) for price in plan.prices],
        )


class StartBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a checkout is started with. `plan` may name the plan of the member's own user type."""

    plan: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class CheckoutBody(Struct, frozen=True, kw_only=True):
    """An open checkout: send the member to `url`."""

    object: Literal["checkout"] = "checkout"
    payment_id: UUID
    checkout_session_id: str
    url: Url
    expires_at: Instant
    plan: str
    amount: Amount
    currency: Currency
    status: PaymentStatus

    @classmethod
    def of(cls, offered: OfferedCheckout) -> "CheckoutBody":
        payment = offered.payment
        return cls(
            payment_id=payment.id,
            checkout_session_id=offered.session_id,
            url=offered.url,
            expires_at=instant(offered.expires_at),
            plan=payment.plan,
            amount=payment.amount.amount_minor,
            currency=payment.amount.currency,
            status=payment.status,
        )


class InvoiceBody(Struct, frozen=True, kw_only=True):
    """The invoice data of a paid payment. `number` is null for the moments until it is given."""

    number: str | None
    stripe_invoice_id: str | None
    hosted_url: Url | None
    pdf_url: Url | None


class FiguresBody(Struct, frozen=True, kw_only=True):
    """An amount in minor units and its currency as somebody states them."""

    amount: int | None
    currency: str | None

    @classmethod
    def of(cls, figures: Figures) -> "FiguresBody":
        return cls(amount=figures.amount, currency=figures.currency)


class ReviewBody(Struct, frozen=True, kw_only=True):
    """Money arrived that does not match: what was asked for and what was received."""

    expected: FiguresBody
    received: FiguresBody

    @classmethod
    def of(cls, review: Review) -> "ReviewBody":
        return cls(expected=FiguresBody.of(review.expected), received=FiguresBody.of(review.received))


class PaymentBody(Struct, frozen=True, kw_only=True):
    """A payment. `invoice` is null until it is paid, `review` unless money arrived that does not match."""

    object: Literal["payment"] = "payment"
    id: UUID
    user_id: str
    user_type: UserType
    plan: str
    amount: Amount
    amount_refunded: Amount
    currency: Currency
    status: PaymentStatus
    dispute: DisputeStatus | None
    review: ReviewBody | None
    created_at: Instant
    paid_at: Instant | None
    checkout_session_id: str | None
    payment_intent_id: str | None
    invoice: InvoiceBody | None

    @classmethod
    def of(cls, record: PaymentRecord) -> "PaymentBody":
        payment, invoice = record.payment, record.invoice
        return cls(
            id=payment.id,
            user_id=payment.user_id,
            user_type=payment.user_type,
            plan=payment.plan,
            amount=payment.amount.amount_minor,
            amount_refunded=payment.refunded_minor,
            currency=payment.amount.currency,
            status=payment.status,
            dispute=payment.dispute,
            review=ReviewBody.of(payment.review) if payment.review is not None else None,
            created_at=instant(payment.created_at),
            paid_at=maybe_instant(payment.paid_at),
            checkout_session_id=payment.checkout_session_id,
            payment_intent_id=payment.payment_intent_id,
            invoice=InvoiceBody(
                number=invoice.number,
                stripe_invoice_id=invoice.stripe_invoice_id,
                hosted_url=invoice.hosted_url,
                pdf_url=invoice.pdf_url,
            )
            if invoice is not None
            else None,
        )


class SubscriptionBody(Struct, frozen=True, kw_only=True):
    """A member's subscription. `current_period_*` is the paid year now running, `paid_until` the end of all time paid without a gap."""

    object: Literal["subscription"] = "subscription"
    user_id: str
    user_type: UserType | None
    plan: str | None
    status: SubscriptionStatus
    access: bool
    current_period_start: Instant | None
    current_period_end: Instant | None
    paid_until: Instant | None

    @classmethod
    def of(cls, user_id: UserId, access: Access, user_type: UserType | None = None) -> "SubscriptionBody":
        subscription, period = access.subscription, access.period
        return cls(
            user_id=user_id,
            user_type=subscription.user_type or user_type,
            plan=subscription.plan,
            status=access.status,
            access=access.allowed,
            current_period_start=instant(period.starts_at) if period else None,
            current_period_end=instant(period.ends_at) if period else None,
            paid_until=maybe_instant(access.paid_until),
        )


class PlanList(Struct, frozen=True, kw_only=True):
    """All plans."""

    object: Literal["list"] = "list"
    url: str
    has_more: bool
    data: list[PlanBody]


class SubscriptionList(Struct, frozen=True, kw_only=True):
    """One subscription for each user who was asked about."""

    object: Literal["list"] = "list"
    url: str
    has_more: bool
    data: list[SubscriptionBody]


class PaymentList(Struct, frozen=True, kw_only=True):
    """One page of payments, newest first. `has_more`: there are older ones."""

    object: Literal["list"] = "list"
    url: str
    has_more: bool
    data: list[PaymentBody]
