"""What the worker does: how many jobs a second it drains, and how soon after the commit that orders a job it begins."""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from bench.confirmed import Incomplete, check_invariants
from bench.database import Connection, settle
from bench.events import deliveries
from bench.figures import Extent, Figure
from bench.load import Load, percentile_ms
from bench.measure import MICROSECONDS, asked
from bench.place import SERVICE, Place
from bench.programs import Program, worker
from bench.seed import awaiting

AT_ONCE: Final = 16
WARM_UP: Final = 100
DRAIN_SECONDS_MAX: Final = 600
POLL_SECONDS: Final = 0.2
WORKER: Final = "worker"
OF_ALL_KINDS: Final = "jobs: drained, of all kinds that follow a payment"
OF_NOTHING: Final = "jobs: drained, where nothing is left to do"
PAUSE_SECONDS: Final = (0.25, 0.45)
"""Between two jobs that are to find the worker idle; by chance, so that they do not fall in with its own rhythm."""

LEFT: Final = "SELECT count(*) FROM jobs WHERE state IN ('ready', 'leased')"
DRAINED: Final = """
    SELECT count(*) AS jobs, extract(epoch FROM max(finished_at) - $1)::float8 AS seconds
      FROM jobs WHERE state = 'done' AND finished_at > $1
"""
WHOLE: Final = """
    SELECT count(*)
      FROM unnest($1::uuid[]) AS paid (id)
      JOIN invoices i ON i.payment_id = paid.id AND i.number IS NOT NULL AND i.hosted_url IS NOT NULL
      JOIN mails m ON m.key = 'confirmation/' || paid.id AND m.sent_at IS NOT NULL AND m.provider_id IS NOT NULL
"""
AGAIN: Final = """
    UPDATE jobs SET state = 'ready', run_at = now(), attempts = 0, finished_at = NULL
     WHERE kind = 'issue_receipt' AND subject = ANY($1::text[])
"""
WATCHED: Final = """
    CREATE TABLE bench_moments (job_id bigint NOT NULL, what text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
    CREATE FUNCTION bench_note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO bench_moments (job_id, what) VALUES (NEW.id, TG_ARGV[0]); RETURN NULL; END $$;
    CREATE FUNCTION bench_put_off() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.run_at := now() + interval '1 day'; RETURN NEW; END $$;
    CREATE CONSTRAINT TRIGGER bench_committed AFTER INSERT ON jobs DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.kind = 'issue_receipt') EXECUTE FUNCTION bench_note('committed');
    CREATE TRIGGER bench_claimed AFTER UPDATE ON jobs
        FOR EACH ROW WHEN (NEW.kind = 'issue_receipt' AND NEW.state = 'leased') EXECUTE FUNCTION bench_note('claimed');
    CREATE TRIGGER bench_put_off BEFORE INSERT ON jobs
        FOR EACH ROW WHEN (NEW.kind <> 'issue_receipt') EXECUTE FUNCTION bench_put_off();
"""
NOTICED: Final = """
    SELECT extract(epoch FROM claimed.at - committed.at)::float8 AS seconds
      FROM bench_moments AS committed JOIN bench_moments AS claimed USING (job_id)
     WHERE committed.what = 'committed' AND claimed.what = 'claimed'
"""


async def jobs(place: Place, extent: Extent) -> list[Figure]:
    """Both, with a worker process of its own. Its mails go to the stand-in of Resend, its questions to that of Stripe."""
    async with place.running(SERVICE) as (service, connection):
        url = await connection.fetchval("SELECT current_database()")
        hand = worker(place.folder, place.server.url_of(url), place.stripe.url)
        try:
            hand.start()
            await pay(service, connection, WARM_UP)
            await until_idle(connection)
            figures = await drained(hand, service, connection, extent.payments)
            figures += await noticed(service, connection, extent.noticed)
        finally:
            hand.stop()
        await check_invariants(connection)
    return figures


