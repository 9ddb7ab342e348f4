"""The same, written the way tutorials do: Litestar, SQLAlchemy's ORM, and the SDK that verifies and reads the event."""

import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import stripe
import uvicorn
from litestar import Litestar, Request, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from adapters.postgres.tables import (
    AuditRow,
    EventRow,
    InvoiceRow,
    JobRow,
    PaymentRow,
    PeriodRow,
    SubscriptionRow,
)

SECRET: Final = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
TRIES_MAX: Final = 120
CONNECTIONS_MAX: Final = 8
"""As many as the service opens."""

ENGINE: Final = create_async_engine(
    os.environ.get("DATABASE_URL", "postgresql://").replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=CONNECTIONS_MAX,
    max_overflow=0,
)
SESSIONS: Final = async_sessionmaker(ENGINE, expire_on_commit=False)

AnyRequest = Request[Any, Any, Any]  # Any: nothing is known of who asks


async def provide_session() -> AsyncIterator[AsyncSession]:
    """A session for each request."""
    async with SESSIONS() as session:
        yield session


@post("/api/webhooks/stripe", status_code=200)
async def stripe_webhook(request: AnyRequest, db_session: NamedDependency[AsyncSession]) -> dict[str, bool]:
    """Verify, look whether it came before, apply, commit."""
    payload = await request.body()
    try:
        event = stripe.Webhook.construct_event(payload, request.headers["stripe-signature"], SECRET)
    except (ValueError, stripe.SignatureVerificationError) as error:
        raise HTTPException(status_code=400, detail="invalid signature") from error
    if await db_session.get(EventRow, event.id) is not None:
        return {"received": True}
    created = datetime.fromtimestamp(event.created, UTC)
    db_session.add(
        EventRow(
            id=event.id,
            type=event.type,
            api_version=event.api_version,
            created_at=created,
            state="handled",
            body=payload,
        )
    )
    if event.type == "checkout.session.completed" and event.data.object.payment_status == "paid":
        await fulfil(db_session, event.id, event.data.object, created)
    await db_session.commit()
    return {"received": True}


async def fulfil(db_session: AsyncSession, event_id: str, checkout: stripe.checkout.Session, paid_at: datetime) -> None:
    """Mark the payment paid, and store all that follows."""
    found = await db_session.execute(select(PaymentRow).where(PaymentRow.checkout_session_id == checkout.id))
    payment = found.scalar_one()
    payment.status = "SUCCEEDED"
    payment.payment_intent_id = str(checkout.payment_intent)
    payment.paid_at = paid_at
    payment.version += 1
    subscription = await db_session.get(SubscriptionRow, payment.user_id)
    if subscription is None:
        subscription = SubscriptionRow(
            user_id=payment.user_id, user_type=payment.user_type, plan=payment.plan, status="ACTIVE", version=1
        )
        db_session.add(subscription)
        await db_session.flush()
    db_session.add(
        PeriodRow(
            user_id=payment.user_id,
            n=1,
            payment_id=payment.id,
            bought_at=paid_at,
            starts_at=paid_at,
            ends_at=paid_at + timedelta(days=365),
        )
    )
    db_session.add(InvoiceRow(payment_id=payment.id, stripe_invoice_id=str(checkout.invoice), version=1))
    for kind in ("issue_receipt", "collect_invoice"):
        db_session.add(JobRow(kind=kind, subject=str(payment.id), attempts_max=TRIES_MAX))
    moves = (("payment", str(payment.id), "PENDING", "SUCCEEDED"), ("subscription", payment.user_id, "NONE", "ACTIVE"))
    for entity, entity_id, before, after in moves:
        db_session.add(
            AuditRow(
                entity=entity,
                entity_id=entity_id,
                from_status=before,
                to_status=after,
                why="checkout.session.completed",
                actor="stripe",
                event_id=event_id,
            )
        )


def create_app() -> Litestar:
    """The application."""
    return Litestar([stripe_webhook], dependencies={"db_session": Provide(provide_session)}, openapi_config=None)


if __name__ == "__main__":
    uvicorn.run(create_app(), port=int(sys.argv[1]), log_level="warning", access_log=False, ws="none")
