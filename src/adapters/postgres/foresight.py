"""What handling events will read, asked for at once: one round trip in place of four, however many events there are.

What was read ahead is held to be so at commit: a payment is locked, a subscription carries its version, and that nothing of a charge went
back is looked at once more, in the statement that writes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from adapters.postgres.rows import Row
from adapters.postgres.statements import Statement
from adapters.postgres.transaction import PostgresTransaction
from application.errors import Conflict
from application.ports.gateway import CheckoutSession, ProviderEvent

OF_SEVERAL: Final = "unnest($1::text[], $2::text[], $3::uuid[], $4::text[]) WITH ORDINALITY"
OF_ONE: Final = "(VALUES ($1::text, $2::text, $3::uuid, $4::text, 1))"
"""Postgres plans what reads an array anew for each, since the best plan goes by its length; for plain values it keeps one plan."""

SQL: Final = Path(__file__).with_suffix(".sql").read_text(encoding="ascii")
NAMES: Final = ("event_id", "session_id", "named_id", "intent_id")
FORESEE: Final = Statement("events.foresee", SQL.replace(OF_SEVERAL, OF_ONE), NAMES, None)
FORESEE_SEVERAL: Final = Statement(
    "events.foresee_several", SQL.replace("FOR UPDATE", "FOR UPDATE SKIP LOCKED"), NAMES, None
)
"""Waits for nobody: one payment that another work holds would hold up all the others."""


class Foreseen(Struct, frozen=True, kw_only=True):
    """What is stored about the checkout of one event.

    payment, subscription: their rows, if there are any.
    went_back: whether any refund or dispute of its charge is known.
    """

    event: ProviderEvent
    session: CheckoutSession
    known: bool
    payment: Row | None
    subscription: Row | None
    went_back: bool


async def foreseen(transaction: PostgresTransaction, events: Sequence[ProviderEvent]) -> list[Foreseen]:
    """What is stored about the checkouts of events; nothing about events of other things.

    Raises Conflict when there are several, and another work holds the payment of one of them.
    """
    about = [(event, session) for event in events if (session := event.checkout) is not None]
    if not about:
        return []
    asked = [(event.id, session.id, session.names_payment, session.payment_intent_id) for event, session in about]
    several = len(asked) > 1
    values: Sequence[object] = list(zip(*asked, strict=True)) if several else asked[0]
    rows = await transaction.rows(FORESEE_SEVERAL if several else FORESEE, dict(zip(NAMES, values, strict=True)))
    if any(row["held"] for row in rows):
        raise Conflict("another work holds one of these payments")
    return [
        Foreseen(
            event=event,
            session=session,
            known=row["known"],
            payment=row if row["id"] is not None else None,
            subscription=subscription_in(row),
            went_back=row["went_back"],
        )
        for (event, session), row in zip(about, rows, strict=True)
    ]


def subscription_in(row: Row) -> Row | None:
    """The row of the subscription in a row that has more."""
    if row["subscription_version"] is None:
        return None
    arrays = {name: row[name] for name in ("payment_ids", "bought", "starts", "ends", "taken_back")}
    plain = {
        "user_type": "subscribed_as",
        "plan": "subscribed_to",
        "status": "subscribed",
        "version": "subscription_version",
    }
    return arrays | {name: row[column] for name, column in plain.items()}
