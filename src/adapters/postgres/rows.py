"""Rows on the outside, entities on the inside: plain functions in both directions, beside the statements that use them."""

from typing import Any, Protocol

import msgspec

from application.ports.gateway import PreparedRequest, ProviderEvent
from application.ports.jobs import JobRecord
from application.ports.mail import Letter
from application.ports.store import Customer, EventState, Mail, StoredEvent
from domain.catalogue import PlanId
from domain.checkout import Checkout
from domain.invoice import Invoice, ReceiptNumber
from domain.member import Locale, UserId, UserType
from domain.money import Money
from domain.payment import Payment, PaymentId, PaymentStatus, Review
from domain.returns import Dispute, DisputeStage, DisputeStatus, Refund, RefundStatus
from domain.subscription import Period, Subscription, SubscriptionStatus


class Row(Protocol):
    """A row by column name. Any: the driver gives each column's own type."""

    def __getitem__(self, name: str, /) -> Any: ...


def payment_of(row: Row) -> Payment:
    """The payment of a row."""
    return Payment(
        id=PaymentId(row["id"]),
        user_id=UserId(row["user_id"]),
        user_type=UserType(row["user_type"]),
        plan=PlanId(row["plan"]),
        amount=Money(row["amount_minor"], row["currency"]),
        created_at=row["created_at"],
        renewal=row["renewal"],
        status=PaymentStatus(row["status"]),
        checkout_session_id=row["checkout_session_id"],
        payment_intent_id=row["payment_intent_id"],
        paid_at=row["paid_at"],
        refunded_minor=row["refunded_minor"],
        dispute=DisputeStatus(row["dispute"]) if row["dispute"] else None,
        review=review_of(row["review"]),
        duplicate=row["duplicate"],
    )


def review_of(value: str | None) -> Review | None:
    """The figures of a JSON column."""
    return msgspec.json.decode(value, type=Review) if value is not None else None


def payment_columns(payment: Payment) -> dict[str, object]:
    """The columns of a payment."""
    return {
        "id": payment.id,
        "user_id": payment.user_id,
        "user_type": payment.user_type.value,
        "plan": payment.plan,
        "amount_minor": payment.amount.amount_minor,
        "currency": payment.amount.currency,
        "created_at": payment.created_at,
        "renewal": payment.renewal,
        "status": payment.status.value,
        "checkout_session_id": payment.checkout_session_id,
        "payment_intent_id": payment.payment_intent_id,
        "paid_at": payment.paid_at,
        "refunded_minor": payment.refunded_minor,
        "dispute": payment.dispute.value if payment.dispute else None,
        "review": msgspec.json.encode(payment.review).decode() if payment.review else None,
        "duplicate": payment.duplicate,
    }


def subscription_of(user_id: UserId, row: Row | None) -> Subscription:
    """The subscription of a row that holds its periods as arrays; NONE for no row."""
    if row is None:
        return Subscription(user_id=user_id)
    periods = zip(*(row[name] for name in ("payment_ids", "bought", "starts", "ends", "taken_back")), strict=True)
    return Subscription(
        user_id=user_id,
        user_type=UserType(row["user_type"]),
        plan=PlanId(row["plan"]),
        status=SubscriptionStatus(row["status"]),
        periods=tuple(
            Period(
                payment_id=PaymentId(payment_id),
                bought_at=bought_at,
                starts_at=starts_at,
                ends_at=ends_at,
                taken_back_at=taken_back_at,
            )
            for payment_id, bought_at, starts_at, ends_at, taken_back_at in periods
        ),
    )


def subscription_columns(subscription: Subscription) -> dict[str, object]:
    """The columns of a subscription; its periods are rows of their own."""
    return {
        "user_id": subscription.user_id,
        "user_type": subscription.user_type.value if subscription.user_type else None,
        "plan": subscription.plan,
        "status": subscription.status.value,
    }


def period_columns(subscription: Subscription, n: int) -> dict[str, object]:
    """The columns of the n-th period, counted from 1, chained to the one before it."""
    period = subscription.periods[n - 1]
    return {
        "user_id": subscription.user_id,
        "n": n,
        "payment_id": period.payment_id,
        "bought_at": period.bought_at,
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "taken_back_at": period.taken_back_at,
        "previous_n": n - 1 if n > 1 else None,
        "previous_ends_at": subscription.periods[n - 2].ends_at if n > 1 else None,
    }


