"""Examples of what is said of a member's data."""

from typing import Final

from application.ports.jobs import JobKind, JobState
from application.ports.store import EventState
from domain.member import Locale, UserType
from domain.subscription import SubscriptionStatus
from entrypoints.http.examples import PAYMENT, USER_ID
from entrypoints.http.member_bodies import (
    AuditBody,
    ContactBody,
    EraseBody,
    ErasureBody,
    EventBody,
    MailBody,
    MemberDataBody,
    PeriodBody,
    WorkBody,
)

AT: Final = "2026-01-15T12:00:00.000000Z"
PAYMENT_ID: Final = PAYMENT.id

MEMBER_DATA: Final = MemberDataBody(
    user_id=USER_ID,
    exported_at="2026-11-20T09:00:00.000000Z",
    contact=ContactBody(
        email="salma@example.org", name="Salma Bennani", locale=Locale.FRENCH, stripe_customer_id="cus_TXyq1"
    ),
    user_type=UserType.TALENT,
    subscription_status=SubscriptionStatus.ACTIVE,
    periods=[
        PeriodBody(
            payment_id=PAYMENT_ID,
            bought_at=AT,
            starts_at=AT,
            ends_at="2027-01-15T12:00:00.000000Z",
            taken_back_at=None,
        )
    ],
    payments=[PAYMENT],
    refunds=[],
    disputes=[],
    mails=[
        MailBody(
            payment_id=PAYMENT_ID,
            to="salma@example.org",
            subject="Votre paiement est confirme",
            text="...",
            written_at=AT,
            sent_at=AT,
        )
    ],
    events=[
        EventBody(id="evt_1Otq", type="checkout.session.completed", received_at=AT, state=EventState.HANDLED, body=None)
    ],
    jobs=[
        WorkBody(id=1, kind=JobKind.SEND_CONFIRMATION, subject=str(PAYMENT_ID), state=JobState.DONE, last_error=None)
    ],
    audit=[
        AuditBody(
            at=AT,
            entity="payment",
            entity_id=str(PAYMENT_ID),
            from_status="PENDING",
            to_status="SUCCEEDED",
            why="checkout.session.completed",
            actor="stripe",
        )
    ],
)

ERASE: Final = EraseBody(reason="asked for in writing on 2026-11-20", forfeit_access=True)

ERASURE: Final = ErasureBody(pseudonym="erased-019a9f0c5d0a7c3e8a1b2c3d4e5f6071", payments=1, mails=1, events=2)
