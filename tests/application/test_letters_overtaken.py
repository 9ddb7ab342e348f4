"""A letter whose words have become untrue before it went out is sent no more, whatever has kept it until then."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.errors import MailRefused, MailUnavailable
from application.ports.gateway import RefundTold
from application.ports.jobs import JobKind
from domain.payment import PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World

HOUR = timedelta(hours=1)
SURELY_NOT_SENT = MailUnavailable("connection refused", in_doubt=False)
IN_DOUBT = MailUnavailable("the answer was lost")


async def a_letter_that_waits(world: "World", fault: Exception) -> str:
    """A paid member whose confirmation was worded and could not be sent; the session of the payment."""
    offered = await world.start()
    world.gateway.pay(offered.session_id)
    await world.follow.of_session(world.member.user_id, offered.session_id)
    await world.run(await world.job(JobKind.ISSUE_RECEIPT))
    world.mailer.fail_next(fault)
    assert [fault] == await world.work()
    return offered.session_id


@pytest.mark.parametrize("fault", [SURELY_NOT_SENT, IN_DOUBT], ids=str)
async def test_a_payment_refunded_while_its_confirmation_waited_is_confirmed_no_more(
    world: "World", fault: Exception
) -> None:
    session_id = await a_letter_that_waits(world, fault)
    await world.deliver(RefundTold(world.gateway.give_back(session_id)))
    await world.work_for_an_hour()

    assert PaymentStatus.REFUNDED is world.payment().status
    assert ["300.00 MAD of Membre Talent went back"] == [
        letter.text.partition(": ")[2].partition(",")[0] for letter in world.mailer.delivered
    ]
    assert ["done"] == world.jobs(JobKind.SEND_CONFIRMATION) == world.jobs(JobKind.SEND_REFUND_NOTICE)


async def test_a_payment_refunded_in_part_is_confirmed_all_the_same(world: "World") -> None:
    session_id = await a_letter_that_waits(world, SURELY_NOT_SENT)
    await world.deliver(RefundTold(world.gateway.give_back(session_id, 10000)))
    await world.work_for_an_hour()

    assert [True] == ["2026-000001" in letter.text for letter in world.mailer.delivered]


async def test_a_refund_that_failed_while_its_notice_waited_is_not_told_of(world: "World") -> None:
    payment = await world.buy()
    await world.work_for_an_hour()
    (session,) = world.gateway.sessions
    refund = world.gateway.give_back(session)
    await world.deliver(RefundTold(refund))
    world.mailer.fail_next(SURELY_NOT_SENT)
    await world.work()
    await world.deliver(RefundTold(world.gateway.fail_refund(refund.id)))
    await world.work_for_an_hour()

    assert PaymentStatus.SUCCEEDED is world.payment(payment.id).status
    assert 1 == len(world.mailer.delivered)
    assert ["done"] == world.jobs(JobKind.SEND_REFUND_NOTICE)


async def test_a_refused_letter_that_an_operator_revives_is_not_sent_when_it_is_untrue(world: "World") -> None:
    session_id = await a_letter_that_waits(world, MailRefused("no such address"))
    await world.deliver(RefundTold(world.gateway.give_back(session_id)))
    (dead,) = [row for row in world.store.jobs.rows if row.job.kind is JobKind.SEND_CONFIRMATION]
    dead.state = "ready"
    await world.work_for_an_hour()

    assert ["confirmation" in key for key, _ in world.mailer.tries] == [True, False]
