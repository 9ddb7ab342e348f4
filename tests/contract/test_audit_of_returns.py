"""What the audit derives from refunds and disputes is what the domain derives from them, also where other money than was asked for came."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product
from typing import Final

from msgspec.structs import replace

from adapters.postgres.invariants import INVARIANTS
from builders import a_dispute, a_refund
from contract.stores import StoreInPostgres
from contract.values import CAUSE, TO_THE_MICROSECOND, a_paid_payment
from domain.payment import Figures, Payment, PaymentStatus, Review
from domain.returns import Dispute, DisputeStage, Refund, RefundStatus, Returns

EXPECTED: Final = Figures(30000, "mad")
RECEIVED: Final = (
    *(None, Figures(29999, "mad"), Figures(35000, "mad"), Figures(3000, "usd"), Figures(0, "mad")),
    *(Figures(None, "mad"), Figures(None, None), Figures(29999, None)),
)
REFUNDS: Final = ((), (1000,), (1000, 2000), (29999,), (30000,), (35000,))
STAGES: Final = (None, DisputeStage.OPEN, DisputeStage.LOST, DisputeStage.WON, DisputeStage.INQUIRY)
FOLLOWS: Final = next(one for one in INVARIANTS if one.name == "payment_follows_its_returns")


def arrived(received: Figures | None, *, accepted: bool) -> Payment:
    """A payment whose money has arrived, taken as it is or under review."""
    payment = a_paid_payment()
    if received is None:
        return payment
    review = Review(expected=EXPECTED, received=received)
    if accepted:
        return replace(payment, review=review)
    return replace(payment, review=review, status=PaymentStatus.REVIEW, paid_at=None)


def returned(payment: Payment, amounts: Iterable[int], stage: DisputeStage | None) -> Returns:
    """Refunds of these amounts that stand, one that failed, one in another currency, and a dispute at a stage."""
    intent, currency = payment.payment_intent_id, payment.charged.currency or "mad"
    refunds: list[Refund] = [
        a_refund(payment_intent_id=intent, amount_minor=amount, currency=currency) for amount in amounts
    ]
    refunds.append(a_refund(payment_intent_id=intent, amount_minor=500, currency="eur"))
    refunds.append(a_refund(payment_intent_id=intent, amount_minor=500, currency=currency, status=RefundStatus.FAILED))
    lost_at = TO_THE_MICROSECOND + timedelta(days=1) if stage is DisputeStage.LOST else None
    disputes: list[Dispute] = (
        [a_dispute(payment_intent_id=intent, currency=currency, stage=stage, lost_at=lost_at)] if stage else []
    )
    return Returns(refunds=tuple(refunds), disputes=tuple(disputes))


async def test_every_payment_that_follows_its_returns_passes_the_audit_and_none_that_does_not(
    postgres_store: StoreInPostgres,
) -> None:
    followed = []
    for received, accepted, amounts, stage in product(RECEIVED, (False, True), REFUNDS, STAGES):
        if received is None and not accepted:
            continue
        payment = arrived(received, accepted=accepted)
        returns = returned(payment, amounts, stage)
        followed.append((payment.after_returns(returns), returns))
    async with postgres_store.begin() as work:
        for payment, returns in followed:
            await work.returns.of(payment.payment_intent_id or "")
            work.payments.add(payment, CAUSE)
            for refund in returns.refunds:
                work.returns.save_refund(refund)
            for dispute in returns.disputes:
                work.returns.save_dispute(dispute)
        await work.commit()
    passed = await postgres_store.observer.fetch(FOLLOWS.sql)
    await postgres_store.observer.execute(
        "UPDATE payments SET dispute = CASE WHEN dispute IS NULL THEN 'WON' ELSE NULL END"
    )
    failed = await postgres_store.observer.fetch(FOLLOWS.sql)

    assert [] == [row["found"] for row in passed]
    assert {str(payment.id) for payment, _ in followed} == {row["id"] for row in failed}
    assert {*("SUCCEEDED", "REVIEW"), *("PARTIALLY_REFUNDED", "REFUNDED")} == {one.status for one, _ in followed}
    assert 400 < len(followed)
