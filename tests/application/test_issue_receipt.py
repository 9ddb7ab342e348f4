"""Receipt numbers are gapless, and the provider's invoice is kept beside them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.errors import Conflict, ProviderRefused, ProviderUnavailable
from application.ports.gateway import CheckoutCompleted
from application.ports.jobs import JobKind
from builders import a_member

if TYPE_CHECKING:
    from application.conftest import World


def numbers(world: "World") -> list[str | None]:
    """The receipt numbers that were given, in the order of the payments."""
    return [invoice.number for invoice in world.store.invoices()]


async def test_a_paid_payment_gets_its_number_and_the_confirmation_is_ordered(world: "World") -> None:
    await world.buy()
    before = numbers(world)
    await world.run(await world.job(JobKind.ISSUE_RECEIPT))

    assert [None] == before
    assert ["2026-000001"] == numbers(world)
    assert world.clock.now() == world.store.invoices()[0].issued_at
    assert ["done"] == world.jobs(JobKind.ISSUE_RECEIPT)
    assert ["ready"] == world.jobs(JobKind.SEND_CONFIRMATION)


async def test_numbers_have_no_gap_and_no_double_however_many_workers_give_them(world: "World") -> None:
    for _ in range(12):
        await world.buy(a_member())
    jobs = await world.store.jobs.claim(frozenset({JobKind.ISSUE_RECEIPT}), limit=100, lease_seconds=60)
    await asyncio.gather(*(world.issue_receipt(job) for job in jobs))

    assert [f"2026-{number:06d}" for number in range(1, 13)] == sorted(number or "" for number in numbers(world))


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_commit_that_fails_skips_no_number(world: "World", after_effect: bool) -> None:
    await world.buy()
    await world.buy(a_member())
    world.faults.at_commit(1, after_effect=after_effect)
    for _ in range(3):
        await world.work()
        world.clock.pass_time(timedelta(seconds=60))

    assert ["2026-000001", "2026-000002"] == sorted(number or "" for number in numbers(world))
    assert ["done", "done"] == world.jobs(JobKind.ISSUE_RECEIPT)


@pytest.mark.parametrize(
    ("paid_at", "number"),
    [
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), "2026-000001"),
        (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), "2027-000001"),
    ],
)
async def test_the_year_of_a_receipt_turns_at_midnight_of_the_billing_zone(
    world: "World", paid_at: datetime, number: str
) -> None:
    """The number is that of the year of the payment, however late the job runs."""
    world.clock.pass_time(paid_at - world.clock.now())
    await world.buy()
    world.clock.pass_time(timedelta(days=3))
    await world.work()

    assert [number] == numbers(world)


async def test_a_lost_lease_changes_nothing(world: "World") -> None:
    await world.buy()
    lost = await world.job(JobKind.ISSUE_RECEIPT)
    world.clock.pass_time(timedelta(seconds=61))
    await world.store.jobs.reap(retry_after_seconds=0)
    with pytest.raises(Conflict):
        await world.issue_receipt(lost)
    after_the_loss = numbers(world)
    await world.work()

    assert [None] == after_the_loss
    assert ["2026-000001"] == numbers(world)


async def test_a_second_run_gives_no_second_number(world: "World") -> None:
    await world.buy()
    job = await world.job(JobKind.ISSUE_RECEIPT)
    await world.issue_receipt(job)
    with pytest.raises(Conflict):
        await world.issue_receipt(job)
    await world.buy(a_member())
    await world.work()

    assert ["2026-000001", "2026-000002"] == numbers(world)


async def test_the_links_of_the_provider_s_invoice_are_kept(world: "World") -> None:
    await world.buy()
    world.clock.pass_time(timedelta(seconds=5))
    met = await world.work()

    (invoice,) = world.store.invoices()
    assert [] == met
    assert "https://invoice.example/in_1" == invoice.hosted_url
    assert "https://invoice.example/in_1/pdf" == invoice.pdf_url
    assert "2026-000001" == invoice.number


async def test_links_that_cannot_be_had_now_are_asked_for_again(world: "World") -> None:
    await world.buy()
    world.gateway.fail_next("invoice")
    world.clock.pass_time(timedelta(seconds=5))
    met = await world.work()
    world.clock.pass_time(timedelta(seconds=60))
    await world.work()

    assert [ProviderUnavailable] == [type(error) for error in met]
    assert "https://invoice.example/in_1" == world.store.invoices()[0].hosted_url
    assert ["done"] == world.jobs(JobKind.COLLECT_INVOICE)


async def test_an_invoice_that_the_provider_does_not_know_is_told_to_the_worker(world: "World") -> None:
    offered = await world.start()
    session = world.gateway.pay(offered.session_id)
    await world.deliver(CheckoutCompleted(session))
    del world.gateway.sessions[session.id]
    world.clock.pass_time(timedelta(seconds=5))

    assert [ProviderRefused] == [type(error) for error in await world.work()]


async def test_numbering_and_collecting_at_the_same_moment_lose_nothing(world: "World") -> None:
    await world.buy()
    world.clock.pass_time(timedelta(seconds=5))
    kinds = frozenset({JobKind.ISSUE_RECEIPT, JobKind.COLLECT_INVOICE})
    jobs = await world.store.jobs.claim(kinds, limit=2, lease_seconds=60)
    outcomes = await asyncio.gather(*(world.run(job) for job in jobs), return_exceptions=True)
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome is not None:
            await world.store.jobs.fail(job, str(outcome), retry_after_seconds=0)
    await world.work()

    (invoice,) = world.store.invoices()
    assert "2026-000001" == invoice.number
    assert "https://invoice.example/in_1" == invoice.hosted_url
    assert all(outcome is None or isinstance(outcome, Conflict) for outcome in outcomes)


async def test_a_payment_without_an_invoice_of_the_provider_asks_for_none(world: "World") -> None:
    offered = await world.start()
    session = world.gateway.pay(offered.session_id)
    await world.deliver(CheckoutCompleted(replace(session, invoice_id=None)))

    assert [] == world.jobs(JobKind.COLLECT_INVOICE)
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)
