"""A member is told once that their payment has arrived, whatever fails on the way."""

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from adapters.memory.kept import MemoryKnownJobs
from application.errors import Conflict, MailRefused, MailUnavailable, TryAgain
from application.ports.gateway import CheckoutCompleted, CheckoutExpired, DisputeTold, RefundTold
from application.ports.jobs import JobKind, JobState
from application.settle_job import DiscardJob, RetryJob
from builders import a_member
from domain.member import Locale
from domain.returns import DisputeStage

if TYPE_CHECKING:
    from application.conftest import World

LOST_ANSWER = MailUnavailable("the answer was lost")
SURELY_NOT_SENT = MailUnavailable("connection refused", in_doubt=False)
HOUR = timedelta(hours=1)


class ProcessDied(Exception):
    """Nothing of the service handles this: what it leaves behind is what a killed process leaves behind."""


async def paid(world: "World") -> None:
    """A member has paid and has a receipt number; only the letter is missing."""
    await world.buy()
    await world.run(await world.job(JobKind.ISSUE_RECEIPT))


async def later(world: "World", passed: timedelta) -> list[Exception]:
    """Time passes, leases that nobody answers for end, and the worker tries what is due."""
    world.clock.pass_time(passed)
    await world.store.jobs.reap(retry_after_seconds=0)
    return [error for error in await world.work() if not isinstance(error, TryAgain)]


async def test_a_paid_member_gets_one_letter(world: "World") -> None:
    await paid(world)
    await later(world, timedelta(seconds=5))

    (letter,) = world.mailer.delivered
    assert world.member.email == letter.to
    assert "Salma Bennani: Membre Talent, 300.00 MAD, 2026-000001, wording 1" == letter.text
    assert ["done"] == world.jobs(JobKind.SEND_CONFIRMATION)
    (mail,) = world.store.mails()
    assert world.clock.now() == mail.sent_at
    assert mail.provider_id
    assert f"confirmation/{world.payment().id}" == world.mailer.tries[0][0]
    assert mail.in_doubt_since is None


@pytest.mark.parametrize(("locale", "name"), [(Locale.ENGLISH, "Talent membership"), (Locale.FRENCH, "Membre Talent")])
async def test_the_letter_names_the_plan_in_the_language_of_the_member(
    world: "World", locale: Locale, name: str
) -> None:
    await world.buy(a_member(locale=locale))
    await world.work()
    await world.work()

    assert name in world.mailer.delivered[0].text


