"""Payments flow while everything that can fall falls: afterwards one reconciliation and a rested worker make all of it true."""

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from adapters.email.folder import read_outbox
from journeys.chaos import EXPECTED, TIME_PASSES, Chaos
from journeys.own_postgres import OwnPostgres
from journeys.parts import PAYMENTS, eventually
from journeys.system import Json, System

PAYMENTS_WANTED: Final = int(os.environ.get("PAYMENTS_CHAOS", "24"))
SEED: Final = int(os.environ.get("PAYMENTS_CHAOS_SEED", "1"))
CRASHES: Final = max(3, PAYMENTS_WANTED // 10)

OUTCOMES: Final = """
    SELECT p.checkout_session_id, p.user_id, p.status, i.number,
           (SELECT count(*) FROM periods WHERE payment_id = p.id) AS periods
      FROM payments p LEFT JOIN invoices i ON i.payment_id = p.id
"""


@pytest.fixture
def own_postgres(open_folder: Path) -> Iterator[OwnPostgres]:
    """A Postgres for this test alone."""
    postgres = OwnPostgres(open_folder)
    yield postgres
    postgres.stop()


@pytest.fixture
def own_system(own_postgres: OwnPostgres, tmp_path: Path) -> Iterator[System]:
    """A system over it."""
    system = System(tmp_path, own_postgres.url)
    try:
        system.start()
        yield system
    finally:
        system.stop()


def ran(system: System, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command of `payments`, run to its end."""
    return subprocess.run(
        [*PAYMENTS, *arguments], cwd=system.folder, env=system.environment, capture_output=True, text=True, check=False
    )


def paid_sessions(system: System) -> list[str]:
    """The checkouts that Stripe says are paid."""
    found: list[Json] = []
    more = True
    while more:
        after = {"starting_after": found[-1]["id"]} if found else {}
        answer = httpx.get(
            f"{system.sandbox_url}/v1/checkout/sessions",
            params={"limit": "100", **after},
            headers={"Authorization": f"Bearer {system.secrets.stripe_secret_key}"},
        ).json()
        found += answer["data"]
        more = answer["has_more"]
    return [session["id"] for session in found if session["payment_status"] == "paid"]


def come_to_rest(system: System, postgres: OwnPostgres) -> Json:
    """One reconciliation, and a worker that does all that is left. Returns what the reconciliation found."""
    system.tidy()
    postgres.executed(TIME_PASSES)
    found: Json = json.loads(ran(system, "reconcile", "--json").stdout)

    def nothing_left() -> bool:
        postgres.executed(TIME_PASSES)
        return not system.rows("SELECT FROM jobs WHERE state IN ('ready', 'leased')")

    eventually("the worker has nothing left to do", nothing_left)
    return found


@pytest.mark.timeout(120 + 3 * PAYMENTS_WANTED)
def test_each_paid_checkout_ends_as_one_payment_one_year_one_receipt_and_one_mail(
    own_system: System, own_postgres: OwnPostgres, record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()
    chaos = Chaos(own_system, own_postgres, payments=PAYMENTS_WANTED, crashes=CRASHES, seed=SEED)
    chaos.run()
    reconciled = come_to_rest(own_system, own_postgres)
    audit = ran(own_system, "audit", "--settled")
    outcomes = own_system.rows(OUTCOMES)
    mails = Counter(
        mail.to for mail in read_outbox(own_system.folder / ".local" / "outbox", limit=10 * PAYMENTS_WANTED)
    )
    logs = own_system.logs()
    record_property("payments", len(outcomes))
    record_property("seconds", round(time.monotonic() - began))
    record_property("repaired by one reconciliation", reconciled["repaired"])
    for what, times in sorted(chaos.happened.items()):
        record_property(what, times)

    assert (0, "") == (audit.returncode, audit.stdout.partition("checked")[0])
    assert sorted(paid_sessions(own_system)) == sorted(row["checkout_session_id"] for row in outcomes)
    assert [("SUCCEEDED", 1)] * PAYMENTS_WANTED == [(row["status"], row["periods"]) for row in outcomes]
    assert {f"{row['user_id']}@members.example.org": 1 for row in outcomes} == mails
    assert list(range(1, PAYMENTS_WANTED + 1)) == sorted(int(row["number"].partition("-")[2]) for row in outcomes)
    assert (True, []) == (reconciled["complete"], [one for one in reconciled["differences"] if not one["repaired"]])
    assert set() == set(chaos.told) - EXPECTED
    assert all(chaos.happened[crash] for crash in ("service killed", "worker killed", "database fell"))
    assert [] == [word for word in ("unforeseen", "never retrieved", "Traceback") if word in logs]
