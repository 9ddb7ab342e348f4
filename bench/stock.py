"""Members with years of history, in every database from the start: what is read is read beside the rows of others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from bench.database import Connection, settle
from bench.events import AMOUNT, CURRENCY, PLAN
from bench.seed import copied
from bench.tokens import LOCALE, NAME, USER_TYPE, email_of
from domain.subscription import year_after

MEMBERS: Final = 2000
PAYMENTS_EACH: Final = 25
YEARS_EACH: Final = 3
"""Of the payments of a member so many were paid; the last year is running. The others were begun and never paid."""

ZONE: Final = ZoneInfo("Africa/Casablanca")
RENEWED_BEFORE: Final = timedelta(days=20)
STOCK_BEGINS: Final = "stock-"

Row = tuple[object, ...]

COLUMNS: Final = {
    "customers": "user_id email name locale provider_id attempt version",
    "payments": "id user_id user_type plan amount_minor currency created_at renewal status checkout_session_id"
    " payment_intent_id paid_at refunded_minor version",
    "subscriptions": "user_id user_type plan status version",
    "periods": "user_id n payment_id bought_at starts_at ends_at previous_n previous_ends_at",
    "invoices": "payment_id number issued_at stripe_invoice_id hosted_url pdf_url version",
    "receipt_counters": "year last",
    "jobs": "kind subject state run_at attempts attempts_max created_at finished_at",
    "mails": "key payment_id recipient subject html plain written_at sent_at provider_id version",
    "audit": "entity entity_id from_status to_status why actor at",
}
"""In the order in which the tables refer to each other."""


def members() -> list[str]:
    """The ids of all of them."""
    return [f"{STOCK_BEGINS}{number:06d}" for number in range(MEMBERS)]


def id_at(instant: datetime, number: int) -> UUID:
    """A UUIDv7 (RFC 9562, 5.7) of an instant (UTC) that no other number has."""
    milliseconds = int(instant.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | number)


class Stock:
    """The rows, table by table."""

    def __init__(self, now: datetime) -> None:
        self.rows: dict[str, list[Row]] = {table: [] for table in COLUMNS}
        self._numbers = count(1)
        self._last_of_year: dict[int, int] = {}
        self._now = now
        for user_id in members():
            self._member(user_id)
        self.rows["receipt_counters"] = list(self._last_of_year.items())

    def _member(self, user_id: str) -> None:
        add = self.rows
        add["customers"].append((user_id, email_of(user_id), NAME, LOCALE, f"cus_{user_id}", 1, 1))
        add["subscriptions"].append((user_id, USER_TYPE, PLAN, "ACTIVE", 1))
        previous: tuple[int, datetime] | None = None
        moments = list(self._moments())
        for place, (created_at, paid_at) in enumerate(moments):
            payment_id = id_at(created_at, next(self._numbers))
            self._payment(user_id, payment_id, created_at, paid_at, renewal=previous is not None)
            if paid_at is None:
                continue
            n = previous[0] + 1 if previous is not None else 1
            starts_at = max(paid_at, previous[1]) if previous is not None else paid_at
            ends_at = year_after(starts_at, ZONE)
            before = previous or (None, None)
            add["periods"].append((user_id, n, payment_id, paid_at, starts_at, ends_at, *before))
            if n == 1:
                line = ("subscription", user_id, "NONE", "ACTIVE", "checkout.session.completed", "stripe", paid_at)
                add["audit"].append(line)
            previous = n, ends_at
            if place == len(moments) - 1 and ends_at <= self._now:
                raise ValueError("the last year is to be running")

    def _moments(self) -> Iterator[tuple[datetime, datetime | None]]:
        """When each payment of a member was begun, and when it was paid, if it was."""
        tries = (PAYMENTS_EACH - YEARS_EACH) // YEARS_EACH
        bought = self._now - timedelta(days=365 * YEARS_EACH - 265)
        done = 0
        for year in range(YEARS_EACH):
            for number in range(tries if year else PAYMENTS_EACH - YEARS_EACH - tries * (YEARS_EACH - 1)):
                done += 1
                yield bought - timedelta(days=9, hours=-number * 12), None
            yield bought, bought + timedelta(minutes=2)
            bought = year_after(bought, ZONE) - RENEWED_BEFORE

    def _payment(
        self, user_id: str, payment_id: UUID, created_at: datetime, paid_at: datetime | None, *, renewal: bool
    ) -> None:
        add, named = self.rows, str(payment_id)
        status = "SUCCEEDED" if paid_at is not None else "EXPIRED"
        intent = f"pi_{payment_id.hex}" if paid_at is not None else None
        add["payments"].append(
            (
                *(payment_id, user_id, USER_TYPE, PLAN, AMOUNT, CURRENCY, created_at, renewal, status),
                *(f"cs_test_b1{payment_id.hex}", intent, paid_at, 0, 3),
            )
        )
        ended_at = paid_at or created_at + timedelta(hours=1)
        add["audit"].append(("payment", named, None, "PENDING", "checkout started", f"member:{user_id}", created_at))
        add["audit"].append(("payment", named, "PENDING", status, "of the stock", "stripe", ended_at))
        if paid_at is None:
            return
        year = paid_at.astimezone(ZONE).year
        self._last_of_year[year] = sequence = self._last_of_year.get(year, 0) + 1
        url = f"https://invoice.example.org/{payment_id.hex}"
        number = f"{year}-{sequence:06d}"
        add["invoices"].append((payment_id, number, paid_at, f"in_{payment_id.hex}", url, f"{url}/pdf", 3))
        for kind in ("issue_receipt", "send_confirmation", "collect_invoice"):
            add["jobs"].append((kind, named, "done", paid_at, 1, 120, paid_at, paid_at))
        letter = (email_of(user_id), "Paiement re\u00e7u", "<p>Merci.</p>", "Merci.")
        add["mails"].append((f"confirmation/{named}", payment_id, *letter, paid_at, paid_at, f"mail_{named}", 2))


async def store(connection: Connection) -> None:
    """Store all of them."""
    rows = Stock(datetime.now(UTC).replace(microsecond=0)).rows
    for table, columns in COLUMNS.items():
        await copied(connection, table, columns, rows[table])
    await settle(connection)
