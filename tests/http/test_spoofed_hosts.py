"""Whatever host a client or a proxy names: every address that we give out begins with the one of our settings."""

import re
from typing import Final

import httpx
import pytest

from application.ports.jobs import JobKind
from builders import a_member
from domain.member import Locale
from http_world import World, browser, form_fields

EVIL: Final = "evil.example"
SPOOFS: Final = [
    {"host": EVIL},
    {"host": f"{EVIL}:443"},
    {"x-forwarded-host": EVIL, "x-forwarded-proto": "http", "x-forwarded-port": "8080"},
    {"forwarded": f"host={EVIL};proto=http"},
    {"x-original-url": f"https://{EVIL}/", "x-rewrite-url": f"https://{EVIL}/", "x-host": EVIL},
]
PAGES: Final = ["/dashboard/talent/payment", "/dashboard/billing", "/dashboard/nowhere", "/dev/sign-in", "/"]


def addresses(answer: httpx.Response) -> list[str]:
    """Everything in an answer that leads somewhere, and its headers."""
    return [*re.findall(r'(?:href|src|action|content)="([^"]*)"', answer.text), *answer.headers.values()]


@pytest.mark.parametrize("spoof", SPOOFS, ids=lambda spoof: next(iter(spoof)))
@pytest.mark.parametrize("signed_in", [True, False])
async def test_no_page_leads_to_the_host_that_a_stranger_names(
    world: World, client: httpx.AsyncClient, spoof: dict[str, str], signed_in: bool
) -> None:
    if signed_in:
        browser(world, client)
    for path in PAGES:
        answer = await client.get(path, headers=spoof | {"accept": "text/html"})

        assert addresses(answer)
        assert [] == [address for address in addresses(answer) if EVIL in address]


@pytest.mark.parametrize("spoof", SPOOFS, ids=lambda spoof: next(iter(spoof)))
async def test_neither_stripe_nor_a_letter_nor_a_problem_is_given_another_host(
    world: World, client: httpx.AsyncClient, spoof: dict[str, str]
) -> None:
    member = a_member(locale=Locale.ENGLISH)
    begun = await client.post("/api/v1/checkouts", json={}, headers=world.headers(member) | spoof)
    await world.pay(begun.json())
    refused = await client.post("/api/v1/checkouts", json={}, headers=world.headers(member) | spoof)
    for kind, verb in (
        (JobKind.ISSUE_RECEIPT, world.container.issue_receipt()),
        (JobKind.SEND_CONFIRMATION, world.container.send_confirmation()),
    ):
        (job,) = await world.store.jobs.claim(frozenset({kind}), limit=2, lease_seconds=60)
        await verb(job)

    (mail,) = world.store.mails()
    assert refused.json()["type"].startswith("https://pay.example.org/errors/")
    assert f"https://pay.example.org/dashboard/billing/{begun.json()['payment_id']}/receipt" in mail.letter.text
    assert EVIL not in f"{begun.text} {refused.text} {mail.letter.html} {world.gateway.orders}"


@pytest.mark.parametrize("spoof", [{"host": EVIL}, {"x-forwarded-host": EVIL}], ids=lambda spoof: next(iter(spoof)))
async def test_a_form_is_taken_from_the_origin_of_our_settings_and_no_other(
    world: World, client: httpx.AsyncClient, spoof: dict[str, str]
) -> None:
    path = "/dashboard/talent/payment"
    fields = await form_fields(browser(world, client), path)
    theirs = await client.post(path, data=fields, headers=spoof | {"origin": f"https://{EVIL}"})
    ours = await client.post(path, data=fields, headers=spoof | {"origin": "https://pay.example.org"})

    assert (403, 303) == (theirs.status_code, ours.status_code)
    assert ours.headers["location"].startswith("https://checkout.example/pay/")