@pytest.mark.parametrize("after_effect", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("fault", [LOST_ANSWER, SURELY_NOT_SENT, ProcessDied("killed")], ids=str)
async def test_a_send_that_failed_is_done_again_with_the_same_bytes_and_arrives_once(
    world: "World", fault: Exception, after_effect: bool
) -> None:
    await paid(world)
    for _ in range(3):
        world.mailer.fail_next(fault, after_effect=after_effect)
    for _ in range(4):
        await later(world, HOUR)

    assert 1 == len(world.mailer.delivered)
    assert 4 == len(world.mailer.tries)
    assert 1 == len(set(world.mailer.tries))
    assert 1 == world.letters.worded
    assert ["done"] == world.jobs(JobKind.SEND_CONFIRMATION)


@pytest.mark.parametrize("after_effect", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("fault", [TryAgain("lost"), ProcessDied("killed")], ids=str)
async def test_the_letter_arrives_once_whichever_commit_fails(
    new_world: "type[World]", fault: Exception, after_effect: bool
) -> None:
    for number in count(1):
        world = new_world()
        await paid(world)
        world.faults.at_commit(number, fault, after_effect=after_effect)
        for _ in range(3):
            await later(world, HOUR)

        assert 1 == len(world.mailer.delivered)
        assert 1 == len(set(world.mailer.tries))
        assert ["done"] == world.jobs(JobKind.SEND_CONFIRMATION)
        if world.faults.is_due:
            break
    assert number > 2


async def test_a_letter_in_doubt_is_sent_again_for_23_hours(world: "World") -> None:
    await paid(world)
    world.mailer.fail_next(LOST_ANSWER, after_effect=True)
    await later(world, timedelta(0))
    met = await later(world, 23 * HOUR)

    assert [] == met
    assert 1 == len(world.mailer.delivered)
    assert ["done"] == world.jobs(JobKind.SEND_CONFIRMATION)


async def test_a_letter_in_doubt_for_longer_is_left_to_an_operator(world: "World") -> None:
    """The provider may have forgotten the key: another try could be a second letter."""
    await paid(world)
    world.mailer.fail_next(LOST_ANSWER, after_effect=True)
    await later(world, timedelta(0))
    met = await later(world, 23 * HOUR + timedelta(seconds=1))

    assert [MailRefused] == [type(error) for error in met]
    assert 1 == len(world.mailer.tries)
    assert ["dead"] == world.jobs(JobKind.SEND_CONFIRMATION)


async def in_doubt(world: "World") -> int:
    """A letter of which nobody can tell any more whether it was sent: the id of its dead job."""
    await paid(world)
    world.mailer.fail_next(LOST_ANSWER, after_effect=True)
    await later(world, timedelta(0))
    await later(world, 25 * HOUR)
    (job,) = [row for row in world.store.jobs.rows if row.job.kind is JobKind.SEND_CONFIRMATION]
    return job.id


@pytest.mark.parametrize(("even_if_sent", "state", "sent"), [(True, "done", 2), (False, "dead", 1)])
async def test_an_operator_may_have_a_letter_in_doubt_sent_all_the_same(
    world: "World", even_if_sent: bool, state: str, sent: int
) -> None:
    job_id = await in_doubt(world)
    retry = RetryJob(begin=world.begin, jobs=MemoryKnownJobs(world.store), clock=world.clock)
    change = await retry(job_id, operator="amina", even_if_sent=even_if_sent)
    await later(world, timedelta(0))

    assert JobState.READY is change.after
    assert [state] == world.jobs(JobKind.SEND_CONFIRMATION)
    assert sent == len(world.mailer.delivered)
    assert even_if_sent is any("though its letter may have been sent" in row.cause.why for row in world.store.audit)


async def test_an_operator_may_leave_a_letter_in_doubt(world: "World") -> None:
    job_id = await in_doubt(world)
    await DiscardJob(begin=world.begin, jobs=MemoryKnownJobs(world.store), clock=world.clock)(job_id, operator="amina")
    await later(world, 24 * HOUR)

    assert ["discarded"] == world.jobs(JobKind.SEND_CONFIRMATION)
    assert 1 == len(world.mailer.tries)


async def test_a_letter_that_was_sent_stays_sent_whoever_retries_its_job(world: "World") -> None:
    await paid(world)
    await later(world, timedelta(0))
    (row,) = [row for row in world.store.jobs.rows if row.job.kind is JobKind.SEND_CONFIRMATION]
    retry = RetryJob(begin=world.begin, jobs=MemoryKnownJobs(world.store), clock=world.clock)
    change = await retry(row.id, operator="amina", even_if_sent=True)

    assert JobState.DONE is change.after
    assert 1 == len(world.mailer.tries)


async def test_the_first_doubt_counts_and_not_the_last(world: "World") -> None:
    await paid(world)
    for _ in range(3):
        world.mailer.fail_next(LOST_ANSWER)
    await later(world, timedelta(0))
    await later(world, 12 * HOUR)
    await later(world, 10 * HOUR)
    met = await later(world, 2 * HOUR)

    assert [MailRefused] == [type(error) for error in met]


async def test_a_doubt_is_not_lifted_by_a_later_try_that_surely_sent_nothing(world: "World") -> None:
    await paid(world)
    world.mailer.fail_next(LOST_ANSWER, after_effect=True)
    world.mailer.fail_next(SURELY_NOT_SENT)
    await later(world, timedelta(0))
    await later(world, HOUR)
    met = await later(world, 24 * HOUR)

    assert [MailRefused] == [type(error) for error in met]
    assert 1 == len(world.mailer.delivered)


async def test_a_provider_that_is_surely_down_for_days_delays_the_letter_and_loses_none(world: "World") -> None:
    await paid(world)
    for _ in range(30):
        world.mailer.fail_next(SURELY_NOT_SENT)
        await later(world, 4 * HOUR)
    met = await later(world, HOUR)

    assert [] == met
    assert 1 == len(world.mailer.delivered)


async def test_a_process_that_died_while_sending_leaves_a_doubt_too(world: "World") -> None:
    """No worker was there for more than a day after: the letter may have gone out, and the key is forgotten."""
    await paid(world)
    world.mailer.fail_next(ProcessDied("killed"), after_effect=True)
    await later(world, timedelta(0))
    await later(world, 30 * HOUR)

    assert 1 == len(world.mailer.delivered)


async def test_a_letter_that_the_provider_will_not_take_is_left_to_an_operator(world: "World") -> None:
    await paid(world)
    world.mailer.fail_next(MailRefused("no such address"))
    met = await later(world, timedelta(0))

    assert [MailRefused] == [type(error) for error in met]
    assert ["dead"] == world.jobs(JobKind.SEND_CONFIRMATION)


async def test_a_refused_letter_can_be_sent_days_later_once_the_operator_has_mended_the_cause(world: "World") -> None:
    await paid(world)
    world.mailer.fail_next(MailRefused("the sender is not verified"))
    await later(world, timedelta(0))
    world.clock.pass_time(72 * HOUR)
    row = world.store.jobs.rows[-1]
    row.state, row.run_at = "ready", world.clock.now()
    met = await later(world, timedelta(0))

    assert [] == met
    assert 1 == len(world.mailer.delivered)


async def test_two_workers_with_one_letter_deliver_it_once(world: "World") -> None:
    """The first one hung beyond its lease."""
    await paid(world)
    hung = await world.job(JobKind.SEND_CONFIRMATION)
    world.clock.pass_time(timedelta(seconds=61))
    await world.store.jobs.reap(retry_after_seconds=0)
    await later(world, timedelta(0))
    with pytest.raises(Conflict):
        await world.run(hung)

    assert 1 == len(world.mailer.delivered)


@pytest.mark.parametrize(
    ("refunded", "subjects"), [(30000, ["refund"]), (10000, ["2026-000001"])], ids=["all of it", "a part"]
)
async def test_a_payment_that_is_given_back_before_its_letter_goes_out_is_confirmed_only_if_time_is_left(
    world: "World", refunded: int, subjects: list[str]
) -> None:
    await paid(world)
    session_id = world.payment().checkout_session_id or ""
    await world.deliver(RefundTold(world.gateway.give_back(session_id, refunded)))
    for _ in range(3):
        await later(world, HOUR)

    assert subjects == [letter.subject for letter in world.mailer.delivered]
    assert ["done"] == world.jobs(JobKind.SEND_CONFIRMATION)


async def test_a_payment_whose_dispute_is_lost_before_its_letter_goes_out_is_not_confirmed(world: "World") -> None:
    await paid(world)
    session_id = world.payment().checkout_session_id or ""
    await world.deliver(DisputeTold(world.gateway.dispute(session_id, DisputeStage.LOST)))
    for _ in range(3):
        await later(world, HOUR)

    assert [] == world.mailer.delivered
    assert ["done"] == world.jobs(JobKind.SEND_CONFIRMATION)


async def test_a_payment_beside_paid_time_is_not_confirmed_as_a_paid_year(world: "World") -> None:
    """It bought nothing: what its member is told is about its refund."""
    first = await world.start()
    await world.deliver(CheckoutExpired(world.gateway.run_out(first.session_id)))
    second = await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay(first.session_id)))
    await world.deliver(CheckoutCompleted(world.gateway.pay(second.session_id)))
    for _ in range(3):
        await later(world, HOUR)

    assert ["2026-000001", "refund"] == [letter.subject for letter in world.mailer.delivered]
    assert ["done", "done"] == world.jobs(JobKind.SEND_CONFIRMATION)
