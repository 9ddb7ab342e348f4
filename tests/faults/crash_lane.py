"""One database with two replicas of the service over it: one that crashes where it is told to, and one that never does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from itertools import count

import asyncpg
from msgspec import Struct

from adapters.postgres.database import Database
from adapters.postgres.invariants import inspection_by
from application.catch_up import MEMORY_OF_EVENTS
from application.ports.gateway import CheckoutExpired, CheckoutFailed, SessionStatus
from contract.proxies import Line, PostgresProxy, proxy_before
from postgres_world import LET_JOBS_BE_DUE, Outside, PostgresWorld
from sweeping import sweep


class Way(StrEnum):
    """How the line to the database breaks at one request.

    IDLE: the server ends the connection after the answer before it, while nothing is asked of it.
    ENDED: the server ends the connection when the request is on its way.
    UNANSWERED: the server has committed, and its answer is lost.
    GONE: as ENDED, and every request after it too, until the database is back.
    """

    IDLE = "the backend ends between the one before and it"
    ENDED = "the backend ends before it"
    UNANSWERED = "its answer is lost"
    GONE = "the database is gone from it on"


class Fate(Struct, frozen=True):
    """What became of one member.

    payments: the states of their payments, oldest first. open: how many hosted checkouts can be paid.
    periods: the years that they have. receipts: the numbers that were given. mails: the letters that went out.
    """

    payments: tuple[str, ...]
    open: int = 0
    periods: int = 0
    receipts: int = 0
    mails: int = 0


FATE_OF_MEMBER = """
    SELECT (SELECT array_agg(status ORDER BY id) FROM payments WHERE user_id = $1),
           (SELECT count(*) FROM periods WHERE user_id = $1 AND ends_at > starts_at),
           (SELECT count(i.number) FROM invoices i JOIN payments p ON p.id = i.payment_id WHERE p.user_id = $1)
"""

UNFINISHED_SESSIONS = """
    SELECT status, checkout_session_id FROM payments
     WHERE status IN ('PENDING', 'PROCESSING') AND checkout_session_id IS NOT NULL
"""


class Lane:
    """crashing: the replica whose line breaks. sound: the other one. struck: at which of its requests it broke, since it was told to.

    at_last: what else happens in a story once the second try is over.
    """

    def __init__(
        self,
        proxy: PostgresProxy,
        crashing: Database,
        sound: Database,
        observer: "asyncpg.Connection[asyncpg.Record]",
        admin: "asyncpg.Connection[asyncpg.Record]",
    ) -> None:
        self._proxy = proxy
        self._admin = admin
        self.observer = observer
        self.outside = Outside()
        self.crashing = PostgresWorld(crashing, self.outside)
        self.sound = PostgresWorld(sound, self.outside)
        self.struck: list[int] = []
        self.at_last: Callable[[], Awaitable[object]] | None = None

    def crash_at(self, point: int, way: Way, *, again_after: int = 0) -> None:
        """Break the line of the crashing replica at its request `point`, counted from 1, and at another one so many requests later.

        An answer is lost at the first request from there on that settles something: a COMMIT, or a statement outside of a transaction.
        """
        self.struck.clear()
        requests, answers, in_transaction = count(1), count(1), set[int]()

        async def end_after(line: Line, _query: str) -> None:
            if way is Way.IDLE and next(answers) == point - 1:
                self.struck.append(point)
                await self._admin.execute("SELECT pg_terminate_backend($1)", line.pid)

        async def strike(line: Line, query: str) -> None:
            number = next(requests)
            settles = query.startswith("COMMIT") or not (query or line.number in in_transaction)
            if query.startswith("BEGIN"):
                in_transaction.add(line.number)
            elif query:
                in_transaction.discard(line.number)
            if number < point or (way is Way.UNANSWERED and not self.struck and not settles):
                return
            if way is Way.IDLE and not self.struck:
                return
            again = bool(again_after) and len(self.struck) == 1 and number >= self.struck[0] + again_after
            if self.struck and not again and way is not Way.GONE:
                return
            self.struck.append(number)
            if way is Way.UNANSWERED and not again:
                line.cut = True
                return
            await self._admin.execute("SELECT pg_terminate_backend($1)", line.pid)
            # The server says that it ends and hangs up, which ends this line too: the request is never handed on.
            await asyncio.Event().wait()

        self._proxy.before, self._proxy.after = strike, end_after

    def mend(self) -> None:
        """Break nothing any more."""
        self._proxy.before = self._proxy.after = None

    async def fate_of(self, user_id: str) -> Fate:
        """What became of a member."""
        row = await self.observer.fetchrow(FATE_OF_MEMBER, user_id)
        assert row is not None
        statuses, periods, receipts = row
        sessions = [one for one in self.outside.gateway.sessions.values() if one.user_name == user_id]
        return Fate(
            payments=tuple(statuses or ()),
            open=sum(one.status is SessionStatus.OPEN for one in sessions),
            periods=periods,
            receipts=receipts,
            mails=sum(letter.to == f"{user_id}@example.org" for letter in self.outside.mailer.sent.values()),
        )

    async def let_jobs_be_due(self) -> None:
        """Let time pass for the jobs and for those who held them."""
        await self.observer.execute(LET_JOBS_BE_DUE)

    async def close(self) -> None:
        """End what is unfinished and let the provider's lists be past, so that the next story has the house to itself."""
        gateway = self.outside.gateway
        gateway.unchargeable.clear()
        self.at_last = None
        for row in await self.observer.fetch(UNFINISHED_SESSIONS):
            session = gateway.run_out(row["checkout_session_id"])
            await self.sound.told(
                CheckoutFailed(session) if row["status"] == "PROCESSING" else CheckoutExpired(session)
            )
        await self.observer.execute("DELETE FROM refused_currencies")
        gateway.sessions.clear()
        self.outside.records.made.clear()
        self.outside.clock.pass_time(MEMORY_OF_EVENTS + timedelta(days=1))

    async def violations(self) -> list[str]:
        """What breaks an invariant of the service at rest. All is gone afterwards: what reads everything would read more each time."""
        found = await inspection_by(self.observer, settled=True, seconds_max=10)
        await sweep(self.observer)
        return [f"{broken.name}: {one.id}: {one.found}" for broken in found.broken for one in broken.shown]


@asynccontextmanager
async def a_lane(url: str) -> AsyncIterator[Lane]:
    """A lane over an empty database."""
    observer, admin = await asyncpg.connect(url), await asyncpg.connect(url)
    async with proxy_before(url) as proxy:
        crashing, sound = Database(proxy.url, close_seconds_max=1), Database(url)
        yield Lane(proxy, crashing, sound, observer, admin)
        await crashing.close()
        await sound.close()
    await observer.close()
    await admin.close()
