"""The reads of the bare program: one statement each, and its rows as JSON."""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs

import asyncpg
import msgspec

from bench.reference.asgi import JSON, Answer, Headers, Pool, as_text
from bench.reference.tokens import member_of, of_bearer

HISTORY_PATH: Final = "/api/v1/payments"

ACCESS: Final = """
    SELECT s.user_type, s.plan, x.starts_at, x.ends_at
      FROM subscriptions s JOIN periods x ON x.user_id = s.user_id
     WHERE s.user_id = $1 ORDER BY x.n
"""
HISTORY: Final = """
    SELECT p.id, p.user_id, p.user_type, p.plan, p.amount_minor, p.refunded_minor, p.currency, p.status, p.dispute,
           p.created_at, p.paid_at, p.checkout_session_id, p.payment_intent_id,
           i.payment_id AS of_invoice, i.number, i.stripe_invoice_id, i.hosted_url, i.pdf_url
      FROM payments p LEFT JOIN invoices i ON i.payment_id = p.id
     WHERE p.user_id = $1 ORDER BY p.id DESC LIMIT $2
"""


async def access(pool: Pool, headers: Headers, secret: bytes) -> Answer:
    """Whether the member who asks has access. Years that were taken back are not known here."""
    member = member_of(of_bearer(headers), secret)
    rows = await pool.fetch(ACCESS, member.sub)
    now = datetime.now(UTC)
    running = next((row for row in rows if row["starts_at"] <= now < row["ends_at"]), None)
    paid_until = None
    for row in rows:
        if row is running or row["starts_at"] == paid_until:
            paid_until = row["ends_at"]
    if paid_until is None and rows:
        paid_until = rows[-1]["ends_at"]
    body = {
        "object": "subscription",
        "user_id": member.sub,
        "user_type": rows[0]["user_type"] if rows else member.user_type,
        "plan": rows[0]["plan"] if rows else None,
        "status": "NONE" if not rows else "EXPIRED" if running is None else "ACTIVE",
        "access": running is not None,
        "current_period_start": as_text(running["starts_at"]) if running is not None else None,
        "current_period_end": as_text(running["ends_at"]) if running is not None else None,
        "paid_until": as_text(paid_until),
    }
    return Answer(200, msgspec.json.encode(body), [JSON])


async def history(pool: Pool, headers: Headers, secret: bytes, query: bytes, app_url: str) -> Answer:
    """The newest payments of the member who asks, and where the older ones are. Cursors and filters are not known here."""
    member = member_of(of_bearer(headers), secret)
    limit = int(parse_qs(query)[b"limit"][0])
    rows = await pool.fetch(HISTORY, member.sub, limit + 1)
    shown = rows[:limit]
    has_more = len(rows) > limit
    body = {"object": "list", "url": HISTORY_PATH, "has_more": has_more, "data": [payment(row) for row in shown]}
    answer = Answer(200, msgspec.json.encode(body), [JSON])
    if has_more:
        link = f'<{app_url}{HISTORY_PATH}?limit={limit}&starting_after={shown[-1]["id"]}>; rel="next"'
        answer.headers.append((b"link", link.encode()))
    return answer


def payment(row: asyncpg.Record) -> dict[str, object]:
    """A payment as the API shows it. Money under review is not known here."""
    return {
        "object": "payment",
        "id": row["id"],
        "user_id": row["user_id"],
        "user_type": row["user_type"],
        "plan": row["plan"],
        "amount": row["amount_minor"],
        "amount_refunded": row["refunded_minor"],
        "currency": row["currency"],
        "status": row["status"],
        "dispute": row["dispute"],
        "review": None,
        "created_at": as_text(row["created_at"]),
        "paid_at": as_text(row["paid_at"]),
        "checkout_session_id": row["checkout_session_id"],
        "payment_intent_id": row["payment_intent_id"],
        "invoice": {
            "number": row["number"],
            "stripe_invoice_id": row["stripe_invoice_id"],
            "hosted_url": row["hosted_url"],
            "pdf_url": row["pdf_url"],
        }
        if row["of_invoice"] is not None
        else None,
    }
