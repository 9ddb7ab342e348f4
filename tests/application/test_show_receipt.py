"""A receipt is shown to its member, and to nobody else."""

from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFound
from domain.member import UserId

if TYPE_CHECKING:
    from application.conftest import World


async def test_a_receipt_has_number_period_and_member(world: "World") -> None:
    payment = await world.buy()
    await world.work()
    receipt = await world.show_receipt(world.member.user_id, payment.id)

    invoice = receipt.record.invoice
    assert payment == receipt.record.payment
    assert "2026-000001" == (invoice.number if invoice else None)
    assert world.subscription().periods[0] == receipt.period
    assert world.member.name == (receipt.customer.name if receipt.customer else None)


async def test_a_receipt_without_its_number_yet_can_be_looked_at(world: "World") -> None:
    payment = await world.buy()
    receipt = await world.show_receipt(world.member.user_id, payment.id)

    assert receipt.record.invoice is not None
    assert receipt.record.invoice.number is None


async def test_an_unpaid_payment_has_no_receipt(world: "World") -> None:
    offered = await world.start()
    with pytest.raises(NotFound):
        await world.show_receipt(world.member.user_id, offered.payment.id)


async def test_somebody_elses_receipt_is_not_found(world: "World") -> None:
    payment = await world.buy()
    with pytest.raises(NotFound):
        await world.show_receipt(UserId("somebody-else"), payment.id)
