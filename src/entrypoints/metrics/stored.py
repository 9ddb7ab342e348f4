"""What stands in the store, as families of metrics. Every process tells the same: take the maximum, never the sum."""

from typing import Final

from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily

from application.ports.counts import JobCount, PaymentCount, StoreCounts
from application.ports.jobs import JobKind


def families_of(counts: StoreCounts | None) -> list[Metric]:
    """The families; null is a store that is away: nothing is then told of it but that."""
    up = GaugeMetricFamily(
        "payments_database_up", "1 while the database answers; without it the counts below are missing."
    )
    up.add_metric([], float(counts is not None))
    if counts is None:
        return [up]
    return [up, *_payments(counts), *_events(counts), *_jobs(counts), *_caught_up(counts)]


def _payments(counts: StoreCounts) -> list[Metric]:
    return [
        _of_payments("payments_waiting", "Payments of any age that are not finished.", counts.waiting),
        _of_payments(
            "payments_begun_last_day", "Payments begun in the last 24 hours, where they stand now.", counts.begun
        ),
    ]


def _of_payments(name: str, says: str, counts: tuple[PaymentCount, ...]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=["status", "currency"])
    for one in counts:
        family.add_metric([one.status.value, one.currency], one.count)
    return family


def _events(counts: StoreCounts) -> list[Metric]:
    return [
        _gauge(
            "payments_events_parked",
            "Events that could not be applied yet, the dead ones included.",
            counts.parked_events,
        ),
        _gauge("payments_events_dead", "Parked events whose tries are used up.", counts.dead_events),
        _gauge("payments_events_parked_oldest_seconds", "Age of the oldest parked event.", counts.parked_seconds),
    ]


def _jobs(counts: StoreCounts) -> list[Metric]:
    known: Final = {one.kind: one for one in counts.jobs}
    states = GaugeMetricFamily("payments_jobs", "Jobs that are not finished.", labels=["kind", "state"])
    late = GaugeMetricFamily(
        "payments_jobs_late_seconds", "How long the job that has been due for longest has waited.", labels=["kind"]
    )
    for kind in JobKind:
        one = known.get(kind, JobCount(kind=kind))
        for state, count in (("ready", one.ready), ("leased", one.leased), ("dead", one.dead)):
            states.add_metric([kind.value, state], count)
        late.add_metric([kind.value], one.late_seconds)
    return [states, late]


def _caught_up(counts: StoreCounts) -> list[Metric]:
    if counts.caught_up_at is None:
        return []
    return [
        _gauge(
            "payments_stripe_lists_read_timestamp_seconds",
            "Up to when Stripe's lists have been gone through, by whichever process.",
            counts.caught_up_at.timestamp(),
        )
    ]


def _gauge(name: str, says: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, says)
    family.add_metric([], value)
    return family
