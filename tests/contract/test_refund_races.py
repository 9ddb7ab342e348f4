"""One refund is heard of, asked for and given from all sides at once, over two replicas: it happens once, to the last centime."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta

import asyncpg
import pytest

from adapters.postgres.database import Database
from adapters.postgres.invariants import PostgresInvariants
from application.errors import Conflict, TryAgain
from application.ports.gateway import ChargeRefunded, CheckoutCompleted, CheckoutExpired, CheckoutSession, RefundTold
from application.ports.jobs import JobKind
from domain.errors import DomainError
from domain.payment import Figures, PaymentId
from postgres_world import Outside, PostgresWorld, a_talent, ago

ROUNDS = 4
EXPECTED = (DomainError, Conflict, TryAgain)
"""What a call that came too late may end with."""


class Replicas:
    """Two replicas of the service over one database and one provider."""

    def __init__(self, url: str, observer: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.outside = Outside(ago(hours=6))
        self.one = PostgresWorld(Database(url), self.outside)
        self.other = PostgresWorld(Database(url), self.outside)
        self.observer = observer

    async def all_at_once(self, *calls: Awaitable[object]) -> None:
        """Run calls side by side, and then all the work that they leave."""
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        unforeseen = [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, EXPECTED)]
        assert [] == unforeseen
        await self.one.works(self.observer)

    async def stored(self, payment_id: PaymentId | None) -> tuple[object, ...]:
        """What is stored of a payment: status, what went back, years that stand, refunds kept and notices sent."""
        row = await self.observer.fetchrow(
            """
            SELECT status, refunded_minor,
                   (SELECT count(*) FROM periods WHERE payment_id = p.id AND taken_back_at IS NULL),
                   (SELECT count(*) FROM refunds r WHERE r.payment_intent_id = p.payment_intent_id),
                   (SELECT count(*) FROM mails WHERE key = 'refund/' || p.id AND sent_at IS NOT NULL)
              FROM payments p WHERE id = $1
            """,
            payment_id,
        )
        assert row is not None
        return tuple(row)

    async def broken(self) -> list[str]:
        """The rules that what is stored breaks."""
        found = await PostgresInvariants(self.one.database).inspect(settled=True)
        return [broken.name for broken in found.broken]


@pytest.fixture
async def replicas(database_url: str) -> AsyncIterator[Replicas]:
    """Two replicas at rest."""
    observer = await asyncpg.connect(database_url)
    replicas = Replicas(database_url, observer)
    yield replicas
    for world in (replicas.one, replicas.other):
        await world.database.close()
    await observer.close()


async def bought(replicas: Replicas, name: str, received: Figures | None = None) -> tuple[PaymentId, CheckoutSession]:
    """A payment whose money arrived, all work done, an hour ago."""
    offered = await replicas.one.start(a_talent(name))
    session = replicas.outside.gateway.pay(offered.session_id, received)
    await replicas.one.told(CheckoutCompleted(session))
    await replicas.one.works(replicas.observer)
    replicas.outside.clock.pass_time(timedelta(minutes=10))
    return offered.payment.id, session


@pytest.mark.parametrize("amount", [30000, 12345])
async def test_a_refund_in_the_dashboard_that_is_heard_of_from_all_sides_counts_once(
    replicas: Replicas, amount: int
) -> None:
    for number in range(ROUNDS):
        payment_id, session = await bought(replicas, f"member-{number}")
        refund = replicas.outside.gateway.give_back(session.id, amount)
        charge = ChargeRefunded(refund.payment_intent_id, amount, "mad")
        one, other = replicas.one, replicas.other
        await replicas.all_at_once(
            *(world.told(RefundTold(refund)) for world in (one, other)),
            *(world.told(charge) for world in (one, other)),
            *(world.container.reconcile()(whatever_the_age=True) for world in (one, other)),
        )
        whole = amount == 30000

        assert ("REFUNDED" if whole else "PARTIALLY_REFUNDED", amount, int(not whole), 1, int(whole)) == (
            await replicas.stored(payment_id)
        )
    assert [] == await replicas.broken()


async def test_a_duplicate_given_back_by_its_job_two_operators_and_the_reconciliation_at_once_goes_back_once(
    replicas: Replicas,
) -> None:
    one, other, gateway = replicas.one, replicas.other, replicas.outside.gateway
    for number in range(ROUNDS):
        member = a_talent(f"member-{number}")
        first = await one.start(member)
        await one.told(CheckoutExpired(gateway.run_out(first.session_id)))
        await bought(replicas, f"member-{number}")
        await one.told(CheckoutCompleted(gateway.pay(first.session_id)))
        (job,) = [job for job in await one.claim() if job.kind is JobKind.REFUND_DUPLICATE]
        await replicas.all_at_once(
            one.does(job),
            one.container.review_payments().give_back(first.payment.id, operator="amina"),
            other.container.review_payments().give_back(first.payment.id, operator="badr"),
            other.container.reconcile()(whatever_the_age=True),
        )
        refunds = list(gateway.refunds.values())
        await replicas.all_at_once(*(world.told(RefundTold(refunds[-1])) for world in (one, other)))

        assert [30000] * (number + 1) == [refund.amount_minor for refund in refunds]
        assert ("REFUNDED", 30000, 0, 1, 1) == await replicas.stored(first.payment.id)
    assert [] == await replicas.broken()


async def test_money_under_review_that_is_accepted_and_refunded_at_once_is_back_once_and_bought_nothing_that_stands(
    replicas: Replicas,
) -> None:
    for number in range(ROUNDS * 2):
        payment_id, _ = await bought(replicas, f"member-{number}", Figures(29999, "mad"))
        accept = replicas.one.container.review_payments().accept(payment_id, operator="amina")
        give_back = replicas.other.container.review_payments().give_back(payment_id, operator="badr")
        await replicas.all_at_once(*((accept, give_back) if number % 2 else (give_back, accept)))

        assert ("REFUNDED", 0, 1) == ((await replicas.stored(payment_id))[0], *(await replicas.stored(payment_id))[2:4])
        assert number + 1 == len(replicas.outside.gateway.refunds)
    assert {29999} == {refund.amount_minor for refund in replicas.outside.gateway.refunds.values()}
    assert [] == await replicas.broken()


async def test_two_operators_who_accept_at_once_sell_one_year(replicas: Replicas) -> None:
    payment_id, _ = await bought(replicas, "member", Figures(29999, "mad"))
    await replicas.all_at_once(
        *(
            world.container.review_payments().accept(payment_id, operator="amina")
            for world in (replicas.one, replicas.other)
        )
    )

    assert ("SUCCEEDED", 0, 1, 0, 0) == await replicas.stored(payment_id)
    assert [] == await replicas.broken()
