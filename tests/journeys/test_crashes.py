"""Processes die, are restarted or run side by side: every paid payment still has one year, one receipt number and one mail."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import asyncpg

from entrypoints.cli.environment import migrate_database
from journeys.parts import PATIENCE_SECONDS, POLL_SECONDS, eventually
from journeys.shopper import Shopper
from journeys.system import Json, System

LET_CLAIMS_END = "UPDATE checkouts SET claimed_until = now() - interval '1 second' WHERE claimed_until > now()"
LET_LEASES_END = "UPDATE jobs SET leased_until = now() - interval '1 second' WHERE state = 'leased'"


def all_pay(shoppers: list[Shopper]) -> list[Json]:
    """The checkouts of members who pay at the same time."""
    with ThreadPoolExecutor(len(shoppers)) as pool:
        return list(pool.map(lambda shopper: shopper.buys(), shoppers))


def test_a_service_that_restarts_between_checkout_and_payment_loses_nothing(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    code = system.service.stop()
    system.service.start()
    again = shopper.starts()
    shopper.pays(checkout)

    assert 0 == code
    assert (200, checkout["url"]) == (again.status_code, again.json()["url"])
    assert "SUCCEEDED" == shopper.payment(checkout)["status"]


def test_a_payment_made_while_the_service_was_killed_is_told_when_it_is_back(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.service.kill()
    shopper.bank_decides(checkout, "pay")
    event = system.event_of(checkout["checkout_session_id"])
    eventually(
        "Stripe has met a closed door",
        lambda: system.sandbox_told("GET", f"deliveries?event={event['id']}")["data"][0]["attempts"],
    )
    system.service.start()
    system.sandbox_told("POST", "deliveries/hurry")
    shopper.payment_that_is(checkout, "SUCCEEDED")

    assert shopper.receipt_number(checkout)
    assert 1 == len(shopper.mails())


def test_a_service_killed_while_it_opens_a_checkout_opens_that_one_and_no_other_later(system: System) -> None:
    shopper = Shopper(system)
    system.sandbox_told("DELETE", "requests")
    system.spoil_next_call("latency", "/v1/checkout/sessions", method="POST", seconds=1.0)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(shopper.starts)
        system.stripe_has_seen("/v1/checkout/sessions", before=starting)
        system.service.kill()
    system.rows(LET_CLAIMS_END)
    system.service.start()
    answer = shopper.starts()
    shopper.pays(answer.json())
    made = system.sandbox_told("GET", "requests?path=/v1/checkout/sessions&method=POST")["data"]

    assert 1 == len({one["idempotency_key"] for one in made})
    assert ["SUCCEEDED"] == [payment["status"] for payment in shopper.ask("payments")["data"]]


def test_a_worker_killed_with_jobs_in_its_hands_leaves_one_number_and_one_mail_each(system: System) -> None:
    system.worker.stop()
    shoppers = [Shopper(system) for _ in range(3)]
    checkouts = all_pay(shoppers)
    system.spoil_next_call("latency", "/v1/invoices/*", times=3, seconds=1.0)
    system.worker.start()
    eventually("jobs are in hand", lambda: system.rows("SELECT 1 FROM jobs WHERE state = 'leased'"))
    system.worker.kill()
    orphans = system.rows("SELECT 1 FROM jobs WHERE state = 'leased'")
    system.rows(LET_LEASES_END)
    system.worker.start()
    numbers = [shopper.receipt_number(checkout) for shopper, checkout in zip(shoppers, checkouts, strict=True)]
    eventually("no job is left over", lambda: not system.rows("SELECT 1 FROM jobs WHERE state <> 'done'"))

    assert orphans
    assert 3 == len(set(numbers))
    assert [1, 1, 1] == [len(shopper.mails()) for shopper in shoppers]


def test_two_workers_side_by_side_send_one_mail_a_payment(system: System) -> None:
    second = system.another_worker()
    second.start()
    try:
        shoppers = [Shopper(system) for _ in range(6)]
        checkouts = all_pay(shoppers)
        numbers = [shopper.receipt_number(checkout) for shopper, checkout in zip(shoppers, checkouts, strict=True)]
    finally:
        code = second.stop()

    assert 6 == len(set(numbers))
    assert [1] * 6 == [len(shopper.mails()) for shopper in shoppers]
    assert 0 == code


def test_connections_that_the_database_cuts_are_made_anew(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    shopper.bank_decides(checkout, "pay")
    history = f"{system.url}/api/v1/payments"
    eventually("the service reads again", lambda: system.web.get(history, headers=shopper.headers).is_success)
    system.sandbox_told("POST", "deliveries/hurry")
    shopper.payment_that_is(checkout, "SUCCEEDED")

    assert shopper.receipt_number(checkout)
    assert (True, True) == (system.service.runs, system.worker.runs)


def test_a_worker_that_comes_before_the_schema_waits_for_it(system: System, empty_database_url: str) -> None:
    worker = system.another_worker(DATABASE_URL=empty_database_url)
    worker.start()
    try:
        eventually("it says what is missing", lambda: "no jobs can be claimed" in worker.said())
        asyncio.run(migrate_database(empty_database_url))
        complaints = worker.said().count("no jobs can be claimed")
        asyncio.run(one_job(empty_database_url))
    finally:
        code = worker.stop()

    assert complaints
    assert 0 == code
    assert "Traceback" not in worker.said()


async def one_job(database_url: str) -> None:
    """Leave a job, and wait until it has found a worker."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("INSERT INTO jobs (kind, subject, attempts_max) VALUES ('retry_event', 'evt_gone', 1)")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await connection.fetchval("SELECT attempts FROM jobs") == 0:
            await asyncio.sleep(POLL_SECONDS)
    await connection.close()
