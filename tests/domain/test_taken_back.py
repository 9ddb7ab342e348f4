"""Since when nothing of a charge is left: what was refunded and what banks took count together."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from builders import NOON, a_dispute, a_payment, a_refund
from domain.payment import PaymentStatus
from domain.returns import Dispute, DisputeStage, Refund, Returns

DAY = timedelta(days=1)


def moments(*refunds: Refund, disputes: tuple[Dispute, ...] = ()) -> datetime | None:
    """When nothing of 300 MAD was left."""
    return a_payment(status=PaymentStatus.SUCCEEDED, paid_at=NOON).taken_back_at(
        Returns(refunds=refunds, disputes=disputes)
    )


def test_the_time_ends_with_the_refund_that_made_it_whole_or_with_a_lost_dispute() -> None:
    parts = (
        a_refund(amount_minor=20000, created_at=NOON + DAY),
        a_refund(amount_minor=10000, created_at=NOON + 2 * DAY),
    )
    lost = a_dispute(stage=DisputeStage.LOST, lost_at=NOON + timedelta(hours=1))

    assert moments() is None
    assert moments(parts[0]) is None
    assert NOON + 2 * DAY == moments(*parts) == moments(*reversed(parts))
    assert lost.lost_at == moments(*parts, disputes=(lost,))
    assert moments(disputes=(replace(lost, stage=DisputeStage.WON),)) is None


@pytest.mark.parametrize(
    ("refunded", "lost", "whole"),
    [
        (0, 30000, True),
        (0, 27000, True),
        (0, 26999, False),
        (0, 10000, False),
        (15000, 15000, True),
        (15000, 13500, True),
        (15000, 13499, False),
        (29999, 0, False),
        (26999, 1, False),
        (29999, 1, True),
        (29999, 30000, True),
    ],
)
def test_a_part_that_a_bank_took_leaves_the_time_until_a_tenth_of_what_refunds_left_is_left(
    refunded: int, lost: int, whole: bool
) -> None:
    refund = a_refund(amount_minor=refunded, created_at=NOON + DAY)
    dispute = a_dispute(amount_minor=lost, stage=DisputeStage.LOST, lost_at=NOON + 2 * DAY)
    told = moments(refund, disputes=(dispute,) if lost else ())
    lost_first = moments(replace(refund, created_at=NOON + 3 * DAY), disputes=(dispute,) if lost else ())

    assert (NOON + 2 * DAY if whole else None) == told
    assert (NOON + (2 if lost >= 27000 else 3) * DAY if whole else None) == lost_first


def test_two_parts_that_banks_took_count_together() -> None:
    halves = tuple(a_dispute(amount_minor=15000, stage=DisputeStage.LOST, lost_at=NOON + days * DAY) for days in (5, 4))

    assert moments(disputes=halves[:1]) is None
    assert NOON + 5 * DAY == moments(disputes=halves)


def test_a_lost_dispute_in_another_currency_counts_as_the_whole_charge() -> None:
    lost = a_dispute(amount_minor=1, currency="eur", stage=DisputeStage.LOST, lost_at=NOON + DAY)

    assert NOON + DAY == moments(disputes=(lost,))
