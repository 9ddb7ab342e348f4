"""Two replicas and two workers side by side, of which one each is stopped and started anew while members pay: nothing is lost.

About 10 seconds.
"""

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest

from adapters.email.folder import read_outbox
from journeys.balancer import Balancer, Traffic
from journeys.parts import PAYMENTS, Part, eventually
from journeys.system import System

CLIENTS = 4
EACH_WHILE = 4
"""How many members pay in each state of the system before it goes on to the next."""


@pytest.fixture
def replicas(system: System) -> Iterator[tuple[Part, Part]]:
    """A second pair of replicas, one of them of two processes, that drain for two seconds, as those behind a balancer do."""
    found = system.another_service("--drain", "2"), system.another_service("--drain", "2", "--workers", "2")
    for replica in found:
        replica.launch()
    for replica in found:
        replica.wait_until_ready()
    yield found
    for replica in found:
        if replica.runs:
            replica.stop()


@pytest.fixture
def second_worker(system: System) -> Iterator[Part]:
    """A worker beside the system's own."""
    worker = system.another_worker()
    worker.start()
    yield worker
    if worker.runs:
        worker.stop()


def more_are_paid(traffic: Traffic) -> None:
    """Wait until some more members have paid."""
    before = len(traffic.paid)
    eventually("members go on paying", lambda: len(traffic.paid) >= before + EACH_WHILE or traffic.lost)


@pytest.mark.timeout(90)
def test_nothing_is_lost_or_done_twice_while_replicas_and_workers_are_restarted_one_by_one(
    system: System, replicas: tuple[Part, Part], second_worker: Part
) -> None:
    system.sandbox_told("POST", "deliveries/pause")  # the members' own clients bring the events, to either replica
    balancer = Balancer([replica.url for replica in replicas])
    traffic = Traffic(system, balancer, CLIENTS)
    balancer.start()
    traffic.start()
    try:
        more_are_paid(traffic)
        codes = []
        for replica, worker in zip(replicas, (system.worker, second_worker), strict=True):
            replica.signal(signal.SIGTERM)
            worker.signal(signal.SIGTERM)
            codes += [worker.exit_code(seconds=30), replica.exit_code(seconds=30)]
            worker.launch()
            more_are_paid(traffic)
            replica.start()
            worker.wait_until_ready()
            eventually("the replica is sent requests again", partial(balancer.is_ready, replica.url))
            more_are_paid(traffic)
    finally:
        traffic.stop()
        balancer.stop()
    ids = [checkout["payment_id"] for checkout in traffic.paid]
    eventually(
        "the workers have nothing left to do",
        lambda: not system.rows("SELECT FROM jobs WHERE state IN ('ready', 'leased')"),
    )
    jobs = system.rows("SELECT kind, state, attempts FROM jobs WHERE subject = ANY($1::text[])", ids)
    outcomes = system.rows(
        "SELECT p.status, (SELECT count(*) FROM periods x WHERE x.payment_id = p.id) AS periods, i.number IS NOT NULL AS numbered"
        "  FROM payments p JOIN invoices i ON i.payment_id = p.id WHERE p.id = ANY($1::uuid[])",
        ids,
    )
    members = system.rows(
        "SELECT user_id || '@members.example.org' AS email FROM payments WHERE id = ANY($1::uuid[])", ids
    )
    outbox = Counter(mail.to for mail in read_outbox(system.folder / ".local" / "outbox", limit=10_000))
    mails = Counter(outbox[row["email"]] for row in members)
    audit = subprocess.run(
        [*PAYMENTS, "audit"], cwd=system.folder, env=system.environment, capture_output=True, text=True, check=False
    )

    assert [0, 0, 0, 0] == codes
    assert [] == traffic.lost
    assert {200, 201} == {status for _, status in traffic.answered}, traffic.answered
    assert 0 < traffic.closed
    assert 5 * EACH_WHILE <= len(ids) == len(set(ids))
    assert [("SUCCEEDED", 1, True)] * len(ids) == [tuple(row) for row in outcomes]
    assert {1: len(ids)} == mails
    assert {("issue_receipt", "done", 1), ("send_confirmation", "done", 1)} <= {tuple(row) for row in jobs}
    assert {"done"} == {row["state"] for row in jobs}
    assert 0 == audit.returncode, audit.stdout
