"""On a payment's page a developer refunds it, and plays the bank that fails, disputes and decides."""

import pytest

from sandbox.sandbox_world import World


async def test_the_front_page_leads_to_payments_alone(world: World) -> None:
    opened, paid = await world.session(), await world.paid()
    front = (await world.web.get("/")).text

    assert f'href="/payments/{paid.id}"' in front
    assert f'href="/payments/{opened.id}"' not in front
    assert 404 == (await world.web.get(f"/payments/{opened.id}")).status_code
    assert 404 == (await world.web.post("/payments/cs_test_nobody", data={"refund": "all"})).status_code


async def test_the_front_page_says_what_became_of_payments(world: World) -> None:
    partly, fully, _ = await world.paid(), await world.paid(), await world.paid("4000000000000259")
    await world.tell(f"payments/{partly.id}/refund", {"amount": 1})
    await world.tell(f"payments/{fully.id}/refund")
    front = (await world.web.get("/")).text

    assert 0 < front.index("Disputed ") < front.index("Refunded ") < front.index("Refunded in part")


@pytest.mark.parametrize(
    ("typed", "minor"), [("120", 12000), ("120.5", 12050), (" 120,50 ", 12050), ("300", 30000), ("0.01", 1)]
)
async def test_a_part_is_refunded_as_people_write_amounts(world: World, typed: str, minor: int) -> None:
    paid = await world.paid()
    answer = await world.web.post(f"/payments/{paid.id}", data={"refund": "part", "amount": typed})
    refunds = (await world.client.v1.refunds.list_async({"payment_intent": paid.payment_intent.id})).data
    event = (await world.told_of("refund.created"))[0]

    assert (303, f"/payments/{paid.id}") == (answer.status_code, answer.headers["location"])
    assert [minor] == [one.amount for one in refunds]
    assert event["request"]["id"].startswith("req_")
    assert event["request"]["idempotency_key"] is None


@pytest.mark.parametrize(
    "typed", ["", "0", "-1", "300.01", "1.005", "NaN", "Infinity", "1e9", "1e999999999", "abc", "1,2,3"]
)
async def test_a_part_that_is_none_is_pointed_at_and_refunds_nothing(world: World, typed: str) -> None:
    paid = await world.paid()
    answer = await world.web.post(f"/payments/{paid.id}", data={"refund": "part", "amount": typed})

    assert 422 == answer.status_code
    assert "Fill in an amount up to what is left." in answer.text
    assert f'value="{typed}" aria-invalid="true" aria-describedby="fault" autofocus' in answer.text
    assert [] == await world.told_of("refund.*")


async def test_a_payment_is_played_through_refund_failure_dispute_and_verdict(world: World) -> None:
    paid = await world.paid()
    address = f"/payments/{paid.id}"
    await world.web.post(address, data={"refund": "all"})
    refund = (await world.client.v1.refunds.list_async()).data[0]
    refunded = (await world.web.get(address)).text
    await world.web.post(address, data={"fail_refund": refund.id})
    await world.web.post(address, data={"dispute": "inquiry"})
    dispute = (await world.client.v1.disputes.list_async()).data[0]
    inquired = (await world.web.get(address)).text
    await world.web.post(address, data={"escalate_dispute": dispute.id})
    held = (await world.web.get(address)).text
    await world.web.post(address, data={"lose_dispute": dispute.id})
    lost = (await world.web.get(address)).text

    assert 'name="fail_refund"' in refunded
    assert 'name="dispute"' not in refunded
    assert 'name="refund"' not in refunded
    assert "The bank asks" in inquired
    assert 'name="refund"' in inquired
    assert "Waits for an answer" in held
    assert 'name="refund"' not in held
    assert "Lost" in lost
    assert 'name="win_dispute"' not in lost
    assert ["failed", "lost"] == [
        (await world.client.v1.refunds.retrieve_async(refund.id)).status,
        (await world.client.v1.disputes.retrieve_async(dispute.id)).status,
    ]


@pytest.mark.parametrize("pressed", [{"refund": "all"}, {"dispute": "chargeback"}, {"fail_refund": "re_x"}, {}])
async def test_a_button_that_comes_too_late_changes_nothing_and_says_so(world: World, pressed: dict[str, str]) -> None:
    paid = await world.paid()
    await world.refund(payment_intent=paid.payment_intent.id)
    known = [event["id"] for event in await world.told_of("*")]
    answer = await world.web.post(f"/payments/{paid.id}", data=pressed)

    assert 409 == answer.status_code
    assert "That is not possible any more" in answer.text
    assert known == [event["id"] for event in await world.told_of("*")]


async def test_the_buttons_of_one_payment_do_not_reach_another(world: World) -> None:
    paid, other = await world.paid(), await world.paid()
    refund = await world.refund(payment_intent=other.payment_intent.id)
    answer = await world.web.post(f"/payments/{paid.id}", data={"fail_refund": refund.id})

    assert 409 == answer.status_code
    assert "succeeded" == (await world.client.v1.refunds.retrieve_async(refund.id)).status


async def test_a_waiting_refund_is_let_succeed_on_the_page_in_french(world: World) -> None:
    paid = await world.paid("4000000000007726")
    refund = await world.refund(payment_intent=paid.payment_intent.id)
    page = await world.web.get(f"/payments/{paid.id}", headers={"Accept-Language": "fr"})
    await world.web.post(f"/payments/{paid.id}", data={"succeed_refund": refund.id})

    assert "Laisser aboutir" in page.text
    assert "300,00\u00a0MAD" in page.text
    assert "succeeded" == (await world.client.v1.refunds.retrieve_async(refund.id)).status
