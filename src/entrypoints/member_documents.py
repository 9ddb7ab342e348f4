"""All that is kept about one member, as a document for them: in the words of the API, with the bytes of events as the text they are."""

from datetime import datetime
from typing import Any

from msgspec import to_builtins
from msgspec.structs import asdict

from application.ports.privacy import Erasure, MemberData
from application.ports.reads import PaymentRecord
from application.ports.store import Mail, StoredEvent
from domain.returns import Dispute, Refund

Document = dict[str, Any]
"""JSON. Any: whatever a member's data hold."""


def document_of(data: MemberData, at: datetime) -> Document:
    """The copy that a member is given at an instant (UTC)."""
    customer = data.customer
    return {
        "object": "member_data",
        "user_id": data.user_id,
        "exported_at": at,
        "customer": None
        if customer is None
        else {
            "email": customer.email,
            "name": customer.name,
            "locale": customer.locale,
            "stripe_customer_id": customer.provider_id,
        },
        "subscription": to_builtins(data.subscription, builtin_types=(datetime,)),
        "payments": [payment_of(one) for one in data.payments],
        "refunds": [return_of(one) for one in data.refunds],
        "disputes": [return_of(one) for one in data.disputes],
        "mails": [mail_of(one) for one in data.mails],
        "events": [event_of(one) for one in data.events],
        "jobs": [asdict(one) for one in data.jobs],
        "audit": [asdict(one) for one in data.audit],
    }


def payment_of(record: PaymentRecord) -> Document:
    """A payment with its receipt."""
    payment, invoice = record.payment, record.invoice
    return {
        "id": str(payment.id),
        "user_type": payment.user_type,
        "plan": payment.plan,
        "amount": payment.amount.amount_minor,
        "amount_refunded": payment.refunded_minor,
        "currency": payment.amount.currency,
        "status": payment.status,
        "dispute": payment.dispute,
        "created_at": payment.created_at,
        "paid_at": payment.paid_at,
        "checkout_session_id": payment.checkout_session_id,
        "payment_intent_id": payment.payment_intent_id,
        "invoice": None
        if invoice is None
        else {
            "number": invoice.number,
            "issued_at": invoice.issued_at,
            "stripe_invoice_id": invoice.stripe_invoice_id,
            "hosted_url": invoice.hosted_url,
            "pdf_url": invoice.pdf_url,
        },
    }


def return_of(one: Refund | Dispute) -> Document:
    """A refund or a dispute."""
    return {
        "id": one.id,
        "payment_intent_id": one.payment_intent_id,
        "amount": one.amount_minor,
        "currency": one.currency,
        "status": one.status if isinstance(one, Refund) else one.stage,
        "created_at": one.created_at,
    }


def mail_of(mail: Mail) -> Document:
    """A letter as it was read."""
    return {
        "payment_id": str(mail.payment_id),
        "to": mail.letter.to,
        "subject": mail.letter.subject,
        "text": mail.letter.text,
        "written_at": mail.written_at,
        "sent_at": mail.sent_at,
    }


def event_of(event: StoredEvent) -> Document:
    """An event with what the provider said in it, while that is kept."""
    body = event.body.decode("utf-8", errors="replace") if event.body is not None else None
    return {"id": event.id, "type": event.type, "received_at": event.received_at, "state": event.state, "body": body}


def erasure_of(erasure: Erasure) -> Document:
    """What an erasure did, for programs."""
    return {"object": "erasure", **asdict(erasure)}
