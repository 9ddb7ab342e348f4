"""What Stripe says when it will not give money back: one word of ours with Stripe's own code and sentence, and never a try again."""

import json

import pytest

from application.errors import ProviderRefused
from application.ports.gateway import RefundOrder, RefundReason
from builders import a_payment_id
from contract.gateways import Provider, ProviderInSandbox
from contract.sandboxes import gateway_to
from contract.test_gateway_returns import a_paid_checkout, an_order_to_refund
from contract.test_stripe_faults import answering, http

REFUSALS = [
    ("charge_already_refunded", "Charge ch_3 has already been refunded."),
    ("charge_disputed", "Charge ch_3 has been charged back; cannot issue a refund."),
    ("refund_disputed_payment", "The payment is disputed; cannot issue a refund."),
    ("charge_not_refundable", "The charge is too old to be refunded."),
    (None, "Refund amount (MAD 300.00) is greater than unrefunded amount on charge (MAD 100.00)"),
]


@pytest.mark.parametrize(("code", "message"), REFUSALS)
async def test_a_refund_that_stripe_refuses_is_told_by_its_code(code: str | None, message: str) -> None:
    error = {"type": "invalid_request_error", "message": message} | ({"code": code} if code is not None else {})
    body = json.dumps({"error": error}).encode()
    order = RefundOrder(
        payment_intent_id="pi_3", payment_id=a_payment_id(), amount_minor=30000, reason=RefundReason.DUPLICATE
    )
    async with answering(http(body, "400 Bad Request")) as url, gateway_to(url, retries_max=2) as gateway:
        with pytest.raises(ProviderRefused) as refused:
            await gateway.refund(order, key="refund:1:1")

    assert code == refused.value.code
    assert message not in str(refused.value)


@pytest.mark.parametrize("lost", [True, False])
async def test_a_charge_that_is_disputed_is_not_given_back_beside(in_sandbox: ProviderInSandbox, lost: bool) -> None:
    session = await a_paid_checkout(in_sandbox)
    await in_sandbox.dispute(session.id, lost=lost)

    with pytest.raises(ProviderRefused) as refused:
        await in_sandbox.gateway.refund(an_order_to_refund(session), key="refund:1:1")
    assert "charge_disputed" == refused.value.code


async def test_a_charge_that_went_back_whole_is_not_given_back_again(provider: Provider) -> None:
    session = await a_paid_checkout(provider)
    await provider.give_back(session.id, 30000)

    with pytest.raises(ProviderRefused) as refused:
        await provider.gateway.refund(an_order_to_refund(session), key="refund:1:1")
    assert "charge_already_refunded" == refused.value.code
