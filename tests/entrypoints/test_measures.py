"""What is counted of jobs, mails, calls to Stripe and reconciliations: each under how it ended, and none changed by it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from adapters.memory.jobs import MemoryJobs
from adapters.memory.mail import MemoryMailer
from adapters.memory.world import MemoryClock
from adapters.stripe.gateway import StripeGateway
from application.errors import MailRefused, MailUnavailable, ProviderUnavailable, TryAgain
from application.findings import Difference
from application.ports.jobs import ClaimedJob, JobKind, NewJob
from application.ports.mail import Letter
from application.reconcile import Reconciliation
from entrypoints.metrics.measures import Measures
from entrypoints.metrics.punctuality import watch_punctuality
from entrypoints.observing import observed_mailer
from entrypoints.worker import Worker
from metrics_page import sample

LETTER = Letter(to="member@example.org", subject="s", html="<p>h</p>", text="t")
LOST = Difference(what="event", id="evt_1", before="unknown", after="handled", why="it never came", repaired=True)


def counted(measures: Measures, name: str, **labels: str) -> float | None:
    """The value of one sample."""
    found = {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in measures.registry.collect()
        for one in family.samples
    }
    return sample(found, name, **labels)


async def test_work_that_keeps_the_loop_busy_is_measured() -> None:
    found: list[float] = []
    watching = asyncio.create_task(watch_punctuality(found.append, every_seconds=0.01))
    await asyncio.sleep(0.02)
    time.sleep(0.2)  # noqa: ASYNC251 # what must not be done is what is measured
    while not found or max(found) < 0.15:
        await asyncio.sleep(0.01)
    watching.cancel()
    measures = Measures()
    for seconds in found:
        measures.late(seconds)

    assert len(found) == counted(measures, "payments_event_loop_late_seconds_count")
    assert 1 <= (counted(measures, "payments_event_loop_late_seconds_bucket", le="+Inf") or 0) - (
        counted(measures, "payments_event_loop_late_seconds_bucket", le="0.1") or 0
    )


class FailingMailer(MemoryMailer):
    """Sends nothing."""

    def __init__(self, fault: Exception) -> None:
        super().__init__()
        self._fault = fault

    async def send(self, letter: Letter, *, key: str) -> str:
        raise self._fault


async def test_a_mail_is_counted_and_sent_as_without_counting() -> None:
    measures, mailer = Measures(), MemoryMailer()
    mail_id = await observed_mailer(mailer, measures, None).send(LETTER, key="k")

    assert await mailer.send(LETTER, key="k") == mail_id
    assert 1 == counted(measures, "payments_mail_call_seconds_count", outcome="sent")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (MailUnavailable("away"), "unavailable"),
        (MailRefused("no such address"), "refused"),
        (RuntimeError("a mistake"), "failed"),
    ],
)
async def test_a_mail_that_fails_is_counted_by_how_and_fails_all_the_same(fault: Exception, outcome: str) -> None:
    measures = Measures()
    with pytest.raises(type(fault)):
        await observed_mailer(FailingMailer(fault), measures, None).send(LETTER, key="k")

    assert 1 == counted(measures, "payments_mail_call_seconds_count", outcome=outcome)


def reconciliation(*faults: str) -> Callable[[], Awaitable[Reconciliation]]:
    """A run that finds one difference."""

    async def run() -> Reconciliation:
        return Reconciliation(checked=3, differences=(LOST,), faults=faults)

    return run


async def test_a_complete_reconciliation_is_counted_dated_and_told_as_it_was() -> None:
    measures = Measures()
    found = await measures.reconciling(reconciliation())()

    assert (3, (LOST,)) == (found.checked, found.differences)
    assert 1 == counted(measures, "payments_reconciliation_runs_total", outcome="complete")
    assert 1 == counted(measures, "payments_reconciliation_differences_total", what="event", repaired="yes")
    assert 0 < (counted(measures, "payments_reconciliation_last_complete_timestamp_seconds") or 0)


async def test_a_reconciliation_that_was_broken_off_or_failed_leaves_the_last_complete_one_as_it_is() -> None:
    measures = Measures()
    await measures.reconciling(reconciliation("Stripe does not answer"))()

    async def fails() -> Reconciliation:
        raise TryAgain("away")

    with pytest.raises(TryAgain):
        await measures.reconciling(fails)()

    assert 1 == counted(measures, "payments_reconciliation_runs_total", outcome="incomplete")
    assert 1 == counted(measures, "payments_reconciliation_runs_total", outcome="failed")
    assert 0 == counted(measures, "payments_reconciliation_last_complete_timestamp_seconds")


async def test_a_call_to_a_stripe_that_is_away_is_counted_by_its_operation() -> None:
    measures = Measures()
    gateway = StripeGateway(
        secret_key="sk_test_x",
        api_base="http://127.0.0.1:1",
        app_url="https://pay.example.org",
        retries_max=0,
        observe=measures.stripe_call,
    )
    with pytest.raises(ProviderUnavailable):
        await gateway.invoice("in_1")
    await gateway.close()

    assert 1 == counted(
        measures, "payments_stripe_call_seconds_count", operation="invoices.retrieve", outcome="unavailable"
    )


@pytest.mark.parametrize(
    ("fault", "tries", "outcome"),
    [(None, 1, "done"), (TryAgain("away"), 5, "failed"), (TryAgain("away"), 1, "dead"), (MailRefused("no"), 5, "dead")],
)
async def test_a_job_is_counted_by_its_kind_and_how_it_ended(fault: Exception | None, tries: int, outcome: str) -> None:
    measures, jobs = Measures(), MemoryJobs(MemoryClock())
    jobs.add(NewJob(kind=JobKind.ISSUE_RECEIPT, subject="p1", attempts_max=tries))
    seen = asyncio.Event()

    async def handle(job: ClaimedJob) -> None:
        if fault is not None:
            raise fault
        await jobs.complete(job)

    def observe(kind: JobKind, how: str, seconds: float) -> None:
        measures.job(kind, how, seconds)
        seen.set()

    worker = Worker(jobs, {JobKind.ISSUE_RECEIPT: handle}, seed=1, observe=observe)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(10):
        await seen.wait()
    worker.stop()
    await running

    assert 1 == counted(measures, "payments_job_seconds_count", kind="issue_receipt", outcome=outcome)