def refund_of(row: Row) -> Refund:
    """The refund of a row of what went back."""
    return Refund(
        id=row["id"],
        payment_intent_id=row["payment_intent_id"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        status=RefundStatus(row["stage"]),
        created_at=row["created_at"],
    )


def dispute_of(row: Row) -> Dispute:
    """The dispute of a row of what went back."""
    return Dispute(
        id=row["id"],
        payment_intent_id=row["payment_intent_id"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        stage=DisputeStage(row["stage"]),
        created_at=row["created_at"],
        lost_at=row["lost_at"],
    )


def return_of(row: Row) -> Refund | Dispute:
    """The refund or the dispute of a row of what went back."""
    return refund_of(row) if row["kind"] == "refund" else dispute_of(row)


def customer_of(row: Row) -> Customer:
    """The member's record of a row."""
    return Customer(
        user_id=UserId(row["user_id"]),
        email=row["email"],
        name=row["name"],
        locale=Locale(row["locale"]),
        provider_id=row["provider_id"],
        request=PreparedRequest(row["request"]) if row["request"] is not None else None,
        attempt=row["attempt"],
        prepared_at=row["prepared_at"],
    )


def checkout_of(row: Row) -> Checkout:
    """The checkout of a row."""
    names = Checkout.__struct_fields__
    return Checkout(**{name: row[name] for name in names})


def invoice_of(row: Row) -> Invoice:
    """The invoice data of a row."""
    return Invoice(
        payment_id=PaymentId(row["payment_id"]),
        number=ReceiptNumber(row["number"]) if row["number"] is not None else None,
        issued_at=row["issued_at"],
        stripe_invoice_id=row["stripe_invoice_id"],
        hosted_url=row["hosted_url"],
        pdf_url=row["pdf_url"],
    )


def mail_of(row: Row) -> Mail:
    """The letter of a row."""
    return Mail(
        key=row["key"],
        payment_id=PaymentId(row["payment_id"]),
        letter=Letter(to=row["recipient"], subject=row["subject"], html=row["html"], text=row["plain"]),
        written_at=row["written_at"],
        in_doubt_since=row["in_doubt_since"],
        sent_at=row["sent_at"],
        provider_id=row["provider_id"],
    )


def mail_columns(mail: Mail) -> dict[str, object]:
    """The columns of a letter."""
    return {
        "key": mail.key,
        "payment_id": mail.payment_id,
        "recipient": mail.letter.to,
        "subject": mail.letter.subject,
        "html": mail.letter.html,
        "plain": mail.letter.text,
        "written_at": mail.written_at,
        "in_doubt_since": mail.in_doubt_since,
        "sent_at": mail.sent_at,
        "provider_id": mail.provider_id,
    }


def plain_columns(value: msgspec.Struct) -> dict[str, object]:
    """The columns of a struct whose fields are columns of the same names."""
    return {name: getattr(value, name) for name in value.__struct_fields__}


def event_of(row: Row, *, with_body: bool = True) -> StoredEvent:
    """The event of a row, which may lack the body."""
    return StoredEvent(
        id=row["id"],
        type=row["type"],
        api_version=row["api_version"],
        created_at=row["created_at"],
        received_at=row["received_at"],
        state=EventState(row["state"]),
        error=row["error"],
        body=row["body"] if with_body else None,
    )


def event_columns(
    event: ProviderEvent, state: EventState, body: bytes | None, error: str | None = None
) -> dict[str, object]:
    """The columns of an event that comes to be kept."""
    return {
        "id": event.id,
        "type": event.type,
        "api_version": event.api_version,
        "created_at": event.created,
        "state": state.value,
        "error": error,
        "body": body,
    }


def job_of(row: Row, prefix: str = "") -> JobRecord:
    """The job of a row whose columns begin with a prefix."""
    names = JobRecord.__struct_fields__
    return msgspec.convert({name: row[f"{prefix}{name}"] for name in names}, JobRecord)