async def pay(service: Program, connection: Connection, amount: int) -> list[str]:
    """So many payments are confirmed by webhooks, each of which orders jobs. Returns their ids."""
    pending = await awaiting(connection, amount)
    await asked(Load(deliveries(pending), seconds_max=600), service, AT_ONCE)
    return [str(one.payment_id) for one in pending]


async def until_idle(connection: Connection) -> None:
    """Wait until no job is left. Raises Incomplete when that does not come."""
    for _ in range(int(DRAIN_SECONDS_MAX / POLL_SECONDS)):
        if await connection.fetchval(LEFT) == 0:
            return
        await asyncio.sleep(POLL_SECONDS)
    raise Incomplete(f"jobs are left after {DRAIN_SECONDS_MAX} seconds")


@contextmanager
def stopped(process: Program) -> Iterator[None]:
    """Let a process stand still."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def drained(hand: Program, service: Program, connection: Connection, amount: int) -> list[Figure]:
    """Jobs a second, of all that follows so many payments: number the receipt, mail the confirmation, collect the invoice.

    And of jobs that find their work done already: what is left is the queue.
    """
    with stopped(hand):
        paid = await pay(service, connection, amount)
        await asyncio.sleep(1.5)  # the invoices are to be collected a second later
        await settle(connection)
        began_at = await connection.fetchval("SELECT clock_timestamp()")
        cpu_began = hand.cpu_seconds()
    figures = await rate("jobs_drained", OF_ALL_KINDS, hand, connection, began_at, cpu_began)
    whole = await connection.fetchval(WHOLE, paid)
    if whole != amount:
        raise Incomplete(f"{amount} payments were paid, of {whole} the jobs are done: receipt, invoice and mail")
    with stopped(hand):
        await connection.execute(AGAIN, paid)
        await settle(connection)
        began_at = await connection.fetchval("SELECT clock_timestamp()")
        cpu_began = hand.cpu_seconds()
    return figures + await rate("jobs_queue", OF_NOTHING, hand, connection, began_at, cpu_began)


async def rate(
    name: str, about: str, hand: Program, connection: Connection, began_at: datetime, cpu_began: float
) -> list[Figure]:
    """Jobs a second from an instant on, and the CPU of the worker for each."""
    await until_idle(connection)
    row = await connection.fetchrow(DRAINED, began_at)
    if row is None or not row["jobs"]:
        raise Incomplete("no job was done")
    a_second = row["jobs"] / row["seconds"]
    cpu_us = (hand.cpu_seconds() - cpu_began) / row["jobs"] * MICROSECONDS
    print(f"{about}: {a_second:.0f} a second, {cpu_us:.0f} us of CPU each", flush=True)
    return [
        Figure(name=name, about=about, program=WORKER, value=a_second, unit="jobs/s"),
        Figure(name=f"{name}_cpu", about=f"{about}: CPU of the worker", program=WORKER, value=cpu_us, unit="us"),
    ]


async def noticed(service: Program, connection: Connection, amount: int) -> list[Figure]:
    """How long after its commit a job is claimed by a worker that is idle, by Postgres' own clock; its handler begins then.

    Jobs that would follow are put off, so that none of them is what the worker does when the next one comes.
    """
    await connection.execute(WATCHED)
    pending = await awaiting(connection, amount)
    for request in deliveries(pending):
        await asyncio.sleep(random.uniform(*PAUSE_SECONDS))
        await asked(Load([request], seconds_max=60), service, 1)
    await asyncio.sleep(max(PAUSE_SECONDS))
    seconds = [row["seconds"] for row in await connection.fetch(NOTICED)]
    if len(seconds) != amount:
        raise Incomplete(f"{amount} jobs were ordered, {len(seconds)} were claimed once")
    figures = []
    for share in (50, 99):
        value = percentile_ms(seconds, share / 100)
        about = f"jobs: p{share} from commit to handler"
        figures.append(Figure(name=f"jobs_noticed_p{share}", about=about, program=WORKER, value=value, unit="ms"))
        print(f"the worker begins {share} of 100 jobs {value:.1f} ms after their commit", flush=True)
    return figures
